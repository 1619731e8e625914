# jeprof: google-pprof reads the file without the program, its totals are those of the report, whatever is asked for.
. "$ROOT/tests/cli/_lib.sh"
. "$ROOT/tests/cli/export/_export.sh"

# numbers TRACE [OPTION...]
numbers() {
	local from=$1 metric
	shift
	json_of "$from" "$@"
	for metric in peak live; do
		export_to "$T/f.heap" "jeprof:$metric" "$from" "$@"
		figures jeprof "$T/f.heap"
		eq "$metric $*" "$(value "[.totals.${metric}_bytes, .totals.${metric}_blocks, .totals.allocated_bytes, ($begun)] | tostring")" \
			"$(figure '[.inuse_space, .inuse_objects, .alloc_space, .alloc_objects]')"
	done
}
numbers "$golden" --window=start:start
numbers "$golden" --window=25%:60%
numbers "$golden" --at=peak
numbers "$ROOT/tests/golden/v1/kinds.ms"
record /bin/true
numbers "$trace"
numbers "$golden"

# Functions and their own bytes; an inlined function is one.
export_to "$T/f.heap" jeprof "$golden"
google-pprof --text --show_bytes "$T/f.heap" 2>/dev/null | awk 'NR > 1 { sub(/ \(inline\)$/, ""); print $6, $1 }' | grep -v '^[^ ]*+0x' | head -3 >"$T/actual"
value '[.sites[] | {f: (.stack[0].function // ""), b: .peak_bytes}] | group_by(.f) | map({f: .[0].f, b: (map(.b) | add)}) | sort_by(-.b)[] | select(.f != "") | "\(.f) \(.b)"' |
	head -3 >"$T/expected"
same "$T/expected" "$T/actual"
export_to "$T/f.heap" jeprof "$ROOT/tests/golden/v1/kinds.ms"
google-pprof --text --show_bytes --alloc_objects "$T/f.heap" >"$T/seen" 2>/dev/null
has "$T/seen" ' demo::help \(inline\)$'
has "$T/seen" ' \[no stack\]$'
