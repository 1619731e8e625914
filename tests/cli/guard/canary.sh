# The canary mode: what is written next to a block or into a freed one is found afterwards, wrong frees are not passed on, and the
# program ends as without a guard.
. "$ROOT/tests/cli/_lib.sh"
P=$PROGRAMS/guard_canary
finding() { # KIND FILTER: how many findings of that kind satisfy the filter
	jq --arg k "$1" "[.findings[] | select(.kind == \$k and ($2))] | length" "$T/report.json"
}
run() { # CASE FINDINGS [STATUS]
	echo "# $1"
	record --guard=canary --graph=off "$P" "$1"
	eq status "${3:-0}" "$status"
	has "$T/out" '^end$'
	report
	eq findings "$2" "$(value '[.findings[] | select(.kind | startswith("leak") | not)] | length')"
}
block='.block.size == 20 and .stacks.allocation[0].function == "get"'

run clean 0
run behind 1
eq "three bytes behind, seen at free" 1 "$(finding heap-overflow "$block and .access == \"write\" and .offset == 20 and .stacks.error[0].function == \"put\"")"
run before 1
eq "eight bytes before" 1 "$(finding heap-underflow "$block and .offset == -8")"
run kept 1 7
eq "before a block that is never freed" 1 "$(finding heap-underflow "$block and .offset == -32")"
run replaced 1
eq "before an exec" 1 "$(finding heap-overflow "$block and .offset == 20")"
run freed 1
eq "into a freed block" 1 "$(finding use-after-free "$block and .offset == 5 and .access == \"write\"")"
run twice 1
eq "double free" 1 "$(finding double-free "$block")"
run inside 1
eq "free of the inside" 1 "$(finding invalid-free ".stacks.error[0].function == \"put\"")"
run global 1
eq "free of a global" 1 "$(finding invalid-free ".stacks.error[0].function == \"put\"")"
run again 1
eq "realloc after free" 1 "$(finding realloc-after-free "true")"
run limited 0
has "$T/out" '^limit kept$'

echo "# less address space than the guard would like"
(
	ulimit -v 2000000 # KiB
	"$BIN/memscope-record" -q --guard=canary -o "$T/small.ms" -- "$P" behind >"$T/small.out"
) || wrong "status under a limit"
has "$T/small.out" '^end$'
