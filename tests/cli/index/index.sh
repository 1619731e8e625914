# The index beside a trace: it changes no number, is never used when it does not fit, and its writers do not disturb readers.
. "$ROOT/tests/cli/_lib.sh"

A=$BIN/memscope-analyze Q=$BIN/memscope-query TRACER=$BIN/memscope-trace
"$ROOT/build/release/bench/make_trace" -n 3000000 -l 3000 -s 200 -t 3 "$T/t.ms" >/dev/null 2>&1 || give_up "make_trace"
trace=$T/t.ms index=$T/t.ms.index

"$TRACER" info "$trace" >"$T/info"
has "$T/info" '^index file +none'
"$TRACER" index "$trace" 2>"$T/said" || wrong "index: status $?"
has "$T/said" 'memscope-trace index: .*/t.ms.index: [0-9]+ bytes, 1 checkpoint over 3000000 events$'
"$TRACER" info "$trace" >"$T/info"
has "$T/info" '^index file +yes, 1 checkpoints, [0-9]+ bytes$'
"$TRACER" info --json "$trace" >"$T/info.json"
eq "fits" true "$(jq .index_file.fits "$T/info.json")"
eq "mode" 600 "$(stat -c %a "$index")"

# The same with and without, from every tool.
for moments in 80%:81% event:2100000: event:2999000:; do
	"$A" --window="$moments" --json="$T/with.json" "$trace" || wrong "--window=$moments"
	"$A" --no-index --window="$moments" --json="$T/without.json" "$trace" || wrong "--no-index --window=$moments"
	same "$T/with.json" "$T/without.json"
done
"$A" --at=peak --json="$T/with.json" "$trace"
"$A" --no-index --at=peak --json="$T/without.json" "$trace"
same "$T/with.json" "$T/without.json"
for sql in "SELECT count(*), sum(size), max(id) FROM snapshot('90%')" "SELECT count(*), sum(size) FROM blocks WHERE id BETWEEN 1400000 AND 1400100" \
	"SELECT * FROM events WHERE event BETWEEN 2500000 AND 2500005"; do
	"$Q" --format=csv "$trace" "$sql" >"$T/with.csv" || wrong "$sql"
	"$Q" --no-index --format=csv "$trace" "$sql" >"$T/without.csv" || wrong "--no-index: $sql"
	same "$T/with.csv" "$T/without.csv"
done
"$BIN/memscope-diff" --at=80% --vs=90% --json="$T/with.json" "$trace" >/dev/null || wrong "diff"
"$BIN/memscope-diff" --no-index --at=80% --vs=90% --json="$T/without.json" "$trace" >/dev/null || wrong "diff --no-index"
same "$T/with.json" "$T/without.json"

# An index is no trace.
got=0
"$A" "$index" >"$T/out" 2>"$T/err" || got=$?
eq "status for an index" 3 $got
has "$T/err" 'this is the index of a trace, not a trace'
: >"$T/err"

# Another trace's, a damaged one, one of a state that is gone: not used, said with -v, the report is right; --index makes a new one.
"$ROOT/build/release/bench/make_trace" -n 3000001 -l 3000 -s 200 -t 3 "$T/other.ms" >/dev/null 2>&1
"$A" --window=80%:81% --json="$T/right.json" --no-index "$T/other.ms"
unused() { # WHAT PATTERN
	"$A" -v --window=80%:81% --json="$T/got.json" "$T/other.ms" 2>"$T/said" || wrong "$1: status $?"
	has "$T/said" "other.ms.index is not used: $2"
	same "$T/right.json" "$T/got.json"
	"$A" --window=80%:81% --json="$T/got.json" "$T/other.ms" 2>"$T/said"
	[ ! -s "$T/said" ] || wrong "$1: said without -v: $(cat "$T/said")"
}
cp "$index" "$T/other.ms.index"
unused "another trace's" 'the index belongs to another trace'
"$TRACER" info "$T/other.ms" >"$T/info"
has "$T/info" '^index file +not used: the index belongs to another trace'
head -c 1000 "$index" >"$T/other.ms.index"
unused "a cut one" 'the file does not end with an index'
echo text >"$T/other.ms.index"
unused "text" 'the file does not start like'
not_replaced() { # WHAT PATTERN
	local got=0
	cp "$T/other.ms.index" "$T/before"
	"$A" --index --window=80%:81% --json="$T/got.json" "$T/other.ms" 2>"$T/said" || got=$?
	eq "--index where $1 is: status" 4 $got
	has "$T/said" "cannot write .*other.ms.index: $2"
	same "$T/before" "$T/other.ms.index"
}
not_replaced "text" 'what is there is no index'
cp "$trace" "$T/other.ms.index"
unused "a trace" 'this is a trace'
not_replaced "a trace" 'a trace is there'
ln -sf t.ms "$T/other.ms.index"
not_replaced "a link to a trace" 'a trace is there'
rm "$T/other.ms.index"
head -c 100 "$index" >"$T/other.ms.index" # damaged: a new one takes its place
"$A" --index --window=80%:81% --json="$T/got.json" "$T/other.ms" || wrong "--index: status $?"
same "$T/right.json" "$T/got.json"
"$TRACER" info "$T/other.ms" >"$T/info"
has "$T/info" '^index file +yes'

