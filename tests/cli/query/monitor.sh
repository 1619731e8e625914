# The tables of the system monitor show the samples as the report does; time and series lead to their part of them.
. "$ROOT/tests/cli/_lib.sh"
ask() { "$BIN/memscope-query" --format=csv "$trace" "$1" | tail -n +2; }
compare() {
	report "$trace"
	value '.system[] | "\(.name),\(.unit),\(.cumulative | if . then 1 else 0 end),\(.samples),\(.first // ""),\(.last // ""),\(.min // ""),\(.max // "")"' | sort >"$T/report.rows"
	ask 'SELECT name, unit, cumulative, samples, first, last, min, max FROM monitor' | sort >"$T/query.rows"
	same "$T/report.rows" "$T/query.rows"
	ask 'SELECT m.id, m.samples, m.first_ns, m.last_ns, m.min, m.max FROM monitor m WHERE m.samples > 0 ORDER BY 1' >"$T/monitor.rows"
	ask 'SELECT series, count(*), min(time_ns), max(time_ns), min(value), max(value) FROM samples GROUP BY series ORDER BY 1' >"$T/samples.rows"
	same "$T/monitor.rows" "$T/samples.rows"
	middle=$(ask "SELECT time_ns FROM samples WHERE name = 'rss' ORDER BY time_ns LIMIT 1 OFFSET 3")
	for condition in "< $middle" "<= $middle" "= $middle" ">= $middle" "> $middle" "BETWEEN $middle AND $middle + 60000000"; do
		for series in 1 2 3; do
			for other in "series = $series" "name = (SELECT name FROM monitor WHERE id = $series)" "series <= $series"; do
				eq "time_ns $condition, $other" "$(ask "SELECT count(*), sum(value), max(time_ns) FROM samples WHERE +time_ns $condition AND +$other")" \
					"$(ask "SELECT count(*), sum(value), max(time_ns) FROM samples WHERE time_ns $condition AND $other")"
			done
		done
	done
	eq "a time between" "$(ask "SELECT count(*) FROM samples WHERE name = 'rss' AND time_ns > $middle - 1")" "$(ask "SELECT count(*) FROM samples WHERE name = 'rss' AND +time_ns >= $middle")"
	eq "regions" "$(ask 'SELECT id, time_ns, regions, resident, anonymous, swapped FROM footprints ORDER BY id')" \
		"$(ask 'SELECT footprint, time_ns, count(*), sum(resident), sum(anonymous), sum(swapped) FROM regions GROUP BY footprint ORDER BY 1')"
	eq "regions of one" "$(ask 'SELECT count(*) FROM regions WHERE +footprint = 1')" "$(ask 'SELECT count(*) FROM regions WHERE footprint = 1')"
	eq "no such series" 0 "$(ask 'SELECT count(*) FROM samples WHERE series = 99')"
	eq "no such footprint" 0 "$(ask 'SELECT count(*) FROM regions WHERE footprint = 0 OR footprint > 100000')"
}
trace=$ROOT/tests/golden/v2/samples.ms
compare
eq "a reason" "Permission denied" "$(ask "SELECT reason FROM monitor WHERE name = 'swap'")"
head -c 1048576 /dev/zero >"$T/input"
record --monitor=20 "$PROGRAMS/system_pattern" "$T/input"
ge "samples" 8 "$(ask "SELECT count(*) FROM samples WHERE name = 'rss'")"
compare
# resident memory is there when the program's live bytes are
high=$(ask "SELECT max(s.value) >= 209715200 FROM samples s WHERE s.name = 'rss'")
eq "200 MiB are resident at a time" 1 "$high"
record --monitor=off "$PROGRAMS/churn" 10 10
eq "samples without the monitor" 0 "$(ask 'SELECT count(*) FROM samples')"
