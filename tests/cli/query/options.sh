# Formats, limits, exit codes, and what is refused.
. "$ROOT/tests/cli/_lib.sh"
trace=$ROOT/tests/golden/v1/jq.ms
status() { # EXPECTED COMMAND...
	local expected=$1 got=0
	shift
	"$BIN/memscope-query" "$@" >"$T/out" 2>"$T/err" || got=$?
	eq "status of $*" "$expected" "$got"
}
status 0 "$trace" "SELECT id, path FROM modules ORDER BY id LIMIT 2" --format=csv
eq "csv" "id,path" "$(head -1 "$T/out")"
status 0 "$trace" "SELECT 1 AS a, 'x \"y\", z' AS b, NULL AS c, 2.5 AS d" --format=csv
eq "csv quotes" '1,"x ""y"", z",,2.5' "$(tail -1 "$T/out")"
status 0 "$trace" "SELECT 1 AS a, 'x \"y\"' AS b, NULL AS c, 2.5 AS d" --format=json
eq "json" '[{"a":1,"b":"x \"y\"","c":null,"d":2.5}]' "$(jq -c . "$T/out")"
status 0 "$trace" "SELECT event FROM events WHERE event < 3" --format=jsonl
eq "jsonl" '0 1 2' "$(jq .event "$T/out" | paste -sd' ')"
status 0 "$trace" "SELECT 1 WHERE 0" --format=json
eq "no rows" '[]' "$(jq -c . "$T/out")"
status 0 "$trace" "SELECT char(27) || '[2J' AS x"
has_not "$T/out" "$(printf '\033')"
status 0 "$trace" "SELECT event FROM events" --max-rows=5
eq "rows and header" 6 "$(wc -l <"$T/out")"
has "$T/err" 'more than 5 rows'
status 0 "$trace" "SELECT event FROM events"
eq "rows of a table" 1001 "$(wc -l <"$T/out")"
status 0 "$trace" "SELECT event FROM events" --format=csv
eq "rows of csv" 16310 "$(wc -l <"$T/out")"
status 0 -o "$T/file" "$trace" "SELECT count(*) AS n FROM blocks" --format=csv
eq "file" 8150 "$(tail -1 "$T/file")"
status 0 "$trace" "SELECT event FROM events LIMIT 1" -o /dev/null

# wrong SQL, wrong use
for sql in "SELEC 1" "SELECT x FROM blocks" "SELECT * FROM nothing" "DELETE FROM blocks" "ATTACH 'a.db' AS a" "PRAGMA journal_mode = WAL" \
	"SELECT 1; SELECT 2" "SELECT * FROM snapshot('soon')" "SELECT * FROM snapshot" "SELECT load_extension('x')"; do
	status 2 "$trace" "$sql"
	eq "output before the refusal of $sql" "" "$(cat "$T/out")"
	[ -s "$T/err" ] || wrong "no message for: $sql"
done
status 2 "$trace"
status 2
status 2 "$trace" "SELECT 1" "SELECT 2"
status 2 --format=xml "$trace" "SELECT 1"
status 2 --max-rows=x "$trace" "SELECT 1"
status 2 "$trace" ".schema nothing"
status 0 .tables
status 0 "$trace" ".schema blocks"
has "$T/out" 'lifetime_ns'

# unreadable, damaged
status 3 "$T/missing.ms" "SELECT 1"
printf 'not a trace' >"$T/bad.ms"
status 3 "$T/bad.ms" "SELECT 1"
cp "$trace" "$T/hurt.ms"
offset=$("$BIN/memscope-trace" info --json "$trace" >/dev/null 2>&1; "$BIN/memscope-query" --format=csv "$trace" "SELECT 20000" | tail -1)
printf 'XXXXXXXX' | dd of="$T/hurt.ms" bs=1 seek="$offset" conv=notrunc status=none
status 3 "$T/hurt.ms" "SELECT sum(size) FROM blocks"
has "$T/err" 'offset [0-9]+'
head -c 30000 "$trace" >"$T/cut.ms"
status 0 "$T/cut.ms" "SELECT count(*) FROM modules"
has "$T/err" 'before the damage'

# limits
status 4 --timeout=0.2 "$trace" "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT sum(i) FROM n"
has "$T/err" 'stopped after'
status 4 --max-memory=8 "$trace" "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n ORDER BY i DESC"
has "$T/err" 'more than 8 MiB \(--max-memory\)'
status 2 --max-memory=much "$trace" "SELECT 1"
status 0 --max-rows=3 --format=csv "$trace" "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"
eq "rows of an endless one" 4 "$(wc -l <"$T/out")"
status 4 --timeout=0.000001 "$trace" "SELECT live_bytes FROM totals"
has "$T/err" 'stopped after'
status 0 -v "$trace" "SELECT count(*) FROM modules"
has "$T/err" '^memscope-query: 0 events read, the trace has 16309$'
status 0 -v -q "$trace" "SELECT count(*) FROM modules"
eq "quiet" 0 "$(wc -c <"$T/err")"
"$BIN/memscope-query" "$trace" "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT sum(i) FROM n" >"$T/out" 2>"$T/err" &
pid=$!
sleep 0.5
kill -INT $pid 2>/dev/null || true
sleep 1
if kill -0 $pid 2>/dev/null; then # SIGINT is ignored in background jobs of a shell without job control until a handler is set
	wrong "SIGINT does not end a query"
	kill -KILL $pid
fi
got=0
wait $pid || got=$?
eq "status after SIGINT" 4 "$got"
has "$T/err" 'interrupted'
got=0
"$BIN/memscope-query" "$trace" "SELECT 1" >/dev/full 2>"$T/err" || got=$?
eq "status of a full disk" 4 "$got"
"$BIN/memscope-query" --format=csv "$trace" "SELECT * FROM events" | head -1 >"$T/out"
