# jq filters a JSON file.
. "$ROOT/tests/cli/real/_real.sh"
awk 'BEGIN { for (i = 0; i < 3000; i++) printf "{\"id\":%d,\"name\":\"n%d\",\"tags\":[\"a%d\",\"b\"],\"price\":%d.5}\n", i, i, i % 7, i % 100 }' >"$T/records.json"
real jq /usr/bin/jq -c 'select(.price > 50) | {id, n: (.name | ascii_upcase), t: .tags[0]}' "$T/records.json"
ge "lines of output" 1000 "$(wc -l <"$T/out")"
