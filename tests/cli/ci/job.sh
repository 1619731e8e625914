# A CI job of a toy project, from the first run on: green, accepted, three regressions each of which fails with its place named, a fixed
# budget, accepted knowingly, suppressed.
. "$ROOT/tests/cli/_lib.sh"
. "$ROOT/tests/cli/ci/_toy.sh"
toy "$T/project"
cd "$T/project"

echo "# the first run: nothing to compare with"
job
eq "status of run" 0 "$run_status"
eq "status of check" 0 $status
has "$T/ci.err" '^memscope-ci: 3 tests: 3 fine, 0 failed, 0 not judged; '
eq "tests" "test_errors test_index test_parse" "$(ls memscope-ci/tests | tr '\n' ' ' | sed 's/ $//')"
has memscope-ci/comment.md '^### memscope: fine$'
has memscope-ci/comment.md '^\| `test_parse` \| fine \| [0-9]+ \| 0 \| 201 \| 0 \(no last good trace\) \|$'
for test in errors index parse; do
	D=memscope-ci/tests/test_$test
	for f in "$D/test_$test.ms" "$D/junit.xml" "$D/report.html" "$D/report.txt" "$D/report.json"; do
		[ -s "$f" ] || wrong "$f is missing"
	done
	[ ! -e "$D/diff.md" ] || wrong "$D/diff.md: compared with nothing"
	xmllint --noout "$D/junit.xml" || wrong "$D/junit.xml is no XML"
done
eq "results" 0 "$(jq '.runs[0].results | length' memscope-ci/memscope.sarif)"
eq "issues" '[]' "$(jq -c . memscope-ci/gl-code-quality-report.json)"
ls -A memscope-ci >"$T/left"
has_not "$T/left" staging

echo "# accepted, and run again: the same"
ci accept
eq "status of accept" 0 $status
eq "the last good run" "test_errors.json test_errors.ms test_index.json test_index.ms test_parse.json test_parse.ms" "$(ls -A memscope-good | tr '\n' ' ' | sed 's/ $//')"
job
eq "status of the same again" 0 $status
has memscope-ci/comment.md '^\| `test_parse` \| fine \| [0-9]+ \| 0 \| 201 \| 0 \|$'
has memscope-ci/tests/test_parse/diff.md '^### Heap: no call path changed$'

echo "# an allocation more per record"
regress extra
job
eq "status of run" 0 "$run_status"
eq "status of an allocation more" 1 $status
line=$(line_of src/records.c 'strdup')
has "$T/ci.err" "^test_parse: --fail-on 'allocations>\+0' holds: it is 401, and was 201$"
has "$T/ci.err" "^test_parse: src/records.c:$line: records_add is new: .*allocations 0 -> 200$"
has "$T/ci.err" "^test_index: src/records.c:$line: records_add is new: .*allocations 0 -> 50$"
has memscope-ci/comment.md '^### memscope: failed$'
has memscope-ci/comment.md '^\| `test_parse` \| \*\*failed\*\* \| .* \| 0 \| 401 \(\+200\) \| 0 \|$'
has memscope-ci/comment.md "src/records.c:$line: records_add is new"
has memscope-ci/comment.md '<summary>test_parse against the last good run</summary>'
le "bytes of the comment" 60000 "$(wc -c <memscope-ci/comment.md)"
cp "$TOY/src/records.c" src/

echo "# a block that nobody frees"
regress leak
job
eq "status of a leak" 1 $status
line=$(line_of src/records.c 'malloc\(length')
has "$T/ci.err" "^test_errors: --fail-on 'errors>0' holds: it is 1$"
has "$T/ci.err" "^test_errors: src/records.c:$line: error: 4 blocks with 42 bytes that nothing holds any more. \[memscope/leak-definite\]$"
has_not "$T/ci.err" '^test_(parse|index):'
eq "place of the leak" "src/records.c:$line " "$(places leak-definite)"
eq "the test that has it" '["test_errors"]' "$(jq -c '.runs[0].results[] | select(.ruleId == "memscope/leak-definite").properties.tests' memscope-ci/memscope.sarif)"
eq "it is new" new "$(jq -r '.runs[0].results[] | select(.ruleId == "memscope/leak-definite").baselineState' memscope-ci/memscope.sarif)"
eq "for GitLab" "src/records.c:$line" "$(jq -r '.[] | select(.check_name == "leak-definite").location | "\(.path):\(.lines.begin)"' memscope-ci/gl-code-quality-report.json)"
eq "failed cases" "memscope.test_errors.detectors leak memscope.test_errors.conditions errors>0" \
	"$(cat memscope-ci/tests/*/junit.xml | sed -n '/<testcase/h; /<failure/{ g; s/.*classname="\([^"]*\)" name="\([^"]*\)".*/\1 \2/p }' | sed 's/&gt;/>/' | tr '\n' ' ' | sed 's/ $//')"

