# Generated code gets its names from the map that JIT compilers write for perf; stacks go on below it.
. "$ROOT/tests/cli/_lib.sh"
record "$PROGRAMS/jit"
eq status 0 $status
map=/tmp/perf-$(said pid).map
rm -f "$map"
report
whole
site_is "jitted_one /some/file.js:3" 7 7
site_is jitted_two 5 5
eq "blocks below run" 12 "$(site run allocations)"
for wrong in replaced jitted_wrong jitted_over; do
	eq "sites with $wrong" 0 "$(sites $wrong)"
done
eq "who called jitted_two" run "$(jq -r '.sites[].stack | map((.function // "") | split("(")[0]) | select(index("jitted_two")) | .[index("jitted_two") + 1]' "$T/report.json")"

echo "# names added later do not take these away"
cp "$trace" "$T/copy.ms"
"$BIN/memscope-trace" symbolize "$T/copy.ms" >"$T/symbolize.out" 2>&1 || wrong "symbolize: $(cat "$T/symbolize.out")"
report "$T/copy.ms"
site_is jitted_two 5 5

echo "# a link is not followed"
record "$PROGRAMS/jit" link
eq status 0 $status
map=/tmp/perf-$(said pid).map
rm -f "$map" "$map.target"
report
whole
eq "sites with jitted_two" 0 "$(sites jitted_two)"
eq "blocks below run" 12 "$(site run allocations)"
