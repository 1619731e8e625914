# The flame graph: well-formed, its numbers those of the report, drawn by a browser, and its script zooms and searches.
. "$ROOT/tests/cli/_lib.sh"
. "$ROOT/tests/cli/export/_export.sh"
browse() { # OPTION... URL
	timeout 60 chromium --headless --no-sandbox --disable-gpu --user-data-dir="$T/browser" --virtual-time-budget=3000 "$@" 2>"$T/err"
}

json_of "$golden"
export_to "$T/peak.svg" svg "$golden"
xmllint --noout "$T/peak.svg" 2>"$T/err" || wrong "not well-formed: $(head -3 "$T/err")"
grouped() { value ".totals.$1" | sed ':a; s/\([0-9]\)\([0-9]\{3\}\)\($\|,\)/\1,\2\3/; ta'; }
eq "the whole" "all
$(grouped peak_bytes) B, 100 %" "$(xmllint --xpath 'string((//*[local-name()="title"])[1])' "$T/peak.svg")"
export_to "$T/blocks.svg" svg:allocations "$golden"
eq "the whole in blocks" "all
$(grouped allocations) blocks, 100 %" "$(xmllint --xpath 'string((//*[local-name()="title"])[1])' "$T/blocks.svg")"
# Boxes: no wider than the drawing, children within their parents, as many as the heading does not leave out.
python3 - "$T/peak.svg" "$T/blocks.svg" <<'PY' || wrong "the boxes do not fit together"
import sys
import xml.etree.ElementTree as tree
space = "{http://www.w3.org/2000/svg}"
for name in sys.argv[1:]:
    boxes = [[float(r.get(k)) for k in ("x", "y", "width")] for r in (g.find(space + "rect") for g in tree.parse(name).iter(space + "g"))]
    assert len(boxes) > 100
    for x, y, w in boxes:
        assert 10 <= x and x + w <= 1190.02 and w >= 0.19
        below = [b for b in boxes if abs(b[1] - y - 18) < 0.1]
        assert not below or any(b[0] - 0.02 <= x and x + w <= b[0] + b[2] + 0.02 for b in below), (x, y, w)
PY
eq "references to elsewhere" 0 "$(grep -cE '(href|src|url\(|@import)' "$T/peak.svg" || true)"

# Drawn: at least the six tints, grey, black letters, white, each over an area worth the name.
browse --window-size=1220,480 --screenshot="$T/peak.png" "file://$T/peak.svg" || give_up "chromium: $(tail -3 "$T/err")"
python3 "$ROOT/tests/cli/export/_png.py" "$T/peak.png" >"$T/colours"
for colour in f6cf7d a6d8f5 8fd6bd f7ef9a e6b8d3 f2ac80 d9d9d9 ffffff; do
	ge "pixels of $colour" 1000 "$(sed -n "s/^\([0-9]*\) #$colour$/\1/p" "$T/colours" | grep . || echo 0)"
done
ge "black pixels of letters" 100 "$(sed -n 's/^\([0-9]*\) #000000$/\1/p' "$T/colours" | grep . || echo 0)"

# The script, run in the browser: a search counts, a zoom makes the box as wide as the drawing and hides what is beside it.
sed 's|</svg>|<script>search("jq_parse"); const found = at.textContent; const box = boxes.find(b => b.name === "jq_parse"); zoom(box); document.documentElement.setAttribute("data-found", found); document.documentElement.setAttribute("data-width", box.rect.getAttribute("width")); document.documentElement.setAttribute("data-hidden", document.querySelectorAll(".x").length); document.documentElement.setAttribute("data-label", box.text.textContent); zoom(boxes[0]); document.documentElement.setAttribute("data-after", document.querySelectorAll(".x").length)</script></svg>|' "$T/peak.svg" >"$T/scripted.svg"
browse --dump-dom "file://$T/scripted.svg" >"$T/dom"
attribute() { sed -n "s/.* data-$1=\"\([^\"]*\)\".*/\1/p" "$T/dom" | head -1; }
has "$T/dom" 'data-found="[1-9][0-9]* drawn frames match, [1-9][0-9.]* %"'
eq "width of the zoomed box" 1180 "$(attribute width)"
eq "label of the zoomed box" jq_parse "$(attribute label)"
ge "boxes hidden by the zoom" 1 "$(attribute hidden)"
eq "boxes hidden after it" 0 "$(attribute after)"

# A window, nothing at all, and what the trace does not show.
json_of "$golden" --window=30%:60%
export_to "$T/window.svg" svg:live "$golden" --window=30%:60%
has "$T/window.svg" "$(grouped live_bytes) B in all"
record /bin/true
for from in "$trace" "$golden"; do
	export_to "$T/empty.svg" svg:temporary "$from" --window=start:start
	xmllint --noout "$T/empty.svg" || wrong "an empty flame graph is not well-formed"
	has "$T/empty.svg" '>0 blocks in all'
done
