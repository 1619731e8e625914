# --html: where it goes, that it is one file without addresses of others, --no-paths, mode of the file.
. "$ROOT/tests/cli/_lib.sh"

record "$PROGRAMS/churn" 2000 30
A=$BIN/memscope-analyze

"$A" --html="$T/report.html" "$trace"
eq "mode of the report" 600 "$(stat -c %a "$T/report.html")"
head -c 15 "$T/report.html" > "$T/start"
has "$T/start" '^<!DOCTYPE html>'
has "$T/report.html" "default-src 'none'"
has "$T/report.html" '<title>.*/churn 2000 30 · memscope</title>'
eq "elements that load something" 0 "$(grep -cE '<(script|img|iframe|link)[^>]* (src|href)="(https?:|//)' "$T/report.html" || true)"
le "size of the page with the data of a small trace" 400000 "$(stat -c %s "$T/report.html")"

"$A" --html "$trace" > "$T/out.html"
same "$T/report.html" "$T/out.html"
"$A" --html --json="$T/report.json" -o "$T/o.html" "$trace"
same "$T/report.html" "$T/o.html"
eq "steps of the timeline" 480 "$(jq '.timeline.start_ns | length' "$T/report.json")"
"$A" --html="$T/few.html" --buckets=10 --json="$T/few.json" "$trace"
eq "steps asked for" 10 "$(jq '.timeline.start_ns | length' "$T/few.json")"

"$A" --html="$T/stripped.html" --no-paths "$trace"
has "$T/stripped.html" '<title>churn · memscope</title>'

status=0
"$A" --html --json "$trace" >"$T/out" 2>"$T/err" || status=$?
eq "status of two reports to one place" 2 $status
status=0
"$A" --html=/dev/full "$trace" 2>"$T/err" || status=$?
eq "status of a full disk" 4 $status
status=0
"$A" --html="$T/why.html" --why=1 "$trace" 2>"$T/err" || status=$?
eq "status of --why as HTML" 2 $status
