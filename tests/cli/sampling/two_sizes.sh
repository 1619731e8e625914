# What is known about a path of small blocks does not depend on large blocks elsewhere, but for what nobody can know.
. "$ROOT/tests/cli/_lib.sh"
record --preset=high_performance "$PROGRAMS/two_sizes"
eq status 0 $status
report
of() { value "[.sites[] | select(.stack[0].function == \"$1\") | .estimate.live_bytes.$2] | add | round"; }
le "error of the small blocks, which have 800,000 bytes" 100000 "$(of small standard_error)"
ge "error of the small blocks: as much as those say that were drawn" 30000 "$(of small standard_error)"
ge "large blocks, of 26,214,400 bytes" 15000000 "$(of large value)"
le "large blocks, of 26,214,400 bytes" 40000000 "$(of large value)"
ge "error of the large blocks" 1000000 "$(of large standard_error)"
