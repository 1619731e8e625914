# A program with signal handlers of its own sees them, and only them, as without a guard; its heap errors are found beside.
. "$ROOT/tests/cli/_lib.sh"
P=$PROGRAMS/guard_handlers
# alike CASE [FINDINGS]: the same output and status as without a recording; so many reads behind a block
alike() {
	local plain=0
	"$P" "$1" >"$T/plain.out" 2>/dev/null || plain=$?
	record --guard=full --guard-align=1 -- "$P" "$1"
	eq "$1: status" "$plain" "$status"
	diff "$T/plain.out" "$T/out" >"$T/diff" || wrong "$1: $(cat "$T/diff")"
	report
	eq "$1: reads behind a block" "${2:-1}" "$(value '[.findings[] | select(.kind == "heap-overflow" and .access == "read") | .count] | add // 0')"
}
alike info 3
alike jump 11
alike altstack 4
alike once 2
alike shown 1
alike blocked 2
alike ignored 2
alike barrier 1
alike vforked 1
alike null 1
signaled 11
alike caught 1
signaled 6
alike abort 1
signaled 6

# What is damaged is found before the program dies of something else.
record --guard=full --guard-align=1 --guard-side=start -- "$P" abort
eq status 134 "$status"
report
eq "damage found at the crash" 1 "$(value '[.findings[] | select(.kind == "heap-overflow" and .check == "crash" and .access == "write" and .offset == 24)] | length')"
