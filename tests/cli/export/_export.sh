# What the tests of exports share: traces, and the programs and schemas that read the files.
A=$BIN/memscope-analyze
NPM=$ROOT/build/npm/node_modules
golden=$ROOT/tests/golden/v1/jq.ms
[ -e "$NPM/.ready" ] || give_up "the consumers are missing: make build/npm/node_modules/.ready"

# export_to FILE KIND[:METRIC] TRACE [OPTION...]
export_to() {
	local file=$1 kind=$2 from=$3
	shift 3
	"$A" -q "$@" --export="$kind=$file" "$from" 2>"$T/err" || give_up "--export=$kind $*: status $?: $(cat "$T/err")"
}
# json_of TRACE [OPTION...]: the report with the same options, all sites, into $T/report.json
json_of() {
	local from=$1
	shift
	"$A" -q --top=0 "$@" --json="$T/report.json" "$from" 2>"$T/err" || give_up "report $*: $(cat "$T/err")"
}
# figures KIND FILE: as its own reader shows them, into $T/figures.json; figure FILTER: one of them
figures() { python3 "$ROOT/tests/cli/export/_figures.py" "$1" "$2" >"$T/figures.json" 2>"$T/err" || wrong "$1: $(tail -1 "$T/err" | cut -c1-500)"; }
figure() { jq -c "$1" "$T/figures.json"; }
# Blocks begun, as formats count them that know no realloc.
begun='.totals | .allocations + .reallocations'
