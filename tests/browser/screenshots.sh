#!/usr/bin/env bash
# Makes docs/screenshots: every view of the report about orders (tests/programs/orders.cpp), of its comparison with the next release, and of what
# tests/programs/catalogue.c names, light and dark; and some of the figures that gnuplot draws of them. `make screenshots` calls it with the folders of tools, programs and node_modules. Look at the pictures before they are committed.
set -euo pipefail
BIN=$(realpath "$1") PROGRAMS=$(realpath "$2") MODULES=$(realpath "$3") OUT=$(realpath "$4")
HERE=$(dirname "$(realpath "$0")")
for tool in chromium node convert gnuplot; do
	command -v $tool >/dev/null || { echo "screenshots: $tool is missing (Debian: chromium, nodejs, imagemagick, gnuplot-nox)" >&2; exit 2; }
done
T=$(mktemp -d)
trap 'rm -rf "$T"' EXIT
cd "$T"
cp "$PROGRAMS/orders" "$PROGRAMS/catalogue" .
"$BIN/memscope-record" -q --guard=canary --free-stacks -o orders.ms ./orders 60000 >/dev/null
"$BIN/memscope-record" -q --guard=canary --free-stacks -o next.ms ./orders 60000 next >/dev/null
"$BIN/memscope-analyze" -q --no-paths --html=report.html orders.ms
"$BIN/memscope-diff" -q --no-paths --html=diff.html orders.ms next.ms
"$BIN/memscope-record" -q -o named.ms ./catalogue >/dev/null
"$BIN/memscope-analyze" -q --no-paths --html=named.html named.ms
"$BIN/memscope-analyze" -q --plots=figures orders.ms
"$BIN/memscope-diff" -q --plots=changes orders.ms next.ms
node "$HERE/screenshots.mjs" "$MODULES" "$T"
mkdir -p "$OUT"
rm -f "$OUT"/*.webp
for picture in *.png; do
	convert "$picture" -resize 800x -quality 72 -define webp:method=6 "$OUT/${picture%.png}.webp"
done
for figure in heap sites occupancy threads; do
	convert "figures/$figure.png" -resize 800x -quality 72 -define webp:method=6 "$OUT/figure-$figure.webp"
done
convert changes/heap.png -resize 800x -quality 72 -define webp:method=6 "$OUT/figure-changes.webp"
du -sh "$OUT"
