# memscope.h in a program that nobody records: no library more, only weak symbols, a branch; and every example of docs/ANNOTATIONS.md compiles and runs.
. "$ROOT/tests/cli/_lib.sh"
INCLUDE=$ROOT/record/include
WARN="-pedantic-errors -Wall -Wextra -Wshadow -Werror"

cat >"$T/use.c" <<'C'
#include "memscope.h"
int work(char *p, char *q);
int work(char *p, char *q)
{
	MEMSCOPE_SCOPE("work");
	MEMSCOPE_TASK(7, "task");
	{ MEMSCOPE_TASK(8, "task"); MEMSCOPE_SCOPE("of the same line"); }
	MEMSCOPE_TRACK(p);
	MEMSCOPE_TRACK_AS(q, "other", "char *");
	MEMSCOPE_CLONE(p, q);
	MEMSCOPE_MOVE(p, q, 1);
	MEMSCOPE_BORROW(p);
	MEMSCOPE_RETURN(p);
	MEMSCOPE_MARK("here");
	memscope_track(p, "p", "char *");
	memscope_scope_begin("a");
	memscope_scope_end();
	memscope_task_spawn(1, "a");
	memscope_task_spawn_child(2, "b", MEMSCOPE_NO_TASK);
	memscope_task_enter(1);
	memscope_task_leave(1);
	memscope_task_end(1);
	memscope_snapshot("s");
	memscope_pause();
	memscope_resume();
	memscope_pool pool = memscope_pool_create(p, "pool");
	memscope_pool_alloc(pool, p + 1, 3);
	memscope_pool_free(pool, p + 1);
	memscope_pool_reset(pool);
	memscope_pool_destroy(pool);
	return memscope_graph() + memscope_recorded() + (pool != 0);
}
int main(void)
{
	char a[8] = "", b[8] = "";
	return work(a, b);
}
C
needed() { readelf -d "$1" | grep NEEDED; }
echo 'int main(void) { return 0; }' >"$T/bare.c"
gcc -o "$T/bare" "$T/bare.c"
for how in "gcc -std=c99" "gcc -std=gnu17 -O2" "gcc -std=c99 -O2 -fno-pie -no-pie" "g++ -x c++ -std=c++11" "g++ -x c++ -std=c++20 -O2"; do
	$how $WARN -I "$INCLUDE" -o "$T/use" "$T/use.c" || wrong "$how"
	"$T/use" || wrong "$how: status $?"
	eq "$how: symbols that are not weak" "" "$(nm "$T/use" | grep -i 'memscope_[a-z]*request' | grep -v ' [wv] ' || true)"
	case $how in gcc*) eq "$how: libraries that it needs" "$(needed "$T/bare")" "$(needed "$T/use")" ;; esac
	$how $WARN -Wno-unused-parameter -DMEMSCOPE_DISABLE -I "$INCLUDE" -o "$T/off" "$T/use.c" || wrong "$how, switched off"
	"$T/off" || wrong "$how, switched off: status $?"
	eq "$how, switched off: symbols" "" "$(nm "$T/off" | grep -i 'memscope_[a-z]*request' || true)"
done

printf 'extern "C" {\n#include "memscope.h"\n}\nint main() { int *p = nullptr; MEMSCOPE_TRACK(p); MEMSCOPE_SCOPE("s"); return 0; }\n' >"$T/inside.cpp"
g++ -std=c++11 $WARN -I "$INCLUDE" -o "$T/inside" "$T/inside.cpp" || wrong 'inside of extern "C"'

# A track in a function: a comparison with 0 and a jump, and the rest of it is out of the way.
cat >"$T/hot.c" <<'C'
#include "memscope.h"
char *hot(char *p) { MEMSCOPE_TRACK(p); return p + 1; }
C
gcc -O2 -I "$INCLUDE" -c -o "$T/hot.o" "$T/hot.c"
objdump -d --no-show-raw-insn "$T/hot.o" | sed -n '/<hot>:/,/ret/p' | sed -n 's/^ *[0-9a-f]*:\t\([a-z]*\).*/\1/p' >"$T/instructions"
eq "jumps up to the first return" 1 "$(grep -c '^j' "$T/instructions")"
eq "calls up to the first return" 0 "$(grep -c '^call' "$T/instructions" || true)"
le "instructions up to the first return" 8 "$(wc -l <"$T/instructions")"

# The examples.
awk -v T="$T" '/^```c(pp)?$/ { n++; name = T "/example" n ($0 == "```c" ? ".c" : ".cpp"); on = 1; next } /^```$/ { on = 0 } on { print > name }' "$ROOT/docs/ANNOTATIONS.md"
eq "examples" 5 "$(ls "$T"/example* | wc -l)"
for f in "$T"/example*; do
	case $f in *.c) compiler="gcc -std=gnu99" ;; *) compiler="g++ -std=c++11" ;; esac
	$compiler -Wall -Wextra -Werror -g -I "$INCLUDE" -o "$T/example" "$f" || wrong "$f does not compile"
	"$T/example" || wrong "$f: status $?"
	record "$T/example"
	eq "$f: recorded" 0 $status
	rm -f "$T/events.jsonl"
	events true >/dev/null
	jq -r 'select(.kind == "track") | "\(.variable.name): \(.variable.type)"' "$T/events.jsonl" >>"$T/variables"
	jq -r 'select(.kind == "scope-begin" or .kind == "task-name" or .kind == "pool-name" or .kind == "mark" or .kind == "snapshot") | .name' "$T/events.jsonl" >>"$T/names"
done
eq "variables of the examples" "line: char *,index->words: char **,the index: struct index" "$(paste -sd, "$T/variables")"
eq "names of the examples" "start-up,parse,server,job,job,strings,config loaded,before the storm" "$(paste -sd, "$T/names")"

# The commands of its last chapter, on a trace that has all of it.
record "$PROGRAMS/annotate"
(
	cd "$T"
	sed -n '/^## How to see it/,$ s/^    \(memscope-[aqt].*\)/\1/p' "$ROOT/docs/ANNOTATIONS.md" | sed 's/  \+[a-z][^'"'"']*$//' >commands
	[ "$(wc -l <commands)" -ge 8 ] || { echo "only $(wc -l <commands) commands"; exit 1; }
	while IFS= read -r command; do
		PATH=$BIN:$PATH bash -c "$command" >shown 2>shown.err </dev/null || { echo "$command: status $?: $(cat shown.err)"; exit 1; }
		case $command in
		*FROM*) [ "$(wc -l <shown)" -ge 3 ] || { echo "$command: $(cat shown)"; exit 1; } ;;
		*dump*) [ "$(grep -c ' track ' shown)" -ge 17 ] || { echo "$command: $(head -5 shown)"; exit 1; } ;;
		esac
	done <commands
) || wrong "the commands of docs/ANNOTATIONS.md"
