/* query_examples.c - see query_examples.h. docs/QUERIES.md has the same statements and their answers; a test compares. */
#include "query_examples.h"

const struct query_example query_examples[] = {
	{"How much was allocated, how much lived at once, what was left?",
	 "SELECT allocations, frees, allocated_bytes, peak_bytes, live_bytes FROM totals"},
	{"Which call paths made up the peak?",
	 "SELECT id, peak_bytes, peak_blocks, substr(path, 1, 60) AS path FROM sites ORDER BY peak_bytes DESC, id LIMIT 5"},
	{"Which functions allocate most often, over all paths that lead to them?",
	 "SELECT function, sum(allocations + reallocations) AS blocks, sum(allocated_bytes) AS bytes\n"
	 "FROM sites GROUP BY function ORDER BY blocks DESC, function LIMIT 5"},
	{"What is alive at the end, and who allocated it?",
	 "SELECT s.function, count(*) AS blocks, sum(b.size) AS bytes FROM blocks b JOIN sites s ON s.id = b.site\n"
	 "WHERE b.alive = 1 GROUP BY s.function ORDER BY bytes DESC, s.function LIMIT 5"},
	{"Which are the ten largest blocks there ever were?",
	 "SELECT id, size, family, ended FROM blocks ORDER BY size DESC, id LIMIT 10"},
	{"What lived at the peak, by size?",
	 "SELECT size, count(*) AS blocks, sum(size) AS bytes FROM snapshot('peak') GROUP BY size ORDER BY bytes DESC, size LIMIT 5"},
	{"What was alive half-way through the run?",
	 "SELECT count(*) AS blocks, sum(size) AS bytes, max(age_ns) AS oldest_ns FROM snapshot('50%')"},
	{"Which call paths grew between a quarter and three quarters of the run?",
	 "SELECT p.function, d.bytes, d.born_blocks, d.died_blocks FROM diff('25%', '75%') d JOIN paths p ON p.node = d.site\n"
	 "WHERE d.bytes > 0 ORDER BY d.bytes DESC, d.site LIMIT 5"},
	{"How did the heap develop over time?",
	 "SELECT start_ns / 1000000 AS ms, max_live_bytes, blocks_begun, blocks_ended FROM timeline('2ms') LIMIT 8"},
	{"How long do blocks live?",
	 "SELECT CASE WHEN lifetime_ns < 1000 THEN '1: < 1 us' WHEN lifetime_ns < 1000000 THEN '2: < 1 ms'\n"
	 "WHEN lifetime_ns < 1000000000 THEN '3: < 1 s' ELSE '4: longer' END AS life, count(*) AS blocks, sum(size) AS bytes\n"
	 "FROM blocks WHERE ended IS NOT NULL GROUP BY life"},
	{"Which places allocate only to free at once (candidates for the stack)?",
	 "SELECT function, sum(temporary) AS temporary, sum(allocations) AS allocations FROM sites GROUP BY function\n"
	 "HAVING sum(temporary) > 0 ORDER BY sum(temporary) DESC, function LIMIT 5"},
	{"How many blocks did each thread allocate, and how many of other threads did it free?",
	 "SELECT id, main, allocations, allocated_bytes, ended_others_blocks FROM threads ORDER BY id LIMIT 5"},
	{"Which sizes are asked for most often?",
	 "SELECT size, count(*) AS blocks FROM blocks GROUP BY size ORDER BY blocks DESC, size LIMIT 5"},
	{"Which calls does the program use?",
	 "SELECT kind, count(*) AS events FROM events GROUP BY kind ORDER BY events DESC, kind"},
	{"What happened in a millisecond of the run?",
	 "SELECT class, count(*) AS events, sum(size) AS bytes FROM events\n"
	 "WHERE time_ns BETWEEN 3000000 AND 3999999 GROUP BY class ORDER BY class"},
	{"What is the life of block number 1000?",
	 "SELECT b.size, b.family, b.ended, b.lifetime_ns, p.path FROM blocks b JOIN paths p ON p.node = b.site WHERE b.id = 1000"},
	{"How much does realloc copy around?",
	 "SELECT count(*) AS moves, sum(size) AS bytes FROM blocks WHERE ended = 'realloc'"},
	{"Which blocks that live for the whole run were allocated in the first tenth of it?",
	 "SELECT count(*) AS blocks, sum(size) AS bytes FROM blocks\n"
	 "WHERE alive = 1 AND alloc_ns < (SELECT duration_ns / 10 FROM totals)"},
	{"Which modules allocate?",
	 "SELECT module, sum(allocations + reallocations) AS blocks, sum(peak_bytes) AS peak_bytes FROM sites\n"
	 "GROUP BY module ORDER BY peak_bytes DESC, module LIMIT 5"},
	{"What did the detectors find?",
	 "SELECT kind, certainty, count, message FROM findings ORDER BY id LIMIT 5"},
	{"What does the allocator's rounding add to what lives at the peak?",
	 "SELECT count(*) AS blocks, sum(size) AS bytes, sum(usable) - sum(size) AS added FROM snapshot('peak')"},
	{"What was measured of the process, and what could not be?",
	 "SELECT name, unit, samples, min, max, reason FROM monitor ORDER BY id"},
	{"How does resident memory go along with live bytes over time?",
	 "SELECT t.start_ns, t.max_live_bytes, (SELECT max(value) FROM samples\n"
	 "WHERE name = 'rss' AND time_ns >= t.start_ns AND time_ns < t.end_ns) AS rss FROM timeline('20%') t"},
	{"How much processor time went by between two samples?",
	 "SELECT time_ns, value - lag(value) OVER (ORDER BY time_ns) AS cpu_ns FROM samples WHERE name = 'cpu_user' LIMIT 4"},
	{"Which mappings held memory when the address space was looked at last?",
	 "SELECT name, sum(resident) AS resident, sum(end - start) AS mapped FROM regions\n"
	 "WHERE footprint = (SELECT max(id) FROM footprints) GROUP BY name ORDER BY resident DESC, name LIMIT 5"},
	{"Which modules held memory, and from when on?",
	 "SELECT name, max(max_live_bytes) AS peak, sum(blocks_begun) AS blocks, min(start_ns) / 1000000 AS first_ms\n"
	 "FROM series('2ms', 'module') GROUP BY name ORDER BY peak DESC"},
	{"Which tasks have blocks alive that they did not free, with all that they spawned?",
	 "SELECT key, name, live_bytes, all_live_bytes, round(efficiency, 2) AS freed FROM tasks ORDER BY all_live_bytes DESC"},
	{"Which scopes allocate most, and on how many calls?",
	 "SELECT path, calls, allocated_bytes, allocated_bytes / calls AS per_call, live_bytes FROM scopes WHERE calls > 0\n"
	 "ORDER BY allocated_bytes DESC"},
	{"What became of the block of a variable?",
	 "SELECT e.what, e.bytes, e.other, e.thread, e.from_thread FROM variables v JOIN biographies b ON b.variable = v.id\n"
	 "JOIN variable_events e ON e.biography = b.id WHERE v.name = 'items'"},
	{"How much of its memory does a pool use, and what did it hold when it was destroyed?",
	 "SELECT name, parent_bytes, peak_bytes, 100 * peak_bytes / parent_bytes AS percent, resets, destroyed_bytes FROM pools"},
};
const size_t query_example_count = sizeof query_examples / sizeof *query_examples;
