# memscope-diff --plots: both sides over one axis, the call paths that changed most; numbers are those of the reports and of the comparison.
. "$ROOT/tests/cli/_lib.sh"
. "$ROOT/tests/cli/plot/_plot.sh"
D=$BIN/memscope-diff
for n in 20000 30000 20200 30300; do
	record "$PROGRAMS/churn" $n $((n / 10))
	mv "$trace" "$T/$n.ms"
done
compare() { # DIR ARGUMENT...
	local dir=$1
	shift
	"$D" --plots="$dir" "$@" >"$T/out" 2>"$T/err" || give_up "$*: status $?: $(cat "$T/err")"
}
for n in 20000 30000; do
	"$A" --buckets=480 --json="$T/$n.json" "$T/$n.ms"
done
for metric in peak live-bytes; do
	sort=--sort=$metric
	[ $metric != peak ] || sort=
	compare "$T/two" $sort --json="$T/diff.json" --top=0 "$T/20000.ms" "$T/30000.ms"
	python3 "$ROOT/tests/cli/plot/_plots.py" --diff "$T/two" $metric "$T/diff.json" "$T/20000.json" "$T/30000.json" >"$T/agrees" 2>&1 ||
		wrong "figures and the comparison differ: $(tail -3 "$T/agrees")"
	eq "what was compared" "heap sizes lifetimes sites " "$(tr '\n' ' ' <"$T/agrees")"
done
eq "no text beside it" "" "$(cat "$T/out")"
eq "files" "$(printf '%s ' {heap,lifetimes,sites,sizes}.{dat,gp,png,svg})" "$(ls -A "$T/two" | tr '\n' ' ')"
ge "pixels of the old curve" 1000 "$(pixels "$T/two/heap.png" b04000 9 15 97 78)"
ge "pixels of the new curve" 1000 "$(pixels "$T/two/heap.png" 003f73 9 15 97 78)"
ge "pixels of the new bars" 2000 "$(pixels "$T/two/sites.png" 1f5f99 34 15 91 80)"
ge "pixels of the old bars" 2000 "$(pixels "$T/two/sites.png" f0c4a8 34 15 91 80)"
has "$T/two/sites.svg" 'keep_alloc \(churn.c:[0-9]*\)'
has "$T/two/sites.svg" '>\+62\.5 KiB<'
ge "pixels of old sizes" 10000 "$(pixels "$T/two/sizes.png" f0c4a8 9 12 97 82)"
ge "pixels of new sizes" 10000 "$(pixels "$T/two/sizes.png" 1f5f99 9 12 97 82)"
for file in heap sites sizes lifetimes; do
	xmllint --noout "$T/two/$file.svg" || wrong "$file.svg is not well-formed"
	(cd "$T/two" && LC_ALL=C.UTF-8 gnuplot "$file.gp") >"$T/err" 2>&1 || wrong "by hand: $(cat "$T/err")"
	eq "what gnuplot says of $file" "" "$(cat "$T/err")"
done

# Several runs a side, over shares of their durations; by another metric.
compare "$T/four" --align=share --sort=allocations "$T/20000.ms" "$T/20200.ms" -- "$T/30000.ms" "$T/30300.ms"
eq "runs" "# new 1:# new 2:# new-peaks:# old 1:# old 2:# old-peaks:" "$(grep -oE '^# (old|new)[^:]*:' "$T/four/heap.dat" | sort | tr -d '\n')"
has "$T/four/heap.svg" 'share of the duration of each run \(%\)'
has "$T/four/heap.svg" 'old \(2 runs\)'
has "$T/four/sites.svg" '>allocations'
ge "pixels that differ" 10000 "$("$B/test-tools/png_pixels" --differ "$T/two/heap.png" "$T/four/heap.png")"
eq "bands" "20000 20200" "$(sed -n 's/^[0-9]* \([0-9]*\) \([0-9]*\) \([0-9]*\) .*churn_alloc.*/\2 \3/p' "$T/four/sites.dat" | awk '{ print $1 * 2, $2 * 2 }')"

compare "$T/other" "$T/20000.ms" "$golden"
has "$T/other/heap.gp" "^title = 'churn → jq — Heap over time, old and new'"

# Nothing changed, no gnuplot, a gate.
compare "$T/same" "$T/20000.ms" "$T/20000.ms"
has "$T/err" "no figure 'sites': no call path changed"
[ -s "$T/same/heap.png" ] && [ ! -e "$T/same/sites.png" ] && [ ! -e "$T/same/sites.gp" ] || wrong "files of one trace twice: $(ls "$T/same")"
rc=0
PATH=$T/none "$D" --plots="$T/late" --json="$T/late.json" "$T/20000.ms" "$T/30000.ms" 2>"$T/err" || rc=$?
eq "status without gnuplot" 4 $rc
has "$T/err" '^memscope-diff: no gnuplot on PATH'
[ -s "$T/late/heap.gp" ] && [ -s "$T/late/sites.dat" ] && [ -s "$T/late.json" ] || wrong "not all was written without gnuplot"
rc=0
"$D" --plots="$T/gate" --fail-on='allocations>+0' "$T/20000.ms" "$T/30000.ms" 2>"$T/err" || rc=$?
eq "status of a gate" 1 $rc
[ -s "$T/gate/heap.png" ] || wrong "a gate that fails has no figures"
