# Another library's resolver calls libc before the guard library is relocated: plain loops answer.
. "$ROOT/tests/cli/_lib.sh"
for mode in canary full; do
	record --guard=$mode "$PROGRAMS/early_resolver"
	eq "$mode: status" 0 $status
	eq "$mode: what the resolver found" right "$(cat "$T/out")"
	eq "$mode: evidence" 0 "$(events '.kind == "evidence"')"
	report
	eq "$mode: allocations" 1 "$(value .totals.allocations)"
done
