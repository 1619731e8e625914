# Real samples: what was drawn is what a full recording and the seed say, and nothing of blocks outside the sample is in the trace.
. "$ROOT/tests/cli/_lib.sh"
TOOL=$B/test-tools/sample_estimates

# agrees WHAT rate|bytes VALUE SEED OPTION... -- COMMAND: a program that allocates the same way each time, on one thread
agrees() {
	local what=$1 by=$2 number=$3 seed=$4 options=()
	shift 4
	while [ "$1" != -- ]; do options+=("$1"); shift; done
	shift
	TRACE=$T/full.ms record "$@"
	eq "$what: status" 0 $status
	record "${options[@]}" "$@"
	eq "$what, sampled: status" 0 $status
	"$BIN/memscope-trace" check "$trace" >"$T/check" || wrong "$what: $(cat "$T/check")"
	report
	read -r _ blocks allocated live error < <("$TOOL" "$T/full.ms" "$by" "$number" "$seed" 1 | grep ^sample)
	eq "$what: blocks in the sample" "$blocks" "$(value '.totals | .allocations + .reallocations')"
	eq "$what: estimates" "$allocated $live $error" \
		"$(value '.totals.estimate | "\(.allocated_bytes.value) \(.live_bytes.value) \(.live_bytes.standard_error)"')"
	eq "$what: frees of unknown blocks" 0 "$(value .totals.unmatched_frees)"
}

sampled=$PROGRAMS/sampled
agrees "by allocation" rate 50000000 0 --sample-rate=0.05 -- "$sampled"
agrees "another seed" rate 50000000 77 --sample-rate=5% --sample-seed=77 -- "$sampled"
agrees "by bytes" bytes 4096 3 --sample-bytes=4K --sample-seed=3 -- "$sampled"
large=$(site large allocations)
eq "by bytes the largest are as good as always in" 12 "$large"
agrees "preset" rate 100000000 0 --preset=demo -- "$sampled"
agrees "options behind a preset" bytes 2048 0 --preset=high_performance --sample-bytes=2K -- "$sampled"
awk 'BEGIN { for (i = 0; i < 2000; i++) printf "{\"id\":%d,\"tags\":[\"a%d\",\"b\"]}\n", i, i % 7 }' >"$T/records.json"
agrees jq rate 50000000 5 --sample-rate=0.05 --sample-seed=5 -- /usr/bin/jq -s length "$T/records.json"

# SQL says what the report says; and nothing when everything was recorded.
ask() { "$BIN/memscope-query" --format=csv "$trace" "$1" | tail -n +2; }
# To the digit: but for the point that SQL gives a whole number.
value '.sites[] | "\(.id) \(.estimate.live_bytes.value) \(.estimate.allocated_bytes.standard_error)"' | sort >"$T/report.rows"
ask "SELECT site || ' ' || live_bytes || ' ' || allocated_bytes_error FROM estimates WHERE site IS NOT NULL" | sed 's/\.0\b//g' | sort >"$T/query.rows"
same "$T/report.rows" "$T/query.rows"
[ -s "$T/query.rows" ] || wrong "SQL has no estimates"
eq "estimate of all" "$(value '.totals.estimate.live_bytes.value | round')" "$(ask "SELECT CAST(round(live_bytes) AS INTEGER) FROM estimates WHERE site IS NULL")"

# Text: estimates with their errors, and never a count of the sample where a total of the program is expected.
has "$T/report.txt" '^QUALITY  a sample: figures with ~ are estimates'
has "$T/report.txt" '^  alive at end     ~[0-9.]+ [KM]?i?B \+-'
has "$T/report.txt" '^THREADS OF THE SAMPLE'
has "$T/report.txt" '^TEMPORARY  not observable'
has "$T/report.txt" '^  double-free +not observable: a sample'
has "$T/report.txt" '^  invalid-free +not observable: a sample'
has "$T/report.txt" '^  realloc-after-free +not observable: a sample'

