# A child that was forked, whichever way, is noticed by its first allocation, also when that is not in the sample; and nothing of it is lost.
. "$ROOT/tests/cli/_lib.sh"
for how in libc raw; do
	for rate in 0.0001 0.2; do
		rm -f "$trace" "$trace".*
		record --follow --sample-rate=$rate "$PROGRAMS/raw_fork" $how 3000
		eq "$how, $rate: status" 0 $status
		eq "$how, $rate: traces of children" 1 "$(ls "$trace".* | wc -l)"
	done
	report "$(ls "$trace".*)"
	ge "$how: drawn of 3000" 500 "$(value .totals.allocations)"
	le "$how: drawn of 3000" 700 "$(value .totals.allocations)"
done
