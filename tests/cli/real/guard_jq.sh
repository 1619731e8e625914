# jq under the guards.
. "$ROOT/tests/cli/real/_guard.sh"
awk 'BEGIN { for (i = 0; i < 400; i++) printf "{\"id\":%d,\"name\":\"n%d\",\"tags\":[\"a%d\",\"b\"],\"price\":%d.5}\n", i, i, i % 7, i % 100 }' >"$T/records.json"
guarded jq -c 'select(.price > 50) | {id, n: (.name | ascii_upcase | test("N1")), t: .tags[0], s: (.name | split("n"))}' "$T/records.json"
ge "lines of output" 100 "$(wc -l <"$T/out")"
