# Signal handlers allocate: stacks go through the signal frame, nothing hangs, nothing is lost.
. "$ROOT/tests/cli/_lib.sh"
echo "# a handler that interrupts a loop"
record "$PROGRAMS/signal_handler"
eq status 0 $status
report
exited 0
whole
site_is handler_alloc 100 50
site_is altstack_alloc 50 0
eq "of these under the interrupted spin and main" 150 "$(jq '[.sites[] | [.stack[].function] as $f |
	select(($f | index("on_timer")) and ($f | index("spin")) and ($f | index("main"))) | .allocations] | add // 0' "$T/report.json")"

echo "# a handler that allocates at any moment, over an allocator that allows it"
record "$PROGRAMS/signal_reentry"
eq status 0 $status
report
exited 0
whole
# Handlers that interrupt main_alloc have it on their stacks, so it is asked for as the innermost frame.
eq "allocations in main_alloc" "$(said main)" "$(own main_alloc allocations)"
eq "live blocks of main_alloc" 0 "$(own main_alloc live_blocks)"
eq "allocations in handler_alloc" "$(said handler)" "$(own handler_alloc allocations)"
eq "live blocks of handler_alloc" $(($(said handler) / 3)) "$(own handler_alloc live_blocks)"

echo "# a handler that maps memory at any moment"
record "$PROGRAMS/signal_maps"
eq status 0 $status
report
exited 0
whole
site_is main_alloc "$(said main)" 0
"$BIN/memscope-trace" dump --json "$trace" | grep -E '"m(un)?map"' >"$T/maps.jsonl"
eq "mmap events of the handler" 300 "$(jq -c 'select(.kind == "mmap" and .size_bytes == 28672)' "$T/maps.jsonl" | wc -l)"
eq "munmap events of the handler" 300 "$(jq -c 'select(.kind == "munmap" and .size_bytes == 28672)' "$T/maps.jsonl" | wc -l)"
