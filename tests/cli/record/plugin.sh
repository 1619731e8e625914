# The backend of docs/HOWTO_ADD_BACKEND.md: compiled as the page says, it counts what the trace has. And objects that are none, refuse, or give up.
. "$ROOT/tests/cli/_lib.sh"

sed -n '/^```c$/,/^```$/p' "$ROOT/docs/HOWTO_ADD_BACKEND.md" | grep -v '^```' >"$T/count.c"
cc -Wall -Wextra -Werror -shared -fPIC -I "$ROOT/record/include" -o "$T/count.so" "$T/count.c" || give_up "the page's code does not compile"

for program in "in_turns 3 3000" "realloc_forms" "truths"; do
	set -- $program
	record --backend="$T/count.so" "$PROGRAMS/$1" "${@:2}"
	grep '^count: ' "$T/err" >"$T/counted" || give_up "$program: the object said nothing"
	"$BIN/memscope-trace" info --json "$trace" >"$T/info.json"
	info() { jq -r "$1" "$T/info.json"; }
	eq "$program: all that is counted" \
		"count: $(info .events) events, $(info .end.blocks) allocations" "$(sed 's/ of .*//' "$T/counted")"
	report
	eq "$program: threads" "$(info .threads)" "$(sed 's/.* \([0-9]*\) threads.*/\1/' "$T/counted")"
	eq "$program: modules" "$(info '.modules | length')" "$(sed 's/.* \([0-9]*\) modules.*/\1/' "$T/counted")"
	eq "$program: frames" "$(info .frames)" "$(sed 's/.* \([0-9]*\) frames.*/\1/' "$T/counted")"
	eq "$program: stacks" "$(info .stacks)" "$(sed 's/.* \([0-9]*\) stacks.*/\1/' "$T/counted")"
	# a realloc that fails gives its block back as one more allocation, which the report does not count again
	[ "$1" = realloc_forms ] || eq "$program: allocated bytes" "$(value .totals.allocated_bytes)" "$(sed 's/.* of \([0-9]*\) bytes.*/\1/' "$T/counted")"
	eq "$program: status" $status "$(sed 's/.* status //' "$T/counted")"
	eq "$program: backend" "$T/count.so" "$(value .trace.backend)"
done

refused() { # WHAT MESSAGE
	local rc=0
	"$BIN/memscope-record" -o "$T/no.ms" --backend="$2" true 2>"$T/err" || rc=$?
	eq "$1: status" 125 $rc
	has "$T/err" "$3"
}
refused "no such object" "$T/none.so" 'none\.so'
refused "no backend" "$BIN/../lib/libmemscope.so" 'is no backend of this version'
sed 's/session->abi != MEMSCOPE_BACKEND_ABI/session->abi == MEMSCOPE_BACKEND_ABI/' "$T/count.c" >"$T/refuses.c"
cc -shared -fPIC -I "$ROOT/record/include" -o "$T/refuses.so" "$T/refuses.c"
refused "one that refuses" "$T/refuses.so" 'made for another memscope-record'
sed 's/\.abi = MEMSCOPE_BACKEND_ABI/.abi = 99/' "$T/count.c" >"$T/later.c"
cc -shared -fPIC -I "$ROOT/record/include" -o "$T/later.so" "$T/later.c"
refused "another version" "$T/later.so" 'is no backend of this version'

# one that gives up: the trace is whole
sed 's/c->events += count;/c->events += count; if (c->events > 5000) return 3;/' "$T/count.c" >"$T/stops.c"
cc -shared -fPIC -I "$ROOT/record/include" -o "$T/stops.so" "$T/stops.c"
record --backend="$T/stops.so" "$PROGRAMS/in_turns" 1 3000
eq "status" 0 $status
has "$T/err" 'the backend count gave up in events \(3\)'
has "$T/err" '^count: '
report
eq "allocations" 9000 "$(own turn_alloc allocations)"
eq "complete" true "$(value .trace.complete)"
