# Series (--by): text and JSON show the same numbers, the series of a group add up to the timeline, wrong groups are refused.
. "$ROOT/tests/cli/_lib.sh"

trace=$ROOT/tests/golden/v2/kinds.ms
groups=site,thread,module,size,family
for span in "" "--window=20us:60us"; do
	"$BIN/memscope-analyze" --by "$groups" --top 0 $span --json="$T/report.json" "$trace"
	"$BIN/memscope-analyze" --by "$groups" --top 0 $span --exact --width 0 --section series "$trace" | tr -d , >"$T/plain"
	for group in ${groups//,/ }; do
		jq -r ".timeline_by.$group.series[] | \"\(.peak_bytes) \(.end_bytes) \(.blocks_begun_sum)\"" "$T/report.json" >"$T/json_rows"
		sed -n "/^  by $group\$/,/^  by /s/^ *\([0-9]*\) B *\([0-9]*\) B *\([0-9]*\) .*/\1 \2 \3/p" "$T/plain" >"$T/text_rows"
		same "$T/json_rows" "$T/text_rows"
		[ -s "$T/json_rows" ] || wrong "there are no series by $group"
		# Every step: last levels and traffic of all series, against the timeline.
		cat >"$T/sums.jq" <<-'JQ'
			. as $r | ($r.timeline.start_ns | length) as $n
			| def dense($s; $key; $keep): reduce range(0; $n) as $i ({at: 0, last: 0, out: []};
				if $s.step[.at] == $i then .last = $s[$key][.at] | .at += 1 | .out += [.last]
				else .out += [if $keep then .last else 0 end] end) | .out;
			def sums($key; $keep): [$r.timeline_by[$group].series[] | dense(.; $key; $keep)] | transpose | map(add);
			(sums("last_live_bytes"; true) == $r.timeline.last_live_bytes) and
			(sums("last_live_blocks"; true) == $r.timeline.last_live_blocks) and
			(sums("blocks_begun"; false) == $r.timeline.blocks_begun) and
			(sums("blocks_ended"; false) == $r.timeline.blocks_ended) and
			(sums("bytes_begun"; false) == $r.timeline.bytes_begun) and
			(sums("bytes_ended"; false) == $r.timeline.bytes_ended)
		JQ
		eq "sums by $group $span" true "$(jq --arg group "$group" -f "$T/sums.jq" "$T/report.json")"
	done
	eq "bytes begun $span" "$(value .totals.allocated_bytes)" "$(value '.timeline.bytes_begun | add')"
	eq "bytes ended $span" "$(value .totals.freed_bytes)" "$(value '.timeline.bytes_ended | add')"
done

# What was not asked for is not there.
"$BIN/memscope-analyze" --by thread --json="$T/report.json" "$trace"
eq "groups" thread "$(value '.timeline_by | keys | join(",")')"
"$BIN/memscope-analyze" "$trace" >"$T/text"
! grep -q ^SERIES "$T/text" || wrong "series that nobody asked for"
"$BIN/memscope-analyze" --section series "$trace" >"$T/text"
has "$T/text" "^SERIES  none was asked for"
status=0
"$BIN/memscope-analyze" --by thread,colour "$trace" >"$T/text" 2>"$T/err" || status=$?
eq "status of a wrong group" 2 "$status"
has "$T/err" "no series are by 'colour': there are site, thread, module, size, family"
