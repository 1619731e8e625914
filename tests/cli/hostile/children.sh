# Children of every kind run and end as they should; the parent's trace is the parent's.
. "$ROOT/tests/cli/_lib.sh"
"$PROGRAMS/children" >"$T/plain"
record "$PROGRAMS/children"
eq status 0 $status
same "$T/plain" "$T/out"
report
exited 0
whole
site_is parent_alloc 45 0
has "$T/err" ", 6 child processes not recorded \(--follow\)$" # those that system, popen and clone start are not seen
has "$T/report.txt" "it started at least 6 child processes: .* --follow"
eq "allocations of children" 0 "$(site child_alloc allocations)"
