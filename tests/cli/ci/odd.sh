# What goes wrong in a job: a damaged or half-missing last good run, a damaged or missing trace, tools that are not there, wrong words in
# the configuration and on the command line; names of tests; record as a launcher, with the test's own status.
. "$ROOT/tests/cli/_lib.sh"
. "$ROOT/tests/cli/ci/_toy.sh"
toy "$T/a project"
cd "$T/a project"

echo "# nothing is recorded"
ci check
eq "status" 2 $status
has "$T/ci.err" "^memscope-ci: nothing is recorded in .*/memscope-ci/tests: memscope-ci record or run comes first$"
ci accept
eq "status" 2 $status
has "$T/ci.err" '^memscope-ci: nothing is recorded in '
ci run true
eq "status of a runner without tests" 2 $status
has "$T/ci.err" '^memscope-ci: no test was recorded: no program is named like test_\*$'
ci run ./nowhere
eq "status of a runner that is not there" 2 $status
has "$T/ci.err" '^memscope-ci: \./nowhere could not be run and recorded$'
[ ! -e memscope-good ] || wrong "something was accepted: $(ls -A memscope-good)"

job
ci accept
eq "status of accept" 0 $status
ci run sh -c 'build/test_errors; exit 7'
eq "a runner that fails" 1 $status
has "$T/ci.err" '^memscope-ci: 1 tests recorded, traces of 1 other programs left out, the runner ended with status 7$'
[ -s memscope-ci/tests/test_errors.2/test_errors.2.ms ] || wrong "the second trace of a name has no number"

echo "# the last good trace is cut: not judged, and nothing else is lost"
cp memscope-good/test_parse.ms "$T/parse.ms"
truncate -s 1500 memscope-good/test_parse.ms
job
eq "status" 2 $status
has "$T/ci.err" '^test_parse: the last good trace .*/memscope-good/test_parse\.ms is damaged: restore it, or delete it and accept a new one\. .+'
has "$T/ci.err" '^memscope-ci: 3 tests: 2 fine, 0 failed, 1 not judged; '
has memscope-ci/comment.md '^### memscope: not judged$'
has memscope-ci/comment.md '^\| `test_parse` \| \*\*not judged\*\* \| '
[ -s memscope-ci/tests/test_parse/report.html ] || wrong "there is no report"
[ -s memscope-ci/tests/test_index/diff.md ] || wrong "the other tests were not compared"
head -c 3000 /dev/urandom >memscope-good/test_parse.ms
ci check
eq "status with noise in its place" 2 $status
has "$T/ci.err" '^test_parse: the last good trace .* is damaged'

echo "# its report is damaged, or not there"
cp "$T/parse.ms" memscope-good/test_parse.ms
cp memscope-good/test_parse.json "$T/parse.json"
head -c 200 "$T/parse.json" >memscope-good/test_parse.json
ci check
eq "status" 2 $status
has "$T/ci.err" '^test_parse: the last good report .*/memscope-good/test_parse\.json is missing or damaged: '
rm memscope-good/test_parse.json
ci check
eq "status without it" 2 $status
echo "# as the message says: accept a new one"
rm memscope-good/test_parse.ms
ci check
eq "status without either" 0 $status
ci accept
eq "status of accept" 0 $status
ci check
eq "status" 0 $status

echo "# a test is gone, another is new"
cp -r memscope-ci/tests/test_index "$T/"
mv memscope-ci/tests/test_index memscope-ci/tests/test_new
mv memscope-ci/tests/test_new/test_index.ms memscope-ci/tests/test_new/test_new.ms
ci check
eq "status" 0 $status
has memscope-ci/comment.md '^Not recorded in this run, but in the last good one: `test_index`$'
has memscope-ci/comment.md '^\| `test_new` \| fine .* \(no last good trace\) \|$'

echo "# the new trace is damaged, or was never written"
truncate -s 40 memscope-ci/tests/test_new/test_new.ms
ci check
eq "status" 2 $status
has "$T/ci.err" '^test_new: .*test_new\.ms: '
rm memscope-ci/tests/test_new/test_new.ms
ci check
eq "status without" 2 $status
has "$T/ci.err" '^test_new: there is no trace: its recording failed$'
cp memscope-good/test_parse.ms "$T/kept.ms"
ci accept
eq "status of accept" 2 $status
has "$T/ci.err" '^memscope-ci: test_new is not checked: memscope-ci check comes first\. Nothing was accepted$'
same memscope-good/test_parse.ms "$T/kept.ms"
eq "the last good run is whole" 6 "$(ls -A memscope-good | wc -l)"
rm -r memscope-ci/tests/test_new

echo "# a condition that the traces cannot answer"
cp memscope-ci.conf "$T/conf"
printf 'record --graph=off\nreport * leak-definite>0\n' >>memscope-ci.conf
job
eq "status" 2 $status
has "$T/ci.err" "^test_parse: --fail-on 'leak-definite>0' cannot be judged: .*--graph"
cp "$T/conf" memscope-ci.conf

