# Comparisons and conditions on samples: estimates, with noise where a sample cannot tell.
. "$ROOT/tests/cli/_lib.sh"
sample() { # NAME OPTION...
	"$BIN/memscope-record" -q -o "$T/$1.ms" "${@:2}"
}
sample one --sample-bytes=4K --sample-seed=1 "$PROGRAMS/sampled"
sample two --sample-bytes=4K --sample-seed=2 "$PROGRAMS/sampled"
sample full "$PROGRAMS/sampled"

# Two samples of one program differ by chance alone; so do a sample and the full trace.
for pair in "one two" "one full" "full two"; do
	read -r old new <<<"$pair"
	"$BIN/memscope-diff" --json="$T/diff.json" --text="$T/diff.txt" --markdown="$T/diff.md" "$T/$old.ms" "$T/$new.ms"
	eq "$pair: estimated" true "$(jq .estimated "$T/diff.json")"
	has "$T/diff.txt" "a sample is compared"
	has "$T/diff.md" "a sample is compared"
	has "$T/diff.txt" "no call path changed"
done

# What is twice as much is no noise.
sample small --sample-bytes=4K "$PROGRAMS/churn" 20000 300
sample large --sample-bytes=4K "$PROGRAMS/churn" 60000 300
"$BIN/memscope-diff" --text="$T/diff.txt" "$T/small.ms" "$T/large.ms"
has "$T/diff.txt" "GROWN"

verdict() { # EXPECTED CONDITION
	local status=0
	"$BIN/memscope-analyze" -q --text=/dev/null --fail-on "$2" "$T/one.ms" 2>"$T/said" || status=$?
	eq "$2" "$1" $status
}
verdict 1 'live-bytes>20MiB' # the estimate is 29.5 MiB, the sample has 27
has "$T/said" 'estimated to be [0-9]+ bytes, with a standard error'
verdict 0 'live-bytes>40MiB'
live=$("$BIN/memscope-analyze" -q --text=/dev/null --json=- "$T/one.ms" | jq '.totals.estimate.live_bytes.value | round')
verdict 2 "live-bytes>$live"
has "$T/said" 'a sample cannot tell'
verdict 2 'temporary>5'
verdict 2 'unmatched-frees>0'
verdict 2 'leak-definite-bytes>0'
verdict 2 'double-free>0'
verdict 0 'leak-definite>0'
