# --plots: every figure of a program with threads, holes in its heap and samples of its memory: its numbers are the report's, what is drawn is
# to be seen, scripts draw the same by hand, other traces draw other pictures.
. "$ROOT/tests/cli/_lib.sh"
. "$ROOT/tests/cli/plot/_plot.sh"
cat >"$T/shapes.c" <<'C'
#define _GNU_SOURCE
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "memscope.h"
void *volatile seen;
static void *blocks[60000];
__attribute__((noinline)) void *small_blocks(size_t n) { void *p = malloc(n); seen = p; memset(p, 1, n); return p; }
__attribute__((noinline)) void *large_blocks(size_t n) { void *p = malloc(n); seen = p; memset(p, 1, n); return p; }
static void *body(void *arg)
{
	for (long i = 0, n = (long)arg * 60; i < n; i++)
		blocks[50000 + (long)arg * 600 + i] = small_blocks(100 + (size_t)i);
	return NULL;
}
int main(void)
{
	pthread_t t[14];

	for (long i = 0; i < 14; i++) {
		pthread_create(&t[i], NULL, body, (void *)i);
		pthread_setname_np(t[i], "worker");
	}
	for (int i = 0; i < 14; i++)
		pthread_join(t[i], NULL);
	for (int i = 0; i < 20000; i++) {
		blocks[i] = small_blocks(64 + i % 1000);
		if (i % 100 == 0)
			usleep(700);
	}
	memscope_mark("the \"large\" one, and a text that is longer than there is room for it on any page, however wide that may be");
	void *large = large_blocks(9u << 20);
	usleep(40000);
	for (int i = 0; i < 20000; i += 3)
		free(blocks[i]);
	memscope_mark("next");
	memscope_mark("at once");
	usleep(40000);
	free(large);
	for (int i = 50000; i < 60000; i++)
		free(blocks[i]);
	usleep(40000);
	return 0;
}
C
gcc -O1 -g -fno-builtin -I"$ROOT/record/include" -o "$T/shapes" "$T/shapes.c" -lpthread
record --monitor=10 "$T/shapes"
cp "$trace" "$T/shapes.ms"
plots "$T/all" "$T/shapes.ms"
all="fragmentation heap lifetimes occupancy rate sites sizes threads "
eq "figures" "$all" "$(figures "$T/all")"
agrees "$T/all"
eq "what was compared" "$all" "$(tr '\n' ' ' <"$T/agrees")"
eq "files" "$(printf '%s\n' $all | sed 's/.*/&.dat &.gp &.png &.svg/' | tr ' ' '\n')" "$(ls -A "$T/all")"
eq "modes" "600" "$(stat -c %a "$T/all"/* | sort -u)"
eq "notes" "" "$(cat "$T/err")"
eq "program in the title" 8 "$(grep -l "^title = 'shapes — " "$T/all"/*.gp | wc -l)"

# What is to be seen: areas, lines, dark letters, in the plot region and in the legend; more than one shade.
in_all() { # FIGURE LEAST COLOUR [RECTANGLE]
	local figure=$1 least=$2 colour=$3
	shift 3
	ge "$figure: pixels of $colour in ${*:-the picture}" "$least" "$(pixels "$T/all/$figure.png" "$colour" "$@")"
}
in_all heap 50000 dcebf6 9 20 96 75   # below the heap
in_all heap 2000 003f73 9 20 96 75    # its line
in_all heap 1000 b04000 9 20 96 75    # resident memory
in_all heap 200 606060 9 16 96 75     # marks
in_all heap 60 003f73 5 85 60 99      # legend
in_all rate 1500 1f5f99 10 10 96 50
in_all rate 300 e0a050 10 50 96 85
in_all sites 5000 1f5f99 9 20 64 85   # small_blocks
in_all sites 2000 000000 65 10 99 60  # legend: names
in_all sizes 50000 a9cce8 10 10 96 80
in_all sizes 5000 803000 10 10 96 80  # alive at the end
in_all lifetimes 50000 a9cce8 10 10 96 80
in_all threads 10000 1f5f99 22 10 96 80
in_all threads 2000 dcebf6 22 10 96 80
in_all threads 2000 000000 1 10 22 80 # names of threads
in_all fragmentation 1000 003f73 9 10 70 55
in_all fragmentation 500 b04000 9 60 70 88
for figure in $all; do
	in_all $figure 500 000000 1 1 60 12 # the title
	ge "colours of $figure" 20 "$(colours "$T/all/$figure.png")"
	xmllint --noout "$T/all/$figure.svg" 2>"$T/err" || wrong "$figure.svg is not well-formed: $(head -3 "$T/err")"
	has "$T/all/$figure.svg" 'shapes — '
	eq "references of $figure.svg to elsewhere" 0 "$(grep -oE '(href|src)=.[^#"'"'"']{0,30}' "$T/all/$figure.svg" | grep -cvE 'data:image/png;base64,|=.$' || true)"
