# Annotations of memscope.h from C and C++: what the trace holds is what the program says it did, however it was compiled.
. "$ROOT/tests/cli/_lib.sh"

# told PROGRAM: recorded, the trace says what the program says
told() {
	record "${options[@]}" "$@"
	eq "$*: status" 0 $status
	"$BIN/memscope-trace" dump --json "$trace" | jq -nr -f "$ROOT/tests/cli/record/_annotations.jq" >"$T/got"
	[ -s "$T/out" ] || wrong "$*: it said nothing"
	cmp -s "$T/out" "$T/got" || wrong "$*: $(diff "$T/out" "$T/got" | head -20)"
	"$BIN/memscope-trace" check "$trace" >"$T/check.out" 2>&1 || wrong "memscope-trace check: $(cat "$T/check.out")"
}
options=()
told "$PROGRAMS/annotate"
told "$PROGRAMS/annotate_cxx"
for option in --guard=canary --backend=core --backend=async; do
	options=($option)
	told "$PROGRAMS/annotate"
done
options=()
for flags in "-O0 -std=c99 -D_GNU_SOURCE" "-O2 -fno-pie -no-pie"; do
	gcc -g $flags -o "$T/annotate" "$ROOT/tests/programs/annotate.c" -pthread
	told "$T/annotate"
done
g++ -g -O2 -std=c++20 -fno-pie -no-pie -o "$T/annotate_cxx" "$ROOT/tests/programs/annotate_cxx.cpp"
told "$T/annotate_cxx"

record "$PROGRAMS/annotate"
eq "begun while paused" 0 "$(events '.class == "alloc" and .size_bytes == 77')"
eq "its free is there" 1 "$(jq -s '[.[] | select(.class == "free" and .matched == false)] | length' "$T/events.jsonl")"

# Places that several threads and handlers meet for the first time at once.
record "$PROGRAMS/annotate" storm
eq "storm: status" 0 $status
eq "storm: tracked" "$(said tracked)" "$(events '.kind == "track"')"
eq "storm: scopes" "$(said scopes)" "$(events '.kind == "scope-begin" and .name == "storm"')"
eq "storm: scopes end" "$(said scopes)" "$(events '.kind == "scope-end" and .name == "storm"')"
eq "storm: tasks" "$(said entered)" "$(events '.kind == "task-enter"')"
eq "storm: left" "$(said entered)" "$(events '.kind == "task-leave"')"
eq "storm: five tasks" "0 1 1010 2 3" "$(jq -r 'select(.kind == "task-key") | .key' "$T/events.jsonl" | sort | tr '\n' ' ' | sed 's/ $//')"
eq "storm: variables by name and type" '1 block|char *
1 other|char *' "$(jq -r 'select(.kind == "track") | "\(.variable.name)|\(.variable.type)"' "$T/events.jsonl" | sort | uniq | sed 's/^/1 /')"

# When entries may be dropped, what is left still has its name: places wait.
record --on-full=drop "$PROGRAMS/annotate" storm
eq "dropping: without a name" 0 "$(events '.kind == "track" and .variable.name == ""')"

# A child that is followed: its trace knows the places and the task, although they were described in the parent.
TRACE=$T/fork-%p.ms record --follow "$PROGRAMS/annotate" fork
for who in parent child; do
	trace=$T/fork-$(said $who).ms
	rm -f "$T/events.jsonl"
	eq "$who: variable" "block char *" "$(events true >/dev/null; jq -r 'select(.kind == "track") | "\(.variable.name) \(.variable.type)"' "$T/events.jsonl")"
	eq "$who: scope" 'brief' "$(jq -r 'select(.kind == "scope-begin") | .name' "$T/events.jsonl")"
	eq "$who: task" '5 brief' "$(jq -r 'select(.kind == "task-key" or .kind == "task-name") | .key // .name' "$T/events.jsonl" | sort | tr '\n' ' ' | sed 's/ $//')"
	eq "$who: its block" 1 "$(jq -rs '[.[] | select(.kind == "track") | .tracked_block] as $t | [.[] | select(.block == $t[0] and .class == "alloc" and .size_bytes == 33)] | length' "$T/events.jsonl")"
done

# Recorded without names, then symbolized.
record --no-symbols "$PROGRAMS/annotate"
eq "without symbols" "" "$("$BIN/memscope-trace" dump --json "$trace" | jq -r 'select(.kind == "track" and .variable.name == "text") | .variable.type')"
"$BIN/memscope-trace" symbolize "$trace" 2>"$T/symbolize"
has "$T/symbolize" "types of 10 of 12 variables that had none"
eq "symbolized" "char *" "$("$BIN/memscope-trace" dump --json "$trace" | jq -r 'select(.kind == "track" and .variable.name == "text") | .variable.type')"
