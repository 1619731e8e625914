# Numbers of programs that know their own: realloc in all its forms, temporary blocks, threads with two ledgers.
. "$ROOT/tests/cli/_lib.sh"

record "$PROGRAMS/realloc_forms"
report
whole
eq "zero_malloc frees" 100 "$(site zero_malloc frees)"
eq "fails_malloc live" 0 "$(site fails_malloc live_blocks)"
eq "grow: alive" 40 "$(site any_realloc live_blocks)"
eq "grow: bytes alive" $((40 * 41)) "$(site any_realloc live_bytes)"
eq "grow: reallocations" 40 "$(value .totals.reallocations)"
eq "failed reallocs" 30 "$(value .totals.failed_allocations)"
eq "zero size" 7 "$(value .totals.zero_size_allocations)"
eq "blocks add up" "$(value .totals.live_blocks)" "$(($(value .totals.allocations) - $(value .totals.frees)))"
eq "bytes add up" "$(value .totals.live_bytes)" "$(($(value .totals.allocated_bytes) - $(value .totals.freed_bytes)))"
eq "shares of the peak add up" "$(value .totals.peak_bytes)" \
	"$(value '([.sites[].peak_bytes] | add) + .sites_omitted.peak_bytes')"
# malloc, realloc(p, 0) at once: temporary; malloc, realloc to grow: not.
eq "temporary in zero_malloc" 100 "$(site zero_malloc temporary_allocations)"
eq "temporary in grow_malloc" 0 "$(site grow_malloc temporary_allocations)"

# exec of itself: what was alive is gone, neither freed nor alive.
record "$PROGRAMS/end_how" exec 2 100
report
ge "ended by exec" 1 "$(value .totals.ended_by_exec.blocks)"
eq "blocks add up over exec" "$(value .totals.live_blocks)" \
	"$(($(value .totals.allocations) - $(value .totals.frees) - $(value .totals.ended_by_exec.blocks)))"
ge "images" 2 "$(value .trace.images)"
has "$T/report.txt" 'gone by exec'
