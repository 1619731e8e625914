# A blank line, a function in another file, an inlined helper, another folder: no change. An extra strdup per record among them:
# that call path first, and --fail-on says so.
. "$ROOT/tests/cli/_lib.sh"
. "$ROOT/tests/cli/diff/_builds.sh"

D=$BIN/memscope-diff
build before "$T/one"
build moved "$T/two/deeper"
build worse "$T/three"
TRACE=$T/before.ms record "$T/one/records"
TRACE=$T/moved.ms record "$T/two/deeper/records"
TRACE=$T/worse.ms record "$T/three/records"
for build in before moved worse; do eq "events of $build are there" true "$([ "$("$BIN/memscope-trace" info --json "$T/$build.ms" | jq .events)" -gt 1000 ] && echo true)"; done

# The builds do differ: other lines, other files, an inlined frame.
for build in before moved; do
	report "$T/$build.ms"
	value '[.sites[].stack[] | select(.function == "copy_field" or .function == "scratch") | [.function, (.file | split("/") | last), .inlined]] | unique | tostring' >"$T/$build.frames"
done
has "$T/before.frames" '"copy_field","text.c",false'
has "$T/moved.frames" '"copy_field","records.c",false'
has "$T/before.frames" '"scratch","records.c",false'
has "$T/moved.frames" '"scratch","records.c",true'

status=0
"$D" --json="$T/moved.json" --text="$T/moved.txt" --fail-on 'allocations>+0' --fail-on 'peak>+0%' --fail-on 'allocated-bytes!=+0' \
	"$T/before.ms" "$T/moved.ms" >"$T/out" 2>"$T/err" || status=$?
eq "status without a change" 0 $status
eq "changes" 0 "$(jq '.changes | length' "$T/moved.json")"
eq "changed call paths" 0 "$(jq .call_paths.changed "$T/moved.json")"
eq "call paths paired by similar names" 0 "$(jq .call_paths.paired_by_similar_names "$T/moved.json")"
eq "totals that changed" 0 "$(jq '[.totals[] | select(.observable and .change != "same")] | length' "$T/moved.json")"
has "$T/moved.txt" '^DIFFERENCES  none: no call path changed$'

status=0
"$D" --json="$T/worse.json" --text="$T/worse.txt" --markdown="$T/worse.md" --fail-on 'allocations>+0' "$T/before.ms" "$T/worse.ms" \
	>"$T/out" 2>"$T/err" || status=$?
eq "status with the regression" 1 $status
has "$T/err" "^memscope-diff: --fail-on 'allocations>\+0' holds: it is [0-9]+, and was [0-9]+$"
eq "changed call paths" 1 "$(jq .call_paths.changed "$T/worse.json")"
eq "what it is" "new 500 0" "$(jq -r '.changes[0] | "\(.change) \(.metrics.allocations.new.median) \(.metrics.allocations.old.median)"' "$T/worse.json")"
eq "where it is" "read_record read_all main" "$(jq -r '[.changes[0].new.stack[].function | select(. == "read_record" or . == "read_all" or . == "main")] | join(" ")' "$T/worse.json")"
eq "bytes" $((500 * 36)) "$(jq '.changes[0].metrics."allocated-bytes".new.median' "$T/worse.json")"
has "$T/worse.txt" '^NEW  1 call path'
has "$T/worse.md" '^### Heap: 1 call path changed$'
has "$T/worse.md" '^- `allocations>\+0` \*\*holds\*\*'

# Without debug information nothing tells that the helper was inlined: its frame is gone, and its numbers say where it went.
DEBUG=
build before "$T/four"
build worse "$T/five"
TRACE=$T/bare.ms record "$T/four/records"
TRACE=$T/bare_worse.ms record "$T/five/records"
"$D" --json="$T/bare.json" --text="$T/bare.txt" "$T/bare.ms" "$T/bare_worse.ms"
eq "changed without debug information" "1 new 500" "$(jq -r '"\(.call_paths.changed) \(.changes[0] | "\(.change) \(.metrics.allocations.new.median)")"' "$T/bare.json")"
eq "the helper was paired by similar names" 1 "$(jq .call_paths.paired_by_similar_names "$T/bare.json")"

# The other way round it is gone, and by as much.
"$D" --json="$T/better.json" "$T/worse.ms" "$T/before.ms"
eq "the other way round" "gone 500" "$(jq -r '.changes[0] | "\(.change) \(.metrics.allocations.old.median)"' "$T/better.json")"

# A trace and itself.
"$D" --json="$T/same.json" "$T/worse.ms" "$T/worse.ms"
eq "a trace and itself" "0 0" "$(jq -r '"\(.call_paths.changed) \([.totals[] | select(.observable and .change != "same")] | length)"' "$T/same.json")"
