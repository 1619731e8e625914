# Heap errors from the command line: text and JSON say the same, --fail-on and its status, baseline, suppressions written and read.
. "$ROOT/tests/cli/_lib.sh"

analyze() { # STATUS ARG...: into $T/out, $T/err
	local wanted=$1 got=0
	shift
	"$BIN/memscope-analyze" "$@" >"$T/out" 2>"$T/err" || got=$?
	eq "status of memscope-analyze $*" "$wanted" "$got"
}

# A double free in a plain recording: the program dies of it, the report knows why.
record --free-stacks "$PROGRAMS/zoo/double_free" twice bug
analyze 0 --json="$T/report.json" --text="$T/report.txt" "$trace"
eq "findings" 1 "$(value '.findings | length')"
eq "kind" double-free "$(value '.findings[0].kind')"
eq "certainty" certain "$(value '.findings[0].certainty')"
eq "size" 40 "$(value '.findings[0].block.size')"
eq "error" drop_again "$(value '.findings[0].stacks.error[0].function')"
eq "free" drop "$(value '.findings[0].stacks.free[0].function')"
eq "allocation" make_block "$(value '.findings[0].stacks.allocation[0].function')"
eq "detector" found "$(value '.detectors[] | select(.name == "double-free") | .status')"
eq "overflow" not_observable "$(value '.detectors[] | select(.name == "overflow") | .status')"
has "$T/report.txt" '^  1 error: 1 double-free$'
has "$T/report.txt" "^  1\\. double-free: $(value '.findings[0].message')\$"
has "$T/report.txt" "$(value '.findings[0].fingerprint')"
has "$T/report.txt" '^  overflow  *not observable: record with --guard'

# The verdict stands on the first screen.
head -24 "$T/report.txt" >"$T/screen"
has "$T/screen" 'HEAP ERRORS'
has "$T/screen" '1 error: 1 double-free'

# Every detector: text and JSON agree row by row.
value '.detectors[] | select(.status != "not_observable" and .name != "safety" and .name != "leak") |
	"\(.name) \(if .found > 0 then .found else "none" end) \(.checked)"' >"$T/json_rows"
sed -n 's/^  \([a-z-]*\)  *\([0-9a-z]*\) found, among \([0-9]*\) .*/\1 \2 \3/p' "$T/report.txt" | grep -v '^leak ' >"$T/text_rows"
same "$T/json_rows" "$T/text_rows"
[ -s "$T/json_rows" ] || wrong "there are no rows to compare"

# The twin is clean.
record --free-stacks "$PROGRAMS/zoo/double_free" twice fixed
mv "$trace" "$T/twin.ms"
analyze 0 --json="$T/twin.json" --fail-on 'errors>0' "$T/twin.ms"
eq "findings of the twin" 0 "$(jq '.findings | length' "$T/twin.json")"

# Conditions.
record --free-stacks "$PROGRAMS/zoo/double_free" twice bug
analyze 1 --text=/dev/null --fail-on 'findings>0' "$trace"
has "$T/err" "'findings>0' holds: it is 1"
analyze 1 --text=/dev/null --fail-on 'peak<1' --fail-on 'double-free>=1' "$trace"
has_not "$T/err" "'peak<1' holds"
# What the trace cannot show lets nothing pass; a condition that holds is the worse news.
analyze 2 --text=/dev/null --fail-on 'use-after-free>0' --fail-on 'peak>64MiB' --fail-on 'invalid-free>0' "$trace"
has "$T/err" "'use-after-free>0' cannot be judged: not observable in this trace: record with --guard="
eq "notes of conditions" 1 "$(wc -l <"$T/err")"
analyze 1 --text=/dev/null --fail-on 'use-after-free>0' --fail-on 'double-free>0' "$trace"
analyze 0 --text=/dev/null --fail-on 'warnings>99' "$trace"
has "$T/err" "'warnings>99' does not hold, judged without heap-overflow, heap-underflow, use-after-free, .*: not observable in this trace"
analyze 2 --fail-on 'nonsense>0' "$trace"
has "$T/err" "nothing is named 'nonsense': there are findings, .* and more \\(--help\\)$"
analyze 2 --fail-on 'findings' "$trace"
analyze 2 --baseline "$T/missing.json" "$trace"
has "$T/err" 'missing.json'

