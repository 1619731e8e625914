# No samples, and why: monitor off, a program that is too quick, an old trace. And what is not there is not zero.
. "$ROOT/tests/cli/_lib.sh"

record --monitor=off "$PROGRAMS/realloc_forms"
eq status 0 $status
report
whole
eq "interval" 0 "$(value .monitor_interval_ns)"
eq "series" 0 "$(value '.system | length')"
eq "reconciliation" not_observable "$(value .reconciliation.status)"
has "$T/report.txt" '^SYSTEM  not observable: it was recorded without samples'
has_not "$T/report.txt" 'resident memory after'

# Quicker than the clock is measured, or not: either there are samples or the reason.
record --monitor=100 /bin/true
report
whole
case $(value '.system | length') in
0) eq "reason" "the program ended before the first sample" "$(value .system_reason)" ;;
*) eq "reason" null "$(value .system_reason)" ;;
esac

"$BIN/memscope-analyze" --json="$T/report.json" --text="$T/report.txt" "$ROOT/tests/golden/v1/kinds.ms"
eq "series of version 1" 0 "$(value '.system | length')"
has "$T/report.txt" '^SYSTEM  not observable'

# What cannot be read is said, with the reason, and has no values.
"$BIN/memscope-analyze" --json="$T/report.json" --text="$T/report.txt" "$ROOT/tests/golden/v2/samples.ms"
eq "status of swap" not_observable "$(value '.system[] | select(.name == "swap") | .status')"
eq "reason of swap" "Permission denied" "$(value '.system[] | select(.name == "swap") | .reason')"
eq "timeline of swap" null "$(value '.system[] | select(.name == "swap") | .timeline')"
has "$T/report.txt" 'not observable: swap: Permission denied'

for wrong in 0 -3 x 10ms ''; do
	if "$BIN/memscope-record" --monitor="$wrong" /bin/true >"$T/said" 2>&1; then wrong "--monitor=$wrong is taken"; fi
	has "$T/said" '--monitor takes a number'
done
