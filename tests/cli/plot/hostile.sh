# Names that mean something to gnuplot, in functions, files, threads, the program and the folder: nothing runs, everything is drawn, as text.
. "$ROOT/tests/cli/_lib.sh"
. "$ROOT/tests/cli/plot/_plot.sh"
cat >"$T/one.c" <<'C'
#define _GNU_SOURCE
#include <pthread.h>
#include <stdlib.h>
void *volatile keep;
#define S(n) __attribute__((noinline)) void *plain_##n(size_t size) { void *p = malloc(size); keep = p; return p; }
S(0) S(1) S(2) S(3) S(4) S(5)
static void *run(void *arg)
{
	pthread_setname_np(pthread_self(), "`touch R`\"'\n%s");
	keep = plain_0(30000);
	return arg;
}
int main(void)
{
	pthread_t t;

	pthread_create(&t, NULL, run, NULL);
	pthread_join(t, NULL);
	for (int i = 0; i < 2000; i++)
		free(plain_1(64)), keep = plain_1(64), keep = plain_2(48), keep = plain_3(80), keep = plain_4(40), keep = plain_5(56);
	return 0;
}
C
names=('"; !touch X #' "'.system 'touch X'.'" '`touch X`' $'}\n!touch X\n{^_~& "' '%s%n%99999999d\" . system("touch X")' $'x\xff\x1b[31m\u2028\x01\\')
redefine=()
for i in 0 1 2 3 4 5; do
	redefine+=(--redefine-sym "plain_$i=${names[i]}")
done
gcc -O1 -fno-builtin -fno-optimize-sibling-calls -c -o "$T/one.o" "$T/one.c"
program="$T/'.system('touch X').'\"; system(\"touch X\") \`touch X\` @x {_^"
objcopy "${redefine[@]}" "$T/one.o" "$T/two.o"
gcc -o "$program" "$T/two.o" -lpthread
record "$program"
cp "$trace" "$T/evil.ms"
folder="$T/a \$(touch X) \`touch X\` '\"; system('touch X')"
cd "$T"
plots "$folder" "$T/evil.ms"
agrees "$folder"
for file in heap rate sites sizes lifetimes threads fragmentation occupancy; do
	[ -s "$folder/$file.png" ] || wrong "$file is not drawn"
	xmllint --noout "$folder/$file.svg" 2>"$T/err" || wrong "$file.svg is not well-formed: $(head -3 "$T/err")"
	(cd "$folder" && LC_ALL=C.UTF-8 gnuplot "$file.gp") >"$T/err" 2>&1 || wrong "by hand: $(cat "$T/err")"
	eq "what gnuplot says of $file" "" "$(cat "$T/err")"
	eq "control bytes in $file" 0 "$(cat "$folder/$file".{gp,dat,svg} | LC_ALL=C tr -d -c '\000-\010\013-\037\177' | wc -c)"
	cat "$folder/$file".{gp,dat,svg} | iconv -f utf-8 -t utf-8 >/dev/null 2>&1 || wrong "$file is no UTF-8"
	has "$folder/$file.svg" '’\.system\(’touch X’\)\.’”; system\(”touch'
done
eq "files that a name has made" "" "$(find "$T" -name 'X*' -o -name R)"
"$BIN/memscope-diff" -q --plots="$T/diff" "$T/evil.ms" "$golden" 2>"$T/err" || wrong "diff: $(cat "$T/err")"
"$BIN/memscope-diff" -q --plots="$T/back" "$golden" "$T/evil.ms" 2>"$T/err" || wrong "diff: $(cat "$T/err")"
for file in "$T/diff" "$T/back"; do
	(cd "$file" && export LC_ALL=C.UTF-8 && gnuplot heap.gp && gnuplot sites.gp) >"$T/err" 2>&1 || wrong "by hand: $(cat "$T/err")"
	[ -s "$file/sites.png" ] && [ -s "$file/heap.svg" ] || wrong "$file is not drawn"
done
eq "files that a name has made" "" "$(find "$T" -name 'X*' -o -name R)"

# As they are, but for quotes and what is no text: no markup, no formats, no escapes.
shown() { grep -qF -- "$2" "$1" || wrong "$1 should show: $2"; }
shown "$folder/sites.svg" '”; !touch X #'
shown "$folder/sites.svg" '’.system ’touch X’.’'
shown "$folder/sites.svg" '‘touch X‘'
shown "$folder/sites.svg" '}�!touch X�{^_~&amp; ”'
shown "$folder/sites.svg" '%s%n%99999999d∖” . system'
shown "$folder/threads.svg" '‘touch R‘”’�%s'
# In scripts they stand in one line of one string.
for script in "$folder"/*.gp; do
	eq "lines of $script with the program's name" 1 "$(grep -ac 'touch X' "$script")"
	eq "other than one string" 0 "$(grep -a 'touch X' "$script" | grep -cavE "^title = '[^']*'\$" || true)"
done
