# What can be worked out by hand is reported so: temporary blocks, peaks, identity of blocks, two ledgers per thread.
. "$ROOT/tests/cli/_lib.sh"
record "$PROGRAMS/truths"
eq status 0 $status
report
exited 0
eq "lost events" 0 "$(value .trace.lost_events)"
site_is pair_alloc 100 0
site_is crossed_alloc 2000 0
eq "temporary in pair_alloc" 100 "$(site pair_alloc temporary_allocations)"
eq "temporary in crossed_alloc" 0 "$(site crossed_alloc temporary_allocations)"
eq "peak" 70295 "$(value .totals.peak_bytes)"
while read -r function peak own; do
	eq "share of the peak of $function" "$peak" "$(site "$function" peak_bytes)"
	eq "own peak of $function" "$own" "$(site "$function" own_peak_bytes)"
done <<-EOF
	rise_alloc 0 50000
	peak_alloc 70000 70000
	small_alloc 295 295
	last_alloc 0 60000
	pair_alloc 0 10
	crossed_alloc 0 40
	handed_alloc 0 1200
EOF
eq "unmatched frees" 5 "$(value .totals.unmatched_frees)"
eq "free events without a block" 5 "$(events '.kind == "free" and .matched == false')"
site_is first_life 3 3
site_is second_life 3 0
eq "threads that allocated 40 blocks and freed none" 1 "$(value '[.threads[] | select((.main | not) and .allocations == 40 and .frees == 0)] | length')"
eq "blocks of others that the main thread freed" 40 "$(value '.threads[] | select(.main) | .ended_others.blocks')"
ge "different times of $(value .trace.events) events" 1000 "$(jq .time_ns "$T/events.jsonl" | sort -u | wc -l)"
