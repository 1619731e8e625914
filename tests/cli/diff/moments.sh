# Two moments of one trace: what came between them, by call path; conditions on it; a trace against itself at one moment.
. "$ROOT/tests/cli/_lib.sh"

D=$BIN/memscope-diff
cat >"$T/app.c" <<-C
	#include <stdlib.h>
	#define keep(p) __asm__ volatile("" : : "r"(p) : "memory")
	static void *kept[300];
	__attribute__((noipa)) void early(int i) { kept[i] = malloc(100); keep(kept[i]); }
	__attribute__((noipa)) void late(int i) { kept[100 + i] = malloc(7); keep(kept[100 + i]); }
	__attribute__((noipa)) void drop(int i) { free(kept[i]); }
	int main(void)
	{
		for (int i = 0; i < 100; i++) early(i);
		for (int i = 0; i < 200; i++) late(i);
		for (int i = 0; i < 100; i++) drop(i);
		return 0;
	}
C
cc -g -O1 -fno-builtin -o "$T/app" "$T/app.c" || give_up "cc fails"
record "$T/app"
nth() { # SIZE N: the number of the event that is the Nth malloc of this size
	"$BIN/memscope-trace" dump --json "$trace" | jq -s --argjson size "$1" --argjson n "$2" \
		'[.[] | select(.kind == "malloc" and .size_bytes == $size)][$n - 1].event'
}
a=event:$(nth 100 100)
b=event:$(nth 7 200)
run() { # EXPECTED-STATUS ARGUMENT...
	local want=$1 got=0
	shift
	"$D" "$@" >"$T/out" 2>"$T/err" || got=$?
	eq "status of memscope-diff $*" "$want" "$got"
}

run 1 --at="$a" --vs="$b" --fail-on 'live-blocks>+199' --json="$T/between.json" "$trace"
has "$T/err" "holds: it is [0-9]+, and was [0-9]+$"
eq "what came between" "new 200 1400 late" "$(jq -r '.changes[] | "\(.change) \(.metrics."live-blocks".new.median) \(.metrics."live-bytes".new.median) \(.new.stack[0].function)"' "$T/between.json")"
eq "moments" "true true" "$(jq -r '"\(.old.runs[0].as_of_ns > 0) \(.new.runs[0].as_of_ns >= .old.runs[0].as_of_ns)"' "$T/between.json")"
run 0 --at="$b" --vs=end --json="$T/end.json" --text="$T/end.txt" --sort=live-blocks "$trace"
eq "what was freed after" "shrunk 100 0 early" "$(jq -r '.changes[] | "\(.change) \(.metrics."live-blocks".old.median) \(.metrics."live-blocks".new.median) \(.new.stack[0].function)"' "$T/end.json")"
has "$T/end.txt" '^old  .*, as of '
run 0 --at=peak --vs=peak --json="$T/same.json" "$trace"
eq "the peak and the peak" 0 "$(jq .call_paths.changed "$T/same.json")"

run 2 --at=peak "$trace"
has "$T/err" 'go together, with one trace'
run 2 --at=start --vs=end "$trace" "$trace"
run 2 --at=soon --vs=end "$trace"
has "$T/err" '--at: '
run 2 --at=mark:none --vs=end "$trace"
/usr/bin/python3 "$ROOT/tests/cli/analyze/_validate.py" "$ROOT/schemas/diff.schema.json" "$T"/*.json || wrong "a comparison does not follow the schema"
