# A program of a user's own builds against what `make install` puts down, shared and static, and gives the report that
# memscope-analyze gives.
set -eu
make -C "$ROOT" --no-print-directory install DESTDIR="$T/tree" PREFIX=/usr >/dev/null
pc=$T/tree/usr/lib/pkgconfig/memscope.pc
field() { sed -n "s/^$1: //p" "$pc" | sed "s|\${includedir}|$T/tree/usr/include|; s|\${libdir}|$T/tree/usr/lib|"; }
trace=$ROOT/tests/golden/v1/jq.ms
cat > own.c <<'C'
#include <stdio.h>
#include "render/libmemscope.h"

int main(int argc, char **argv)
{
	struct ms_report_options options = {0};
	struct ms_json_options json = {0};
	struct ms_report report;
	struct ms_trace *trace;
	struct ms_error err;

	if (argc != 2 || ms_trace_open(&trace, argv[1], &err)) {
		fprintf(stderr, "%s\n", err.message);
		return 3;
	}
	if (ms_report_build(&report, trace, &options, &err) || ms_render_json(stdout, &report, &json, &err)) {
		fprintf(stderr, "%s\n", err.message);
		return 1;
	}
	ms_report_free(&report);
	ms_trace_close(trace);
	return 0;
}
C
cc -Wall -o shared own.c $(field Cflags) $(field Libs)
cc -Wall -o static own.c $(field Cflags) "$T/tree/usr/lib/libmemscope.a" $(field Libs.private)
# The same from C++.
cat > own.cpp <<'C'
#include "render/libmemscope.h"

int main(int argc, char **argv)
{
	ms_trace *trace = nullptr;
	ms_error err{};

	if (argc != 2 || ms_trace_open(&trace, argv[1], &err) != 0)
		return 3;
	bool events = ms_trace_event_count(trace) > 0;

	// Blocks by filters that compose, and the same by SQL.
	ms_query *query = nullptr;
	ms_block_filter filter{};
	ms_value value{};
	bool row = false;
	int64_t sums[2] = {0, 0};
	filter.min_bytes = 1000;
	filter.thread = 1;
	filter.family = "malloc";
	filter.min_alive_ns = 1000;
	if (ms_query_open(&query, trace, nullptr, &err) != 0 || ms_query_grouped(query, &filter, MS_BY_THREAD, 1, &err) != 0 ||
	    ms_query_step(query, &row, &err) != 0 || !row)
		return 2;
	ms_query_value(query, 2, &value);
	sums[0] = value.integer;
	if (ms_query_prepare(query, "SELECT sum(size) FROM blocks WHERE size >= 1000 AND thread = 1 AND family = 'malloc' AND (alive OR lifetime_ns >= 1000)", &err) != 0 ||
	    ms_query_step(query, &row, &err) != 0 || !row)
		return 2;
	ms_query_value(query, 0, &value);
	sums[1] = value.integer;
	ms_query_close(query);

	// The first moment with more than 1000 live blocks, played; and the same as a snapshot.
	ms_player *player = nullptr;
	ms_snapshots *snapshots = nullptr;
	ms_player_event event{};
	ms_snapshot snapshot{};
	uint64_t limit = 1000;
	if (ms_player_open(&player, trace, &err) != 0 || ms_player_run(player, ms_player_blocks_over, &limit, &event, &err) != 0)
		return 1;
	ms_player_position now = ms_player_now(player);
	ms_instant at{now.event, now.time_ns};
	if (ms_snapshots_open(&snapshots, trace, 0, &err) != 0 || ms_snapshot_at(snapshots, &at, &snapshot, &err) != 0 || snapshot.count != 1001)
		return 1;
	ms_snapshots_close(snapshots);
	ms_player_close(player);
	ms_trace_close(trace);
	return events && sums[0] > 0 && sums[0] == sums[1] ? 0 : 1;
}
C
for standard in c++11 c++17; do
	g++ -Wall -Werror -std=$standard -o plus own.cpp $(field Cflags) $(field Libs)
	LD_LIBRARY_PATH=$T/tree/usr/lib ./plus "$trace"
done
"$T/tree/usr/bin/memscope-analyze" -q --json="$T/tool.json" "$trace"
LD_LIBRARY_PATH=$T/tree/usr/lib ./shared "$trace" > shared.json
./static "$trace" > static.json
cmp shared.json static.json
for key in .totals .threads .sizes .lifetimes; do
	expected=$(jq -c "$key" tool.json); actual=$(jq -c "$key" shared.json)
	[ "$expected" = "$actual" ] || { echo "$key: expected $expected, got $actual"; exit 1; }
done
[ "$(jq .totals.allocations shared.json)" -gt 0 ]
# Nothing but the public functions is exported.
nm -D --defined-only "$T/tree/usr/lib/libmemscope.so.0" | awk '{ print $3 }' | grep -v '^ms_' > foreign || true
[ ! -s foreign ] || { echo "exported besides ms_*:"; cat foreign; exit 1; }
# And each of them is declared where a program can include it.
cat $(find "$T/tree/usr/include/memscope" -name '*.h') | grep -oE '\bms_[a-z0-9_]+\b' | sort -u > declared
nm -D --defined-only "$T/tree/usr/lib/libmemscope.so.0" | awk '{ print $3 }' | sort -u | comm -23 - declared > undeclared
[ ! -s undeclared ] || { echo "exported, but in no installed header:"; cat undeclared; exit 1; }
# What programs use that tell about themselves: the header and the crate.
printf '#include <memscope.h>\nint main(void) { MEMSCOPE_MARK("x"); return memscope_recorded(); }\n' > told.c
gcc -std=c99 -I "$T/tree/usr/include" -o told told.c && ./told
if command -v rustc >/dev/null; then
	rustc --edition 2018 --crate-type rlib --crate-name memscope -o libmemscope.rlib "$T/tree/usr/include/memscope-rust/src/lib.rs"
fi
make -C "$ROOT" --no-print-directory uninstall DESTDIR="$T/tree" PREFIX=/usr >/dev/null
left=$(find "$T/tree" -type f -o -type l)
[ -z "$left" ] || { echo "uninstall leaves: $left"; exit 1; }