done
# Marks: labels with as much text as there is room for, which the time between them says; of two at one place one at most.
while read -r label; do
	grep -qF ">$label<" "$T/all/heap.svg" || wrong "the label $label is not drawn"
done < <(sed -n '/^# marks/,/^$/s/^[0-9]* "\(..*\)"$/\1/p' "$T/all/heap.dat")
eq "label of a mark at the place of the next" '""' "$(sed -n '/^# marks/,/^$/p' "$T/all/heap.dat" | grep '^[0-9]' | sed -n '2s/^[0-9]* //p')"
# Shades of the map: full, empty, and between.
ge "shades of the map" 10 "$("$B/test-tools/png_pixels" "$T/all/occupancy.png" 24 15 86 86 | awk '$1 > 200' | wc -l)"
# Without colour: in the stack neighbours differ by pattern, so that two places have pixels of both white and their colour.
in_all sites 3000 ffffff 10 60 55 86

# By hand, in another place, with the user's locale: the same pictures.
mkdir "$T/by hand"
cp "$T/all"/*.gp "$T/all"/*.dat "$T/by hand"
for figure in $all; do
	(cd "$T/by hand" && LC_ALL=C.UTF-8 gnuplot "$figure.gp") >"$T/err" 2>&1 || wrong "gnuplot $figure.gp: status $?"
	eq "what gnuplot says of $figure.gp" "" "$(cat "$T/err")"
	eq "pixels of $figure that differ by hand" 0 "$("$B/test-tools/png_pixels" --differ "$T/all/$figure.png" "$T/by hand/$figure.png")"
	same "$T/all/$figure.svg" "$T/by hand/$figure.svg"
done

# The same again: the same data. Another trace: other pictures in the same places, of it alone.
data_of "$T/again" "$T/shapes.ms"
for figure in $all; do
	same "$T/all/$figure.dat" "$T/again/$figure.dat"
	same "$T/all/$figure.gp" "$T/again/$figure.gp"
done
plots "$T/again" "$golden"
agrees "$T/again"
for figure in heap rate sites; do
	ge "pixels of $figure that differ between two programs" 10000 "$("$B/test-tools/png_pixels" --differ "$T/all/$figure.png" "$T/again/$figure.png")"
done
has "$T/again/heap.gp" "^subtitle = '.*; resident memory was not recorded \(--monitor\)"
[ "$(pixels "$T/again/heap.png" b04000)" = 0 ] || wrong "resident memory is drawn where none was recorded"
eq "folders that were left" "" "$(find "$T/all" "$T/again" -mindepth 1 -type d)"

# A window, a moment.
data_of "$T/window" "$T/shapes.ms" --window=20%:70% --buckets=97
agrees "$T/window"
eq "steps" 97 "$(jq '.timeline.start_ns | length' "$T/report.json")"
has "$T/window/heap.gp" "^subtitle = '.* \[window [0-9.]* ms to [0-9.]* ms\]'"
data_of "$T/at" "$golden" --at=peak
agrees "$T/at"
# The SVG is drawn by a browser, too.
timeout 60 chromium --headless --no-sandbox --disable-gpu --user-data-dir="$T/browser" --virtual-time-budget=3000 --window-size=960,520 \
	--screenshot="$T/heap.png" "file://$T/all/heap.svg" >/dev/null 2>"$T/err" || give_up "chromium: $(tail -3 "$T/err")"
ge "pixels below the heap in a browser" 10000 "$(pixels "$T/heap.png" dcebf6)"
ge "pixels of letters in a browser" 100 "$(pixels "$T/heap.png" 000000)"
