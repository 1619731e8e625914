# docs/FORMAT.md against the truth: the bytes of its worked example, its list of event kinds, its numbers.
. "$ROOT/tests/cli/_lib.sh"
doc=$ROOT/docs/FORMAT.md example=$ROOT/tests/golden/v1/tiny.ms

# Each dump stands behind a comment `bytes OFFSET LENGTH`.
dumps=0
while read -r offset length; do
	awk -v mark="<!-- bytes $offset $length -->" '$0 == mark { on = 1; next } on && /^    / { print substr($0, 5); seen = 1; next } seen { exit }' \
		"$doc" >"$T/shown"
	od -A x -t x1 -j "$offset" -N "$length" "$example" | sed '$d' >"$T/real"
	same "$T/real" "$T/shown"
	dumps=$((dumps + 1))
done < <(sed -n 's/^<!-- bytes \([0-9]*\) \([0-9]*\) -->$/\1 \2/p' "$doc")
eq "dumps" 3 $dumps

"$BIN/memscope-trace" dump "$example" >"$T/dump"
for address in 0x4052a0 0x4052c0 0x7000; do has "$T/dump" "$address"; done

sed -n 's/^\tX(\([0-9]*\), [A-Z_0-9]*, "\([^"]*\)", \([A-Z]*\), [0-9]).*/\1 \2 \3/p' "$ROOT/format/events.h" >"$T/kinds"
sed -n 's/^| \([0-9]*\) | \([a-z][^|]*\) | \([A-Z]*\) | .* |$/\1 \2 \3/p' "$doc" >"$T/listed"
ge "kinds" 40 "$(wc -l <"$T/kinds")"
same "$T/kinds" "$T/listed"

# Codecs of the schema and of the document.
sed -n '/^enum Codec/,/^}/s/^  \([A-Z][A-Za-z0-9]*\) = \([0-9]*\),$/\2 \1/p' "$ROOT/schemas/trace.fbs" | sort -n >"$T/codecs"
sed -n '/^## Column encodings/,/^## Events/s/^| \([0-9]\) | \([A-Z][A-Za-z0-9]*\) | .*/\1 \2/p' "$doc" >"$T/listed"
same "$T/codecs" "$T/listed"
