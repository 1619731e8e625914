# fork in a threaded program, 200 times: no child hangs, and nothing of a child is in the parent's trace.
. "$ROOT/tests/cli/_lib.sh"
record "$PROGRAMS/fork_storm" 200
eq status 0 $status
eq hung 0 "$(said hung)"
report
exited 0
whole
site_is worker_alloc "$(said worker)" 0
site_is parent_alloc 200 0
eq "allocations of children in the parent's trace" 0 "$(site child_alloc allocations)"
eq "fork events" 200 "$(events '.kind == "fork"')"
