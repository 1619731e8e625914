# Accesses to closed pages: found with kind, offset, access and the line; the program goes on and ends as without a guard.
. "$ROOT/tests/cli/_lib.sh"
P=$PROGRAMS/guard_faults
finding() { # KIND FILTER...: how many findings of that kind satisfy the filter
	jq --arg k "$1" "[.findings[] | select(.kind == \$k and ($2))] | length" "$T/report.json"
}
# Frames of the error stack, innermost first
frames='[.stacks.error[].function]'

record --guard=full --guard-align=1 "$P" behind 0
eq status 0 "$status"
has "$T/out" '^aw$'
has "$T/out" '^end$'
report
eq findings 1 "$(value '.findings | length')"
eq "read right behind the block" 1 "$(finding heap-overflow ".access == \"read\" and .offset == 13 and .block.size == 13 and .evidence == \"fault\" and .certainty == \"certain\" and $frames[0:3] == [\"read_byte\", \"behind\", \"main\"] and .stacks.allocation[0].function == \"allocate_block\"")"
eq "registers" 18 "$(value '.findings[0].registers | length')"
record --guard=full --guard-align=1 "$P" behind 300
report
eq "300 bytes behind" 1 "$(finding heap-overflow '.offset == 313')"

record --guard=full --guard-align=1 --guard-side=start "$P" before 1
eq status 0 "$status"
report
eq findings 1 "$(value '.findings | length')"
eq "read before the block" 1 "$(finding heap-underflow ".access == \"read\" and .offset == -1 and $frames[0:3] == [\"read_byte\", \"before\", \"main\"]")"

record --guard=full --guard-align=1 "$P" freed
eq status 0 "$status"
has "$T/out" '^contents of a freed wlock$'
report
eq "read of a freed block" 1 "$(finding use-after-free ".access == \"read\" and .offset == 0 and .block.freed and $frames[0] == \"read_byte\" and .stacks.free[0].function == \"freed\"")"

# Writes alone, on both sides and into freed memory.
one_write() { # KIND OFFSET RECORD-ARGUMENT...
	local kind=$1 offset=$2
	shift 2
	record "$@"
	eq status 0 "$status"
	report
	eq "$*: findings" 1 "$(value '.findings | length')"
	eq "$*" 1 "$(finding "$kind" ".access == \"write\" and .offset == $offset and .evidence == \"fault\" and $frames[0:3] == [\"write_byte\", \"write_at\", \"main\"]")"
}
one_write heap-overflow 16 --guard=full --guard-align=1 "$P" write 16
one_write heap-overflow 400 --guard=full --guard-align=1 "$P" write 400
one_write heap-underflow -1 --guard=full --guard-align=1 --guard-side=start "$P" write -1
one_write heap-underflow -32 --guard=full --guard-align=1 --guard-side=start "$P" write -32
one_write use-after-free 15 --guard=full --guard-align=1 "$P" wfreed 15

record --guard=full --guard-align=1 "$P" thread
report
eq "in a thread" 1 "$(finding heap-overflow ".thread.id != 1 and $frames[0:3] == [\"read_byte\", \"behind\", \"in_thread\"]")"

record --guard=full --guard-align=1 "$P" child
eq status 0 "$status"
has "$T/out" '^child 7$'
has "$T/out" '^aw$'

record --guard=full --guard-align=1 "$P" many
report
eq "one finding for one place, all blocks counted" 40 "$(value '[.findings[].count] | add')"

# The program ends at the first finding, with the finding in the trace.
record --guard=full --guard-align=1 --on-error=abort "$P" behind 0
eq status 134 "$status"
has_not "$T/out" end
report
signaled 6
eq findings 1 "$(value '.findings | length')"

# Every allocation sampled.
record --guard=sample=1 "$P" freed
eq status 0 "$status"
report
eq "sample: read of a freed block" 1 "$(finding use-after-free ".access == \"read\" and .block.freed and $frames[0] == \"read_byte\" and .stacks.free[0].function == \"freed\"")"