echo "# accepted all the same: known from then on"
ci accept
eq "status of accept after a failure" 0 $status
ci check
eq "status with a known leak" 0 $status
has memscope-ci/comment.md '^\| `test_errors` \| fine \| 63 \| 42 \| 6 \| 0 \|$'
eq "it is not new" unchanged "$(jq -r '.runs[0].results[] | select(.ruleId == "memscope/leak-definite").baselineState // "unchanged"' memscope-ci/memscope.sarif)"

echo "# a byte too few, among the known: three tests show one error"
regress overflow
job
eq "status of an overflow" 1 $status
line=$(line_of src/records.c 'malloc\(length')
for test in errors index parse; do
	has "$T/ci.err" "^test_$test: src/records.c:$line: error: 1 byte overwritten just past the end of a [0-9]+-byte block. \[memscope/heap-overflow\]$"
done
eq "where compares read beyond it" "src/records.c:$(line_of src/records.c 'strcmp') src/records.c:$line " "$(places heap-overflow)"
has_not "$T/ci.err" 'leak-definite'
cp "$TOY/src/records.c" src/

echo "# suppressed in the configuration"
rm -rf memscope-good
regress leak
mkdir ci
printf 'leak:records_add\n' >ci/memscope.supp
edit memscope-ci.conf 's|^# suppressions|suppressions|'
job
eq "status with the leak suppressed" 0 $status
has memscope-ci/comment.md '^\| `test_errors` \| fine \| 63 \| 42 \| 6 \| 0 \(no last good trace\) \|$'
eq "it is in SARIF, as suppressed" accepted "$(jq -r '.runs[0].results[] | select(.ruleId == "memscope/leak-definite").suppressions[0].status' memscope-ci/memscope.sarif)"

echo "# a fixed budget of one test"
edit memscope-ci.conf 's|^report test_parse .*|report test_parse peak>4KiB|'
ci check
eq "status beyond the budget" 1 $status
line=$(line_of src/records.c 'malloc\(length')
has "$T/ci.err" "^test_parse: --fail-on 'peak>4KiB' holds: it is 6690 bytes; the largest part, 3490, from copy_name \(records.c:$line\)$"
eq "place of what violates it" "src/records.c:$line " "$(places budget-exceeded)"
eq "failed tests" 1 "$(grep -c '\*\*failed\*\*' memscope-ci/comment.md)"
eq "violated" "test_parse: peak>4KiB" "$(jq -r '.runs[0].results[] | select(.ruleId == "memscope/budget-exceeded").partialFingerprints.primaryLocationLineHash' memscope-ci/memscope.sarif)"

echo "# all at once, and a test that crashes: the runner fails, what was recorded is judged"
SCHEMA=$ROOT/build/npm/node_modules/@microsoft/sarif-multitool-linux/sarif-2.1.0.json
[ -e "$SCHEMA" ] || give_up "the schema is missing: make build/npm/node_modules/.ready"
regress overflow
regress crash
job
eq "status of run with a crash" 1 "$run_status"
eq "how it ended" signaled "$(jq -r .trace.ended memscope-ci/tests/test_errors/report.json)"
eq "status of all" 1 $status
ge "results" 3 "$(jq '.runs[0].results | length' memscope-ci/memscope.sarif)"
eq "results that stand twice" 0 "$(jq '[.runs[0].results[] | .ruleId + .partialFingerprints.primaryLocationLineHash] | length - (unique | length)' memscope-ci/memscope.sarif)"
python3 "$ROOT/tests/cli/export/_sarif.py" "$SCHEMA" memscope-ci/memscope.sarif || wrong "memscope.sarif does not fit the schema"
eq "fingerprints that stand twice" 0 "$(jq 'length - (map(.fingerprint) | unique | length)' memscope-ci/gl-code-quality-report.json)"