echo "# the configuration"
wrong_config() { # LINE MESSAGE
	cp "$T/conf" memscope-ci.conf
	printf '%s\n' "$1" >>memscope-ci.conf
	ci check
	eq "status with '$1'" 2 $status
	has "$T/ci.err" "$2"
}
rm -rf memscope-ci
ci record -- build/test_errors
eq "status of record" 0 $status
wrong_config 'budget * peak>1' "^memscope-ci: .*/memscope-ci\.conf:[0-9]+: 'budget' is none of record, only, suppressions, report, change$"
wrong_config 'report peak>1' '^memscope-ci: .*/memscope-ci\.conf:[0-9]+: report wants a pattern and a condition$'
wrong_config 'only' '^memscope-ci: .*/memscope-ci\.conf:[0-9]+: only wants a word after it$'
wrong_config 'report * weight>1' '^test_errors: --fail-on'
wrong_config 'suppressions nowhere.supp' '^test_errors: --suppressions: .*nowhere\.supp'
cp "$T/conf" memscope-ci.conf
printf '   # a comment, and an empty line\n\n\t only   build_*   ' >>memscope-ci.conf
ci check
eq "status with comments" 0 $status
cp "$T/conf" memscope-ci.conf
ci --config=nowhere.conf check
eq "status without the configuration named" 2 $status
has "$T/ci.err" '^memscope-ci: cannot read the configuration .*/nowhere\.conf$'

echo "# the command line"
for arguments in "" "frobnicate" "--frobnicate check" "check now" "accept now" "--root=/nowhere check" "--out= check"; do
	# shellcheck disable=SC2086
	ci $arguments
	eq "status of '$arguments'" 2 $status
	has "$T/ci.err" '^memscope-ci: '
done
ci --help
eq "status of --help" 0 $status
has "$T/ci.out" '^Usage: memscope-ci '
ci -V
eq "version" "$(memscope-trace -V | cut -d' ' -f2)" "$(cut -d' ' -f2 "$T/ci.out")"

echo "# record: names, the program's own status and streams, from anywhere"
rm -rf memscope-ci
export MEMSCOPE_CI_ROOT=$PWD
cd tests
status=0
printf 'in\n' | memscope-ci record -- sh -c 'read x; echo "$x" out; exit 5' >"$T/out" 2>"$T/ci.err" || status=$?
eq "status of the program" 5 $status
eq "its streams" "in out" "$(cat "$T/out")"
ci record --name='a name/with signs' -- ../build/test_errors
ci record -- ../build/test_errors --fast 7
ci record -- ../build/test_errors --fast 7
ci record -- ../build/test_errors "$(printf 'x%.0s' {1..200})"
ci record -- sh -c 'kill -9 $$'
eq "status of a killed one" 137 $status
ci record -- ./nowhere
eq "status of nothing" 127 $status
ci record --
eq "status without a program" 125 $status
ls ../memscope-ci/tests >"$T/names"
for name in a_name_with_signs test_errors_--fast_7 'test_errors_--fast_7\.2' 'test_errors_x+-[0-9]+' 'sh_-c_kill_-9___'; do has "$T/names" "^$name$"; done
cd ..
unset MEMSCOPE_CI_ROOT
rm -r memscope-ci/tests/*nowhere*

echo "# folders elsewhere"
mkdir -p "$T/out of it"
ci --out="$T/out of it" --good=../good check
eq "status" 2 $status
cp -r memscope-ci/tests "$T/out of it/"
ci --out="$T/out of it" --good=../good check
eq "status" 0 $status
ci --out="$T/out of it" --good=../good accept
eq "status" 0 $status
[ -s "$T/good/test_errors_--fast_7.ms" ] || wrong "--good is not where it should be: $(ls -A "$T/good")"

echo "# a comment has a limit: what does not fit is counted"
rm -rf memscope-ci memscope-good
regress leak
job
ci accept
regress overflow
job
eq "status" 1 $status
cp memscope-ci/comment.md "$T/whole.md"
has_not "$T/whole.md" 'did not fit|not in this table'
mkdir "$T/small"
sed 's/^COMMENT_MAX=60000/COMMENT_MAX=1500/; s/^ROWS_MAX=150/ROWS_MAX=2/' "$BIN/memscope-ci" >"$T/small/memscope-ci"
chmod +x "$T/small/memscope-ci"
status=0
"$T/small/memscope-ci" check 2>"$T/ci.err" || status=$?
eq "status" 1 $status
le "bytes" 1500 "$(wc -c <memscope-ci/comment.md)"
has memscope-ci/comment.md '^1 more tests are not in this table\.$'
has memscope-ci/comment.md '^Changes of [1-3] more tests did not fit: diff\.md of each has them\.$'

echo "# tests side by side"
rm -rf memscope-ci
MEMSCOPE_CI_ROOT=$PWD
export MEMSCOPE_CI_ROOT
for i in 1 2 3 4 5 6; do (cd tests && memscope-ci record -- ../build/test_errors) & done
wait
unset MEMSCOPE_CI_ROOT
eq "names" "test_errors test_errors.2 test_errors.3 test_errors.4 test_errors.5 test_errors.6" "$(ls memscope-ci/tests | tr '\n' ' ' | sed 's/ $//')"
for i in memscope-ci/tests/*; do [ -s "$i/${i##*/}.ms" ] || wrong "there is no trace in $i"; done

echo "# the tools are missing"
mkdir "$T/alone"
cp "$BIN/memscope-ci" "$T/alone/"
for command in check "run make check" "record -- build/test_errors"; do
	status=0
	# shellcheck disable=SC2086
	PATH=/usr/bin:/bin "$T/alone/memscope-ci" $command >"$T/ci.out" 2>"$T/ci.err" || status=$?
	case $command in
	record*) eq "status of $command" 125 $status ;;
	*) eq "status of $command" 2 $status ;;
	esac
	has "$T/ci.err" '^memscope-ci: memscope-(record|analyze) is not found: it has to be on PATH, or beside .*/alone/memscope-ci \(make install of memscope\)$'
done
