# realloc(p, 0) is a free, realloc(NULL, n) an allocation, a failed realloc nothing.
. "$ROOT/tests/cli/_lib.sh"
record "$PROGRAMS/realloc_forms"
eq status 0 $status
report
exited 0
whole
site_is zero_malloc 100 0
site_is null_realloc 50 0
site_is fails_malloc 30 0
site_is grow_malloc 40 0
site_is empty_malloc 7 0
eq "reallocations" 40 "$(value .totals.reallocations)"
eq "allocations" 227 "$(value .totals.allocations)"
eq "frees" 187 "$(value .totals.frees)"
eq "live blocks" 40 "$(value .totals.live_blocks)"
eq "live bytes" $((40 * 41)) "$(value .totals.live_bytes)"
eq "allocated bytes" $((100 * 10 + 50 * 20 + 30 * 30 + 40 * 40 + 40 * 41)) "$(value .totals.allocated_bytes)"
eq "allocations of size 0" 7 "$(value .totals.zero_size_allocations)"
eq "realloc-zero events" 100 "$(events '.kind == "realloc-zero"')"
eq "realloc-failed events" 30 "$(events '.kind == "realloc-failed"')"
