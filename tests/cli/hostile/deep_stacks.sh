# Recursion 2000 and 50000 deep: every depth has its own stack, complete down to main.
. "$ROOT/tests/cli/_lib.sh"
for depth in 2000 50000; do
	echo "# $depth"
	record "$PROGRAMS/deep" $depth
	eq status 0 $status
	report
	exited 0
	whole
	eq "sites" 4 "$(sites deep_alloc)"
	eq "frames of recurse in each" "1 $((depth / 2)) $((depth - 1)) $depth" \
		"$(jq -r '[.sites[] | [.stack[].function] | select(index("deep_alloc")) | map(select(. == "recurse")) | length] | sort | join(" ")' "$T/report.json")"
	eq "those that reach main" 4 "$(jq '[.sites[] | [.stack[].function] | select(index("deep_alloc")) | select(index("main"))] | length' "$T/report.json")"
	site_is deep_alloc 8 8
done
echo "# every depth"
record "$PROGRAMS/deep" 2000 all
eq status 0 $status
eq "allocations of 10 bytes" 4000 "$(events '.kind == "malloc" and .size_bytes == 10')"
eq "different stacks of these" 2000 "$(jq 'select(.kind == "malloc" and .size_bytes == 10) | .stack' "$T/events.jsonl" | sort -u | wc -l)"
echo "# limited on request"
record --stack-depth 16 "$PROGRAMS/deep" 2000
report
whole
le "frames of the longest stack" 17 "$(value '[.sites[].stack | length] | max')"
