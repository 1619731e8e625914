# Pointers in frames of stacks, of main and of threads that wait; the holder is the function.
. "$ROOT/tests/cli/_lib.sh"
. "$ROOT/tests/cli/leaks/_leaks.sh"

compare leak_stacks "1 444" "0 0" "3 909" "3 666" possible 0 -32
for size in 111 222; do
	block=$(value ".holders.blocks[] | select(.size_bytes == $size) | .block")
	"$BIN/memscope-analyze" --why="$block" --json "$trace" | jq -r '"\(.holder.kind) \(.holder.name) \(.way | length)"'
done >"$T/ways"
eq "frames" "stack main 1;stack deeper 1;" "$(tr '\n' ';' <"$T/ways")"
