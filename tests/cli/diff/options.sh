# Options, streams, exit codes, and where comparisons go.
. "$ROOT/tests/cli/_lib.sh"

D=$BIN/memscope-diff
TRACE=$T/a.ms record "$PROGRAMS/churn" 2000 30
TRACE=$T/b.ms record "$PROGRAMS/churn" 3000 30
run() { # EXPECTED-STATUS ARGUMENT...
	local want=$1 got=0
	shift
	"$D" "$@" >"$T/out" 2>"$T/err" || got=$?
	eq "status of memscope-diff $*" "$want" "$got"
}

run 0 --help
has "$T/out" '^Usage: memscope-diff \[OPTION\.\.\.\] OLD NEW'
for word in peak live-bytes allocations leak-definite-bytes failed-allocations; do has "$T/out" "^  $word "; done
eq "help on stderr" "" "$(cat "$T/err")"
run 0 -h
run 0 --usage
run 0 -V
has "$T/out" '^memscope-diff [0-9]+\.[0-9]+'

run 2
has "$T/err" 'two traces are needed, the old one first'
run 2 "$T/a.ms"
run 2 "$T/a.ms" "$T/b.ms" "$T/b.ms"
has "$T/err" '-- must stand between the old and the new traces'
run 2 --sort=size "$T/a.ms" "$T/b.ms"
has "$T/err" "no metric is named 'size': there are peak, live-bytes"
run 2 --top=x "$T/a.ms" "$T/b.ms"
run 2 --json --markdown "$T/a.ms" "$T/b.ms"
has "$T/err" 'JSON and Markdown cannot both go to standard output: give one another file'
for bad in 'peak' 'peak>' 'peak>+5 miles' 'peaks>1' 'new:peak>0' 'new:leak-definite>+1' 'peak>++1' 'peak>5%'; do
	run 2 --fail-on "$bad" "$T/a.ms" "$T/b.ms"
	has "$T/err" '--fail-on: '
done

run 3 "$T/missing.ms" "$T/b.ms"
has "$T/err" 'missing.ms: .*No such file'
run 3 "$T/a.ms" "$ROOT/Makefile"
has "$T/err" 'Makefile: .* \(offset [0-9]+\)$'
run 4 -o "$T/no/such/folder" "$T/a.ms" "$T/b.ms"

# What grew is what the arguments say, and the conditions see it.
run 0 "$T/a.ms" "$T/b.ms"
has "$T/out" '^old  .*a\.ms: '
has "$T/out" '^new  .*b\.ms: '
has "$T/out" '^GROWN  '
eq "notes on stderr" "" "$(cat "$T/err")"
run 0 -- "$T/a.ms" "$T/b.ms"
has "$T/out" '^old  .*a\.ms: '
run 1 --fail-on 'allocations>+0' "$T/a.ms" "$T/b.ms"
run 1 --fail-on 'allocations>+10%' "$T/a.ms" "$T/b.ms"
run 0 --fail-on 'allocations>+100%' "$T/a.ms" "$T/b.ms"
run 0 --fail-on 'allocations>+0' "$T/b.ms" "$T/a.ms"
run 1 --fail-on 'allocations<-1' "$T/b.ms" "$T/a.ms"
run 1 --fail-on 'allocations>0' "$T/a.ms" "$T/a.ms"
run 0 --fail-on 'allocations>+0' --fail-on 'allocations<-0' --fail-on 'live>+1KiB' --fail-on 'new:findings>0' "$T/a.ms" "$T/a.ms"
run 0 -v "$T/a.ms" "$T/b.ms"
has "$T/err" 'reading .*b\.ms'

# Several runs a side: equal ones are no noise, different ones are a band that hides what lies in it.
run 1 --fail-on 'allocations>+0' "$T/a.ms" "$T/a.ms" -- "$T/b.ms" "$T/b.ms"
has "$T/out" '^  rests on 2 runs against 2: '
run 0 --fail-on 'allocations>+0' "$T/a.ms" "$T/b.ms" -- "$T/b.ms" "$T/b.ms"
has "$T/out" '^DIFFERENCES  none: no call path changed$'
has "$T/out" 'noise +allocations$'

# Files: whole, private, nothing left beside them.
mkdir "$T/reports"
run 0 --text="$T/reports/t" --json="$T/reports/j" --markdown="$T/reports/m" "$T/a.ms" "$T/b.ms"
eq "standard output" "" "$(cat "$T/out")"
eq "files" "j m t" "$(ls "$T/reports" | tr '\n' ' ' | sed 's/ $//')"
eq "modes" "600 600 600" "$(stat -c %a "$T"/reports/* | tr '\n' ' ' | sed 's/ $//')"
le "bytes of Markdown" 65536 "$(stat -c %s "$T/reports/m")"
run 0 --markdown --top 0 -o "$T/reports/m2" "$ROOT/tests/golden/v1/jq.ms" "$T/b.ms"
le "bytes of much Markdown" 65536 "$(stat -c %s "$T/reports/m2")"
ge "call paths of much Markdown" 10 "$(grep -c '^| gone ' "$T/reports/m2")"

# The page for a browser: one file, whole or not at all, with all changed call paths whatever --top; text and JSON are the same beside it.
run 0 --html="$T/reports/page.html" --json="$T/reports/with.json" --text="$T/reports/with.txt" --top=1 "$T/a.ms" "$T/b.ms"
has "$T/reports/page.html" "^<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src 'sha256-"
eq "pages" 1 "$(grep -c '<!DOCTYPE html>' "$T/reports/page.html")"
eq "mode" 600 "$(stat -c %a "$T/reports/page.html")"
run 0 --json="$T/reports/alone.json" --text="$T/reports/alone.txt" --top=1 "$T/a.ms" "$T/b.ms"
eq "text beside a page" "" "$(diff <(sed '/^TIMELINE/,$d' "$T/reports/with.txt") <(sed '/^TIMELINE/,$d' "$T/reports/alone.txt"))"
eq "JSON beside a page" "" "$(diff <(jq 'del(.timeline)' "$T/reports/with.json") <(jq 'del(.timeline)' "$T/reports/alone.json"))"
run 1 -q --html="$T/reports/gate.html" --fail-on 'allocations>+0' "$T/a.ms" "$T/b.ms"
[ -s "$T/reports/gate.html" ] || wrong "no page beside a condition that holds"
run 4 --html="$T/no/such/folder" "$T/a.ms" "$T/b.ms"
run 4 --html=/dev/full "$T/a.ms" "$T/b.ms"
run 2 --html="$T/reports/one" --markdown="$T/reports/one" "$T/a.ms" "$T/b.ms"
has "$T/err" "Markdown and HTML cannot both go to .*/one: give one another file"
run 3 --html="$T/reports/none.html" "$T/missing.ms" "$T/b.ms"
[ ! -e "$T/reports/none.html" ] || wrong "a page of a trace that is missing"
eq "left over" "" "$(ls "$T/reports" | grep -vE '^(t|j|m|m2|page.html|with.json|with.txt|alone.json|alone.txt|gate.html)$')"
rc=0
python3 -c 'import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))' "$D" --html "$T/a.ms" "$T/b.ms" >"$T/out" </dev/null || rc=$?
eq "status of --html on a terminal" 2 $rc
has "$T/out" 'HTML is not for a terminal: give it a file'
run 0 --html "$T/a.ms" "$T/b.ms"
has "$T/out" '^<!DOCTYPE html>$'
