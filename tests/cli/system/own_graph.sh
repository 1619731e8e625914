# What the monitor calls resident is the program's: no sample is taken while our heap graph is, nor after the one at exit.
. "$ROOT/tests/cli/_lib.sh"
record --monitor=10 /usr/bin/perl -e 'my @a = map { { id => $_, name => "number $_" } } 1 .. 120000; select undef, undef, undef, 0.1'
eq status 0 $status
report
eq "graphs" 1 "$(value .leaks.graphs)"
ge "milliseconds that it took" 15 "$(value '.leaks.graph.pause_ns / 1e6 | floor')"
samples() { "$BIN/memscope-query" --format=csv "$trace" "SELECT count(*) FROM samples WHERE $1" | tail -1; }
graph=$(value .leaks.graph.time_ns)
ge "samples before the graph" 10 "$(samples "time_ns <= $graph")"
# One may have been under way when the program asked.
eq "samples 5 ms after it began" 0 "$(samples "time_ns > $graph + 5000000")"
