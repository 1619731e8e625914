# Coroutines on stacks of their own, and one stack used by two of them in turn.
. "$ROOT/tests/cli/_lib.sh"
record "$PROGRAMS/coroutines"
eq status 0 $status
report
exited 0
whole
site_is coro_alloc 200 0
site_is main_alloc 200 0
site_is shared_alloc 30 0
both() { # FUNCTION CALLER
	jq --arg f "$1" --arg c "$2" '[.sites[] | [.stack[].function] as $s | select(($s | index($f)) and ($s | index($c))) | .allocations] | add // 0' "$T/report.json"
}
eq "coro_alloc under coro_body" 200 "$(both coro_alloc coro_body)"
eq "coro_alloc under main" 0 "$(both coro_alloc main)"
eq "main_alloc under main" 200 "$(both main_alloc main)"
eq "main_alloc under coro_body" 0 "$(both main_alloc coro_body)"
eq "shared_alloc under red_body" 15 "$(both shared_alloc red_body)"
eq "shared_alloc under blue_body" 15 "$(both shared_alloc blue_body)"
