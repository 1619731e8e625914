# Threads that malloc, realloc and free everything: no phantom leaks.
. "$ROOT/tests/cli/_lib.sh"
record "$PROGRAMS/realloc_race" 20000
eq status 0 $status
report
exited 0
whole
site_is race_malloc 80000 0
eq "reallocations in race_realloc" 160000 "$(site race_realloc reallocations)"
eq "live blocks of race_realloc" 0 "$(site race_realloc live_blocks)"
eq "reallocations" 160000 "$(value .totals.reallocations)"
