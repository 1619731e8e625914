# Options, streams, exit codes, and where reports go.
. "$ROOT/tests/cli/_lib.sh"

A=$BIN/memscope-analyze
record "$PROGRAMS/churn" 2000 30
golden=$trace
run() { # EXPECTED-STATUS ARGUMENT...
	local want=$1 got=0
	shift
	"$A" "$@" >"$T/out" 2>"$T/err" || got=$?
	eq "status of memscope-analyze $*" "$want" "$got"
}

run 0 --help
has "$T/out" '^Usage: memscope-analyze \[OPTION\.\.\.\] TRACE'
for section in quality peak live temporary threads timeline; do has "$T/out" "^  $section  "; done
eq "help on stderr" "" "$(cat "$T/err")"
run 0 -h
run 0 --usage
run 0 -V
has "$T/out" '^memscope-analyze [0-9]+\.[0-9]+'

run 2
has "$T/err" 'no trace is given'
run 2 a b
has "$T/err" "one trace at a time: 'b'"
run 2 --nonsense "$golden"
run 2 --section=nonsense "$golden"
has "$T/err" "no section is named 'nonsense': there are quality, verdict, findings, totals.*, timeline$"
run 2 --sort=size "$golden"
has "$T/err" "no sort key is named 'size': there are peak, live"
for n in -1 1x '' 99999999999999999999; do
	run 2 --top="$n" "$golden"
	has "$T/err" '--top takes a number from 0'
done
run 2 --temporary-window=0 "$golden"
run 2 --temporary-window=65537 "$golden"
run 2 --json --text "$golden"
has "$T/err" 'cannot both go to standard output'

run 3 "$T/missing.ms"
has "$T/err" "missing.ms: .*No such file"
run 3 "$ROOT/Makefile"
has "$T/err" 'Makefile: .* \(offset [0-9]+\)$'
: >"$T/empty.ms"
run 3 "$T/empty.ms"
run 3 "$T"

run 0 -- "$golden"
has "$T/out" '^QUALITY'
eq "notes on stderr" "" "$(cat "$T/err")"
run 0 --section=live,quality "$golden"
eq "sections in their own order" "QUALITY ALIVE " "$(sed -n 's/^\([A-Z]\{5,\}\) .*/\1/p' "$T/out" | tr '\n' ' ')"
run 0 -v "$golden"
has "$T/err" 'events in [0-9.]+ s, [0-9.]+ million per second'
run 0 -v -q "$golden"
eq "notes in spite of -q" "" "$(cat "$T/err")"

# Files: whole, private, nothing left beside them.
mkdir "$T/reports"
run 0 --json="$T/reports/a.json" --text="$T/reports/a.txt" "$golden"
eq "stdout" "" "$(cat "$T/out")"
eq "mode" 600 "$(stat -c %a "$T/reports/a.json")"
run 0 --json="$T/reports/a.json" --text "$golden"
has "$T/out" '^QUALITY'
run 0 --json -o "$T/reports/b.json" "$golden"
run 0 -o "$T/reports/b.txt" "$golden"
jq -e .schema_version "$T/reports/b.json" >/dev/null || wrong "-o with --json wrote no JSON"
same "$T/reports/a.txt" "$T/reports/b.txt"
eq "files" "a.json a.txt b.json b.txt" "$(ls "$T/reports" | tr '\n' ' ' | sed 's/ $//')"
run 4 -o "$T/nowhere/report" "$golden"
has "$T/err" "cannot create $T/nowhere/report: No such file"
run 4 -o /dev/full "$golden"
has "$T/err" 'cannot write /dev/full: No space'
rc=0
"$A" "$golden" >/dev/full 2>"$T/err" || rc=$?
eq "status with a full standard output" 4 "$rc"
has "$T/err" 'cannot write standard output: No space'
# A pager that quits early is no error.
"$A" --section=timeline --buckets=5000 "$golden" 2>"$T/err" | head -1 >/dev/null
eq "statuses of the pipe" "0 0" "${PIPESTATUS[*]}"
eq "complaint about the pager" "" "$(cat "$T/err")"

# Only ASCII where the locale is not UTF-8; blocks where it is.
run 0 "$golden"
eq "bytes beyond ASCII" 0 "$(LC_ALL=C tr -d '\000-\177' <"$T/out" | wc -c)"
LC_ALL=C.UTF-8 "$A" "$golden" | grep -q '█' || wrong "no block characters in a UTF-8 locale"

# The same trace gives the same report.
"$A" --json "$golden" >"$T/1"
"$A" --json "$golden" >"$T/2"
same "$T/1" "$T/2"

# A line of a call path that is too long says the place in short; --frames limits the lines of a path.
run 0 --section=sites --width=0 --top=1 "$golden"
has "$T/out" '^      churn_alloc \(/.*/churn\.c:[0-9]+\)$'
run 0 --section=sites --width=40 --top=1 "$golden"
has "$T/out" '^      churn_alloc \(churn\.c:[0-9]+\)$'
run 0 --section=sites --width=0 --top=1 --frames=1 "$golden"
has "$T/out" '^      churn_alloc \('
eq "lines of main with --frames=1" 0 "$(grep -c '^      main (' "$T/out" || true)"
run 0 --section=sites --width=0 --top=1 --frames=2 "$golden"
eq "lines of main with --frames=2" 1 "$(grep -c '^      main (' "$T/out")"

# A page and compressed bytes are not for a terminal; text and JSON are.
for option in --html --export=pprof=- --json --section=totals; do
	wanted=0
	case $option in --html | *pprof*) wanted=2 ;; esac
	rc=0
	python3 -c 'import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))' "$A" $option "$golden" >"$T/out" </dev/null || rc=$?
	eq "status of $option on a terminal" $wanted $rc
	[ $wanted = 0 ] || has "$T/out" 'is not for a terminal: give it a file'
done