# What a report of before knows does not count; a new finding does.
analyze 0 --text="$T/known.txt" --baseline "$T/report.json" --fail-on 'findings>0' "$trace"
has "$T/known.txt" ', known, double-free-'
has "$T/known.txt" '^  [1-9][0-9]* in the baseline, .*/report.json; 0 new$'
record --free-stacks "$PROGRAMS/zoo/invalid_free" "$("$PROGRAMS/zoo/invalid_free" list | head -1)" bug
analyze 1 --json="$T/new.json" --baseline "$T/report.json" --fail-on 'findings>0' "$trace"
eq "new" true "$(jq -r '.findings[0].new' "$T/new.json")"

# A suppression that we write suppresses what it was written for, and nothing else; unused ones are named.
record --free-stacks "$PROGRAMS/zoo/double_free" twice bug
analyze 0 --gen-suppressions="$T/mine.supp" "$trace"
has "$T/mine.supp" '^   Memcheck:Free$'
has "$T/mine.supp" '^   fun:drop_again$'
analyze 2 --gen-suppressions --text "$trace"
has "$T/err" 'cannot both go to standard output'
printf 'leak:never_called\n' >"$T/other.supp"
analyze 0 --suppressions "$T/mine.supp" --suppressions "$T/other.supp" --fail-on 'findings>0' --json="$T/quiet.json" \
	--text="$T/quiet.txt" "$trace"
eq "errors" 0 "$(jq .verdict.errors "$T/quiet.json")"
eq "suppressed" 1 "$(jq .verdict.suppressed "$T/quiet.json")"
eq "uses" '1 0' "$(jq -r '[.suppressions[].findings] | join(" ")' "$T/quiet.json")"
has "$T/quiet.txt" 'unused suppression: leak:never_called \(.*other.supp:1\)'
has_not "$T/quiet.txt" '^FINDINGS'
printf 'what is this\n' >"$T/bad.supp"
analyze 2 --suppressions "$T/bad.supp" "$trace"
has "$T/err" 'bad.supp:1: expected'

# Suppressions that the program carries for LeakSanitizer.
record "$PROGRAMS/own_suppressions"
analyze 0 --json="$T/own.json" "$trace"
eq "leaks that are suppressed" 'leak:kept_for_good' "$(jq -r '[.findings[] | select(.suppressed_by) | .suppressed_by] | join(" ")' "$T/own.json")"
eq "leaks that are not" 1 "$(jq '[.findings[] | select(.suppressed_by == null)] | length' "$T/own.json")"

# An overflow in a guarded recording: bytes, side, certainty.
record --guard=canary "$PROGRAMS/zoo/heap_overflow" one_byte_of_40 bug
analyze 0 --json="$T/report.json" --text="$T/report.txt" "$trace"
eq "kind" heap-overflow "$(value '.findings[0].kind')"
eq "certainty" observed "$(value '.findings[0].certainty')"
eq "offset is the size" "$(value '.findings[0].block.size')" "$(value '.findings[0].offset')"
eq "guard" canary "$(value .trace.guard)"
has "$T/report.txt" 'guard canary'
has "$T/report.txt" 'bytes found at 0x'
has "$T/report.txt" '^      end \+0 '

# Two runs, one report; without the second trace it says so.
record --guard=full --guard-side=both "$PROGRAMS/zoo/heap_underflow" read_one bug
analyze 0 --json="$T/report.json" "$trace"
eq "kind" heap-underflow "$(value '.findings[0].kind')"
eq "run" 2 "$(value '.findings[0].run')"
rm "$T/$(value .verdict.companion)"
analyze 0 --json="$T/report.json" --text="$T/report.txt" "$trace"
eq "findings of the first run" 0 "$(value '.findings | length')"
has "$T/report.txt" 'the trace of the other run is missing here'

# All of it follows the schema.
record --guard=full "$PROGRAMS/zoo/use_after_free" "$("$PROGRAMS/zoo/use_after_free" list | head -1)" bug
analyze 0 --json="$T/uaf.json" "$trace"
/usr/bin/python3 "$ROOT/tests/cli/analyze/_validate.py" "$ROOT/schemas/report.schema.json" "$T"/*.json ||
	wrong "a report does not follow the schema"
