# What the tests of figures share.
A=$BIN/memscope-analyze
golden=$ROOT/tests/golden/v1/jq.ms
command -v gnuplot >/dev/null || give_up "gnuplot is missing: make deps"

# plots DIR TRACE [OPTION...]: figures into DIR, the report of the same call into $T/report.json
plots() {
	local dir=$1 from=$2
	shift 2
	"$A" --top=0 --by=site --json="$T/report.json" --plots="$dir" "$@" "$from" 2>"$T/err" || give_up "--plots=$dir $*: status $?: $(cat "$T/err")"
}
# data_of DIR TRACE [OPTION...]: the same without drawing
data_of() {
	local dir=$1 from=$2 rc=0
	shift 2
	PATH=$T/none "$A" --top=0 --by=site --json="$T/report.json" --plots="$dir" "$@" "$from" 2>"$T/err" || rc=$?
	eq "status of --plots without gnuplot" 4 $rc
}
# agrees DIR: every number in its files is the report's
agrees() { python3 "$ROOT/tests/cli/plot/_plots.py" "$1" "$T/report.json" >"$T/agrees" 2>&1 || wrong "$1 and the report differ: $(tail -3 "$T/agrees")"; }
figures() { (cd "$1" && printf '%s\n' *.png | sed 's/\.png$//' | tr '\n' ' '); }
# pixels FILE COLOUR [X0 Y0 X1 Y1]: how many there are of it in the rectangle, in percent of the picture
pixels() {
	local file=$1 colour=$2
	shift 2
	"$B/test-tools/png_pixels" "$file" "$@" >"$T/colours" || give_up "png_pixels $file: status $?"
	sed -n "s/^\([0-9]*\) #$colour$/\1/p" "$T/colours" | grep . || echo 0
}
colours() { "$B/test-tools/png_pixels" "$@" | wc -l; }