# A trace without its end has an index of what is readable.
head -c $(($(stat -c %s "$trace") * 9 / 10)) "$trace" >"$T/cut.ms"
"$TRACER" index -q "$T/cut.ms" 2>"$T/said" || wrong "index of a cut trace: status $?"
"$A" --window=80%:90% --json="$T/with.json" "$T/cut.ms" >/dev/null 2>&1 || wrong "window of a cut trace"
"$A" --no-index --window=80%:90% --json="$T/without.json" "$T/cut.ms" >/dev/null 2>&1
same "$T/with.json" "$T/without.json"

# Writers beside readers: every reader sees the old file or a whole new one.
for i in 1 2; do "$TRACER" index -q "$trace" & done
for i in 1 2 3; do
	"$A" -v --window=80%:81% --json="$T/got.json" "$trace" 2>"$T/said" || wrong "a reader beside writers: status $?"
	has_not "$T/said" 'is not used'
done
wait
ls "$T" >"$T/files"
has_not "$T/files" '\.tmp$'

# Killed in the middle: nothing is left behind, where files can be without a name.
if python3 -c 'import os, sys; os.open(sys.argv[1], os.O_TMPFILE | os.O_RDWR)' "$T" 2>/dev/null; then
	"$TRACER" index -q "$trace" &
	builder=$!
	until ls -l "/proc/$builder/fd" 2>/dev/null | grep -q "$T/#[0-9]* (deleted)"; do
		kill -0 $builder 2>/dev/null || break
	done
	kill -KILL $builder 2>/dev/null || wrong "the index was written before it could be interrupted"
	wait $builder || true
	ls "$T" >"$T/files"
	has_not "$T/files" '\.tmp$'
fi

# A place where no index can be written: every tool says so by its status.
mkfifo "$T/fifo.ms.index"
ln -s t.ms "$T/fifo.ms"
for tool in "$A" "$TRACER index" "$BIN/memscope-diff --at=80% --vs=90%"; do
	got=0
	$tool $([ "$tool" = "$TRACER index" ] || echo --index) "$T/fifo.ms" >"$T/out" 2>"$T/said" || got=$?
	eq "status of $tool" 4 $got
	has "$T/said" 'cannot write .*fifo.ms.index'
done
got=0
"$Q" --index "$T/fifo.ms" "SELECT 1" >"$T/out" 2>"$T/said" || got=$?
eq "status of a query" 4 $got

# A folder that cannot be written.
got=0
"$TRACER" index -o "$T/none/x.index" "$trace" 2>"$T/said" || got=$?
eq "status for a folder that is not there" 4 $got

# A window taken out of a trace: its peak, with what lived at its start, and its marks are indexed.
"$TRACER" cut -q --window=80%:90% -o "$T/part.ms" "$trace" 2>"$T/said" || wrong "cut: status $?"
"$A" --window=peak: --json="$T/without.json" "$T/part.ms"
"$A" --json="$T/whole.json" "$T/part.ms"
eq "the moment of its peak" "$(jq .totals.peak_time_ns "$T/whole.json")" "$(jq .window.from_ns "$T/without.json")"
"$TRACER" index -q "$T/part.ms"
"$A" --window=peak: --json="$T/with.json" "$T/part.ms"
same "$T/with.json" "$T/without.json"
