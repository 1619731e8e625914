# The recorder's own memory never appears: 2 allocations, a peak of 125 bytes.
. "$ROOT/tests/cli/_lib.sh"
record "$PROGRAMS/tiny"
eq status 0 $status
report
exited 0
whole
eq allocations 2 "$(value .totals.allocations)"
eq frees 2 "$(value .totals.frees)"
eq peak_bytes 125 "$(value .totals.peak_bytes)"
eq allocated_bytes 125 "$(value .totals.allocated_bytes)"
eq live_bytes 0 "$(value .totals.live_bytes)"
eq threads 1 "$(value '.threads | length')"
eq "mmaps of the program" 0 "$(value .mappings.mmaps)"
