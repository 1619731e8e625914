# pprof, speedscope and folded: speedscope itself opens them in a browser; pprof's own numbers through protoc and profile.proto. (The pprof
# of Debian's google-perftools reads only the older text and binary profiles, not profile.proto.)
. "$ROOT/tests/cli/_lib.sh"
. "$ROOT/tests/cli/export/_export.sh"
protoc --python_out="$T" -I "$ROOT/tests/cli/export" profile.proto
pairs='[["alloc_objects", .allocations + .reallocations], ["alloc_space", .allocated_bytes], ["inuse_objects", .live_blocks],
	["inuse_space", .live_bytes], ["peak_objects", .peak_blocks], ["peak_space", .peak_bytes]] | map("\(.[0]) \(.[1])") | join("\n")'

# numbers TRACE OPTION...: sums of both formats against the report
numbers() {
	local from=$1
	shift
	json_of "$from" "$@"
	export_to "$T/p.pb.gz" pprof "$from" "$@"
	python3 "$ROOT/tests/cli/export/_pprof.py" "$T" "$T/p.pb.gz" >"$T/p.json" || wrong "the profile does not hold together: $*"
	eq "pprof $*" "$(value ".totals | $pairs")" "$(jq -r '.sums | to_entries | map("\(.key) \(.value)") | join("\n")' "$T/p.json")"
	export_to "$T/s.speedscope.json" speedscope "$from" "$@"
	python3 - "$NPM/speedscope/dist/release/file-format-schema.json" "$T/s.speedscope.json" <<'PY' || wrong "speedscope's schema refuses the file: $*"
import json, sys
import jsonschema
schema, data = (json.load(open(name)) for name in sys.argv[1:3])
jsonschema.validators.validator_for(schema)(schema).validate(data)
for profile in data["profiles"]:
    assert len(profile["samples"]) == len(profile["weights"])
    assert profile["endValue"] == sum(profile["weights"])
    assert all(0 <= frame < len(data["shared"]["frames"]) for sample in profile["samples"] for frame in sample)
PY
	eq "peak of speedscope $*" "$(value .totals.peak_bytes)" "$(jq '.profiles[0].endValue' "$T/s.speedscope.json")"
	eq "allocations of speedscope $*" "$(value '.totals | .allocations + .reallocations')" \
		"$(jq '[.profiles[] | select(.name == "blocks begun") | .endValue] | add // 0' "$T/s.speedscope.json")"
}
numbers "$golden" --window=25%:60%
numbers "$golden" --at=peak
numbers "$golden" --window=start:start
eq "samples of nothing" '{}' "$(jq -c .own "$T/p.json")"
record /bin/true
numbers "$trace"
numbers "$ROOT/tests/golden/v1/kinds.ms"
numbers "$golden"
eq "units" "count bytes count bytes count bytes" "$(jq -r '.units | [.[]] | join(" ")' "$T/p.json")"
eq "period" "1 space peak_space" "$(jq -r '"\(.period) \(.period_type) \(.default)"' "$T/p.json")"
eq "time" "$(value .trace.duration_ns)" "$(jq .duration "$T/p.json")"
has "$T/p.json" '"mappings": \[\{"file": "[^"]*/jq", "build_id": "[0-9a-f]{40}"'
ge "locations with inlined functions" 1 "$(jq .inlined "$T/p.json")"
export_to "$T/bare.pb.gz" pprof "$golden" --no-paths
python3 "$ROOT/tests/cli/export/_pprof.py" "$T" "$T/bare.pb.gz" >"$T/bare.json"
eq "directories with --no-paths" 0 "$(jq '[.mappings[].file, .files[]] | map(select(contains("/"))) | length' "$T/bare.json")"

# Speedscope in a browser: what it shows as the largest functions are ours.
value '[.sites[] | {f: (.stack[0].function // ""), b: .peak_bytes}] | group_by(.f) | map({f: .[0].f, b: (map(.b) | add)}) | sort_by(-.b)[0:2][] | "\(.f) \(.b)"' >"$T/top"
export_to "$T/f.folded" folded "$golden"
see() { python3 "$ROOT/tests/cli/export/_speedscope.py" "$NPM/speedscope" "$1" "$T" >"$T/seen.json" || give_up "speedscope does not run"; }
see "$T/f.folded"
eq "functions in speedscope, folded" "$(cat "$T/top")" \
	"$(jq -r '.tables[-1][0:2][] | "\(.[2]) \(.[1] | split(" ")[0] | gsub(","; ""))"' "$T/seen.json")"
in_kib() { awk '{ printf "%s %.2f KB\n", $1, $2 / 1024 }' "$T/top"; }
for file in p.pb.gz s.speedscope.json; do
	see "$T/$file"
	eq "functions in speedscope, $file" "$(in_kib)" "$(jq -r '.tables[-1][0:2][] | "\(.[2]) \(.[1] | split(" (")[0])"' "$T/seen.json")"
done
eq "profiles in its menu" "6,295 2 8,150 220" "$(jq -r '[.tables[0][] | select(.[1] | contains("blocks")) | .[2]] | join(" ")' "$T/seen.json")"
eq "the same in the report" "6295 2 8150 220" "$(value '.totals | "\(.peak_blocks) \(.live_blocks) \(.allocations + .reallocations) \(.temporary_allocations)"')"
