# --cull-temporary: blocks that are freed soon are summed up by stack, all others are events; together they are what a whole recording has.
. "$ROOT/tests/cli/_lib.sh"
info() { "$BIN/memscope-trace" info --json "$trace" >"$T/info.json"; }
summed() { jq -r "[.culled.sums[].$1] | add // 0" "$T/info.json"; }
whole_trace() { "$BIN/memscope-trace" check "$trace" >"$T/check" || wrong "check: $(cat "$T/check")"; }

echo "# known short lives and long ones"
record --cull-temporary=200 "$PROGRAMS/culled" 300
eq status 0 $status
whole_trace
info
eq "the setting" 200000000 "$(jq .culled.cull_ns "$T/info.json")"
report
site_is leaked 20 20
site_is patient 10 0
site_is wrong 5 0
for f in brief chain handed; do
	eq "blocks of $f that are events" 0 "$(site $f allocations)"
done
ge "culled allocations" 900 "$(summed allocations)"
eq "culled reallocations" 600 "$(summed reallocations)"
ge "culled bytes" $((300 * (100 + 10 + 1000 + 5000 + 64))) "$(summed bytes)"
eq "written early" 0 "$(summed early_events)"
has "$T/err" '[0-9]+ short-lived blocks summed up'

echo "# all of it is what a whole recording has"
culled=$(summed allocations) moved=$(summed reallocations) bytes=$(summed bytes)
some=$(value .totals.allocations) some_moved=$(value .totals.reallocations) some_bytes=$(value .totals.allocated_bytes)
record "$PROGRAMS/culled" 300
report
eq "allocations" "$(value .totals.allocations)" $((culled + some))
eq "reallocations" "$(value .totals.reallocations)" $((moved + some_moved))
eq "bytes" "$(value .totals.allocated_bytes)" $((bytes + some_bytes))

echo "# the program is killed: nothing is lost"
record --cull-temporary=200 "$PROGRAMS/culled" 300 kill
eq status 137 $status
whole_trace
info
eq "culled reallocations" 600 "$(summed reallocations)"
report
site_is leaked 20 20

echo "# a graph at the end has the blocks that live there, also those just born"
record --cull-temporary=60000 "$PROGRAMS/culled" 10
report
site_is leaked 20 20
info
ge "blocks in the graph" 20 "$(jq '.graphs[-1].blocks' "$T/info.json")"

echo "# marks: what is alive there is written; in between blocks are culled"
record --cull-temporary=60000 "$PROGRAMS/marks"
whole_trace
report
eq "kept until loaded" "10 1000" "$(value '.phases.list[0] | "\(.kept_blocks) \(.kept_bytes)"')"
eq "until served" "1 1 7" "$(value '.phases.list[1] | "\(.allocations) \(.kept_blocks) \(.kept_bytes)"')"
info
eq "culled" "20 1000" "$(summed allocations) $(summed bytes)"

echo "# usage"
for bad in 0 x 3600001 1.5; do
	record --cull-temporary=$bad true
	eq "status for $bad" 125 $status
	has "$T/err" 'cull-temporary takes a number of milliseconds'
done
record --cull-temporary=5 --guard=canary true
eq "status with a guard" 125 $status
has "$T/err" 'findings of --guard would name'
record --cull-temporary=5 --sample-rate=0.5 true
eq "status with a sample" 125 $status
has "$T/err" 'a sample has some of them'
record --cull-temporary=5 --backend=core true
eq "status with a backend inside the program" 125 $status
has "$T/err" 'only lockfree has a process beside the program'