# C++: what the operators leave out goes past the hooks of malloc, or comes back to them, or the allocator has operators of its own.
cat >"$T/operators.cpp" <<'END'
#include <cstdlib>
#include <new>
struct alignas(64) wide { char bytes[64]; };
static unsigned long state = 1;
static unsigned random_to(unsigned most) { state = state * 6364136223846793005ul + 1442695040888963407ul; return (state >> 33) % most; }
int main()
{
	static char *objects[500], *arrays[500], *plain[500];
	static wide *aligned[500];

	for (int i = 0; i < 100000; i++) {
		unsigned k = random_to(500), size = random_to(50) ? random_to(300) : random_to(9000);
		char *moved;

		switch (random_to(5)) {
		case 0: operator delete(objects[k]); objects[k] = static_cast<char *>(operator new(size)); break;
		case 1: delete[] arrays[k]; arrays[k] = new char[size]; break;
		case 2: operator delete(objects[k], std::nothrow); objects[k] = static_cast<char *>(operator new(size, std::nothrow)); break;
		case 3: delete aligned[k]; aligned[k] = new wide; break;
		default: if ((moved = static_cast<char *>(realloc(plain[k], size + 1)))) plain[k] = moved; break;
		}
		if (i % 1000 == 0 && operator new(size_t(1) << 60, std::nothrow))
			return 1;
	}
}
END
libraries=("" -ljemalloc -ltcmalloc_minimal -lmimalloc)
for library in "${libraries[@]}"; do
	g++ -std=c++17 -O1 -fno-builtin -o "$T/operators" "$T/operators.cpp" -Wl,--no-as-needed $library || { echo "no $library here"; continue; }
	agrees "operators $library" rate 50000000 3 --sample-rate=0.05 --sample-seed=3 -- "$T/operators"
	agrees "operators, by bytes $library" bytes 3000 4 --sample-bytes=3000 --sample-seed=4 -- "$T/operators"
	agrees "operators, few $library" rate 2000000 5 --sample-rate=0.002 --sample-seed=5 -- "$T/operators"
	eq "operators $library: findings" 0 "$(value '.findings | length')"
done

# All is all.
record --preset=full "$sampled"
report
eq "preset full" none "$(value .trace.sampling)"
eq "preset full: estimates" "" "$(ask 'SELECT * FROM estimates')"
eq "its allocations" "$(jq -rn 40000+4000+12+200+300)" \
	"$(jq -r '[.sites[] | select(any(.stack[]; .function == "main")) | .allocations] | add' "$T/report.json")"

# Blocks that change threads, and threads that come and go by the thousand: every free finds its block.
record --sample-rate=0.5 "$PROGRAMS/short_threads" 2000 8
report
eq "short threads: frees of unknown blocks" 0 "$(value .totals.unmatched_frees)"
eq "short threads: status" 0 $status

# Refused.
refused() { # WHY OPTION...
	local why=$1
	shift
	status=0
	"$BIN/memscope-record" -o "$T/refused.ms" "$@" true 2>"$T/why" || status=$?
	eq "$*: status" 125 $status
	has "$T/why" "$why"
}
refused "probability" --sample-rate=0
refused "probability" --sample-rate=1.5
refused "probability" --sample-rate=nan
refused "number of bytes" --sample-bytes=0
refused "below 2\^64" --sample-seed=x --sample-rate=0.1
refused "is for a sample" --sample-seed=1
refused "demo" --preset=fast
refused "guard" --sample-rate=0.1 --guard=canary

# The preset for speed takes no heap graph, unless it is asked for behind it.
for graph in "" --graph=exit; do
	"$BIN/memscope-record" -q -o "$T/fast.ms" --preset=high_performance $graph -- jq -n 1 >"$T/out"
	"$BIN/memscope-analyze" --json "$T/fast.ms" >"$T/fast.json"
	eq "graphs with '$graph'" "$([ -z "$graph" ] && echo not_observable || echo clean)" \
		"$(jq -r '.detectors[] | select(.name == "leak") | .status' "$T/fast.json")"
done
