# dump: every kind of event as text and as JSON, filters, times, limits, closed pipes, full disks.
. "$ROOT/tests/cli/_lib.sh"
golden=$ROOT/tests/golden/v1/kinds.ms
dump() { "$BIN/memscope-trace" dump "$golden" "$@"; }

dump --stacks >"$T/text"
diff -u "$ROOT/tests/cli/trace/expected/kinds.text" "$T/text" || wrong "text changed"
dump --json --stacks >"$T/json"
diff -u "$ROOT/tests/cli/trace/expected/kinds.jsonl" "$T/json" || wrong "JSON changed"
eq "lines that jq reads" 72 "$(jq -c . "$T/json" | wc -l)"
eq "without --stacks no frames" 0 "$(dump --json | jq -c 'select(.frames)' | wc -l)"

echo "# filters"
eq "one kind" "malloc malloc malloc" "$(dump --json --kind malloc | jq -r .kind | xargs)"
eq "two kinds" "free free mmap" "$(dump --json -k mmap,free | jq -r .kind | xargs)"
eq "a class" "alloc" "$(dump --json --kind allocations | jq -r .class | sort -u)"
eq "events of a class" "$(jq -c 'select(.class == "free")' "$T/json" | wc -l)" "$(dump --json --kind frees | wc -l)"
eq "classes and kinds" 9 "$(dump --json --kind mappings,failures,malloc | wc -l)"
eq "limit" "0 1 2" "$(dump --json --limit 3 | jq .event | xargs)"
eq "limit counts what is printed" "mmap" "$(dump --json --limit 1 --kind mmap | jq -r .kind)"
eq "no events" "" "$(dump --json --limit 0)"

echo "# times: both ends belong to it"
eq "range" "6078 7000 8013" "$(dump --json --from 6078 --to 8013 | jq .time_ns | xargs)"
eq "units" "6078 7000 8013" "$(dump --json --from 6.078us --to 0.008013ms | jq .time_ns | xargs)"
eq "from alone" "71013" "$(dump --json --from 70.5us | jq .time_ns | xargs)"
eq "behind the end" "" "$(dump --json --from 1h)"
eq "a free in range knows its block" 26 "$(dump --json --from 37us --kind free --limit 1 | jq .size_bytes)"

echo "# wrong usage: status 2, one line that helps"
usage() { # PATTERN ARGUMENT...
	local pattern=$1 status=0
	shift
	"$BIN/memscope-trace" "$@" >"$T/out" 2>"$T/err" || status=$?
	eq "status of $*" 2 $status
	has "$T/err" "$pattern"
	[ ! -s "$T/out" ] || wrong "$*: prints to stdout"
}
usage "did you mean 'malloc'" dump --kind mallok "$golden"
usage "no events of kind ''" dump --kind malloc, "$golden"
usage "takes a time like" dump --from yesterday "$golden"
usage "takes a time like" dump --to 5parsecs "$golden"
usage "takes a number" dump --limit -1 "$golden"
usage "which trace" dump
usage "one trace at a time" dump "$golden" "$golden"
usage "unrecognized option" dump --nonsense "$golden"
usage "did you mean 'dump'" dmp "$golden"
usage "memscope-trace --help" frobnicate
usage "the command comes first" --json dump
usage "Usage: memscope-trace COMMAND"

echo "# help and version: stdout, status 0"
"$BIN/memscope-trace" --help >"$T/help"
for command in $(sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p' "$T/help"); do
	"$BIN/memscope-trace" "$command" --help >"$T/out" 2>"$T/err"
	has "$T/out" "^Usage: memscope-trace $command "
	[ ! -s "$T/err" ] || wrong "$command --help prints to stderr"
done
has "$T/help" "^  dump "
has <("$BIN/memscope-trace" --version) '^memscope-trace [0-9]+\.[0-9]+'
has <("$BIN/memscope-trace" dump -V) '^memscope-trace [0-9]+\.[0-9]+'

echo "# a reader that goes away is no error, a full disk is one"
{ dump --json --stacks 2>"$T/err"; echo $? >"$T/status"; } | head -1 >/dev/null
eq "status after head -1" 0 "$(cat "$T/status")"
[ ! -s "$T/err" ] || wrong "closed pipe: $(cat "$T/err")"
{ dump --json 2>"$T/err"; echo $? >"$T/status"; } | true
eq "status after true" 0 "$(cat "$T/status")"
status=0
dump >/dev/full 2>"$T/err" || status=$?
eq "status on a full disk" 4 $status
has "$T/err" "cannot write the output: No space left on device"
