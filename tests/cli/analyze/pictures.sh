# docs/SCREENSHOTS.md and README.md show pictures that exist, and every picture is shown; every view of the page has one in both colours.
. "$ROOT/tests/cli/_lib.sh"
grep -oh 'screenshots/[a-z-]*\.webp' "$ROOT/docs/SCREENSHOTS.md" | sort -u >"$T/shown"
(cd "$ROOT/docs" && ls screenshots/*.webp) | sort >"$T/there"
same "$T/shown" "$T/there"
for picture in $(grep -oh 'docs/screenshots/[a-z-]*\.webp' "$ROOT/README.md"); do [ -s "$ROOT/$picture" ] || wrong "README.md shows $picture, which is not there"; done
for id in $(sed -n "s/^\tid: '\([a-z]*\)'.*/\1/p;s/^  id: '\([a-z]*\)'.*/\1/p" "$ROOT"/render/html/src/views/*.js); do
	for colours in light dark; do
		[ -s "$ROOT/docs/screenshots/report-$id-$colours.webp" ] || wrong "no picture of the view $id, $colours"
	done
done
ge "views" 12 "$(sed -n "s/^\tid: '\([a-z]*\)'.*/\1/p;s/^  id: '\([a-z]*\)'.*/\1/p" "$ROOT"/render/html/src/views/*.js | wc -l)"
