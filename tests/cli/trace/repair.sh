# repair: a trace that was cut or that rotted gives back every event up to the damage, with an index; the original stays as it is.
. "$ROOT/tests/cli/_lib.sh"
ms() { "$BIN/memscope-trace" "$@"; }
record "$PROGRAMS/churn" 400000 5000
ms dump --json "$trace" >"$T/all"
events=$(wc -l <"$T/all")
size=$(stat -c %s "$trace")
ge "event blocks to choose from" 4 "$(ms info --json "$trace" | jq '.blocks[] | select(.kind == "Events") | .count')"

# repaired CUT: CUT comes back as $T/repaired.ms with a prefix of the events; prints how many
repaired() {
	local before left
	before=$(cksum <"$1")
	ms repair "$1" -o "$T/repaired.ms" 2>"$T/err" || wrong "repair $1: status $?: $(cat "$T/err")"
	eq "the original is untouched" "$before" "$(cksum <"$1")"
	ms check "$T/repaired.ms" >"$T/check" 2>&1 || wrong "check of repaired $1: $(cat "$T/check")"
	eq index true "$(ms info --json "$T/repaired.ms" 2>/dev/null | jq .has_index)"
	ms dump --json "$T/repaired.ms" >"$T/left" 2>/dev/null
	left=$(wc -l <"$T/left")
	cmp -s <(head -n "$left" "$T/all") "$T/left" || wrong "repaired $1 has other events"
	has "$T/err" "kept $left events"
	echo "$left"
}

echo "# cut at some places"
for percent in 20 60 95; do
	head -c $((size * percent / 100)) "$trace" >"$T/cut.ms"
	left=$(repaired "$T/cut.ms")
	ge "events left of $percent %" $((events * (percent - 20) / 100)) "$left"
	le "events left of $percent %" "$events" "$left"
	has "$T/err" "no end"
	has "$T/check" "cut short"
	eq ended truncated "$(ms info --json "$T/repaired.ms" 2>/dev/null | jq -r .end.ended)"
done

echo "# without its last byte: nothing is lost but the index"
head -c $((size - 1)) "$trace" >"$T/cut.ms"
eq "events" "$events" "$(repaired "$T/cut.ms")"
has "$T/err" "the end is there"
same "$trace" "$T/repaired.ms"

echo "# a byte in the middle: the events before it"
cp "$trace" "$T/rotten.ms"
printf '\xaa\x55\xaa\x55' | dd of="$T/rotten.ms" bs=1 seek=$((size / 2)) conv=notrunc status=none
status=0
ms check "$T/rotten.ms" >"$T/check" 2>&1 || status=$?
eq "check" 3 $status
has "$T/check" "at offset [0-9]+"
left=$(repaired "$T/rotten.ms")
ge "events left" $((events / 4)) "$left"
le "events left" $((events * 3 / 4)) "$left"
has "$T/err" "lost $((events - left)) events"
report "$T/repaired.ms"
eq "the report can be made" "$left" "$(value .trace.events)"
eq "and says so" truncated "$(value .trace.ended)"

echo "# a whole trace comes back as it is"
eq "events" "$events" "$(repaired "$trace")"
same "$trace" "$T/repaired.ms"

echo "# usage"
status=0
ms repair "$trace" 2>"$T/err" || status=$?
eq "without --output" 2 $status
has "$T/err" "output is needed"
