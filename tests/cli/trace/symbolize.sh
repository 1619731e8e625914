# symbolize: names that a recording left out are added later; in place or into another file; nothing else changes.
. "$ROOT/tests/cli/_lib.sh"
sites() { "$BIN/memscope-trace" dump --json --stacks "$1" | jq -c '[.frames[]? | .function // "?"]' | sort | uniq -c; }
record "$PROGRAMS/churn" 4000 50
sites "$trace" >"$T/with"
has "$T/with" churn_alloc
record --no-symbols "$PROGRAMS/churn" 4000 50
cp "$trace" "$T/before.ms"
"$BIN/memscope-trace" dump --json "$trace" >"$T/events.before"
eq "symbols before" 0 "$("$BIN/memscope-trace" info --json "$trace" | jq .frames_with_function)"
eq "symbolized before" false "$("$BIN/memscope-trace" info --json "$trace" | jq .end.symbolized)"

echo "# into another file"
"$BIN/memscope-trace" symbolize "$trace" -o "$T/named.ms" 2>"$T/err"
has "$T/err" "[0-9]+ of [0-9]+ frames have a function"
same "$trace" "$T/before.ms"
sites "$T/named.ms" >"$T/later"
same "$T/with" "$T/later"
"$BIN/memscope-trace" dump --json "$T/named.ms" >"$T/events.after"
same "$T/events.before" "$T/events.after"
eq "symbolized after" true "$("$BIN/memscope-trace" info --json "$T/named.ms" | jq .end.symbolized)"
eq "mode" 600 "$(stat -c %a "$T/named.ms")"
for field in .process .events .threads .stacks .frames .has_index .end.blocks .end.peak_bytes .end.exit_code; do
	eq "$field" "$("$BIN/memscope-trace" info --json "$trace" | jq -c $field)" "$("$BIN/memscope-trace" info --json "$T/named.ms" | jq -c $field)"
done

echo "# --libc-lines: files and lines of the C library, where its debug information is at hand"
"$BIN/memscope-trace" symbolize -q --libc-lines "$T/before.ms" -o "$T/lines.ms"
in_libc() { "$BIN/memscope-trace" dump --json --stacks "$1" | jq -c '[.frames[]? | select((.module // "") | test("libc[-.]")) | .file | select(. != "")] | length' | awk '{n += $1} END {print n + 0}'; }
eq "lines of libc without being asked" 0 "$(in_libc "$T/named.ms")"
libc=$(ldd "$BIN/memscope-trace" | awk '$1 == "libc.so.6" {print $3}')
id=$(readelf -n "$libc" | awk '/Build ID/ {print $3}')
if [ -e "/usr/lib/debug/.build-id/${id:0:2}/${id:2}.debug" ]; then
	[ "$(in_libc "$T/lines.ms")" -gt 0 ] || wrong "no line of libc"
	sites "$T/lines.ms" >"$T/names"
	same "$T/later" "$T/names" # the same functions
else
	echo "no debug information of libc here"
fi

echo "# in place, through a link; no temporary file stays"
ln -s trace.ms "$T/link.ms"
chmod 640 "$trace"
"$BIN/memscope-trace" symbolize -q "$T/link.ms" 2>"$T/err"
[ ! -s "$T/err" ] || wrong "-q: $(cat "$T/err")"
[ -L "$T/link.ms" ] || wrong "the link was replaced"
same "$trace" "$T/named.ms"
eq "mode is kept" 640 "$(stat -c %a "$trace")"
eq "temporary files" 0 "$(find "$T" -name '*.tmp' | wc -l)"

echo "# again, on a machine without the program: what is known stays"
mkdir "$T/elsewhere"
cp "$PROGRAMS/churn" "$T/elsewhere/program"
record "$T/elsewhere/program" 400 5
sites "$trace" >"$T/known"
rm "$T/elsewhere/program"
"$BIN/memscope-trace" symbolize "$trace" --debug-dir /nonexistent 2>"$T/err"
has "$T/err" "as before"
sites "$trace" >"$T/still"
same "$T/known" "$T/still"

echo "# a trace without its end stays one"
head -c $(($(stat -c %s "$T/before.ms") * 9 / 10)) "$T/before.ms" >"$T/cut.ms"
"$BIN/memscope-trace" symbolize "$T/cut.ms" -o "$T/cut.named.ms" 2>"$T/err"
has "$T/err" "warning: damaged"
eq ended truncated "$("$BIN/memscope-trace" info --json "$T/cut.named.ms" 2>/dev/null | jq -r .end.ended)"
eq events "$("$BIN/memscope-trace" info --json "$T/cut.ms" 2>/dev/null | jq .events)" "$("$BIN/memscope-trace" info --json "$T/cut.named.ms" 2>/dev/null | jq .events)"

echo "# what cannot be written: status 4, and the trace is as it was"
for target in /nonexistent/x.ms "$T/elsewhere"; do
	status=0
	"$BIN/memscope-trace" symbolize "$T/before.ms" -o "$target" 2>"$T/err" || status=$?
	eq "status for $target" 4 $status
	has "$T/err" "cannot write $target"
done
status=0
(ulimit -f 1; trap '' XFSZ; "$BIN/memscope-trace" symbolize "$T/named.ms" 2>"$T/err") || status=$?
eq "status when the disk is full" 4 $status
same "$T/named.ms" "$T/named.ms"
"$BIN/memscope-trace" info "$T/named.ms" >/dev/null
eq "temporary files" 0 "$(find "$T" -name '*.tmp' | wc -l)"
