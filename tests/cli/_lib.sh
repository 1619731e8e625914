# What the command-line tests share. Source it first: . "$ROOT/tests/cli/_lib.sh"
#
# Assertions print what was checked, the expected and the actual value, and go on; the test fails at its end. A test that cannot
# be carried out on this machine ends with `skip REASON` (status 77), which counts neither as passed nor as failed.
set -eu -o pipefail
export PATH=/usr/bin:/bin:/usr/sbin:/sbin LC_ALL=C
ulimit -c 0

failures=0
trace= status=
finish() {
	local rc=$? left
	left=$(jobs -p) # of a test that gave up: programs that would run for ever
	[ -z "$left" ] || kill -KILL $left 2>/dev/null || true
	[ $rc -ne 0 ] || [ "$failures" -eq 0 ] || rc=1
	if [ $rc -ne 0 ] && [ $rc -ne 77 ] && [ -s "$T/err" ]; then
		echo "--- stderr of the last recording:"
		head -c 2000 "$T/err" | cat -v
		echo
	fi
	exit $rc
}
trap finish EXIT

wrong() {
	echo "WRONG: $*"
	failures=$((failures + 1))
}
give_up() {
	echo "GAVE UP: $*"
	exit 1
}
skip() {
	echo "skipped: $*"
	exit 77
}
# Containers and kernels may forbid what memscope-record -p needs: to trace a process that is no child.
needs_ptrace() {
	local status=0
	sleep 60 &
	local other=$!
	/usr/bin/python3 -c '
import ctypes, sys
libc, long = ctypes.CDLL(None), ctypes.c_long
sys.exit(libc.ptrace(long(0x4206), long(int(sys.argv[1])), long(0), long(0)) != 0)' $other || status=$?
	kill $other
	[ $status -eq 0 ] || skip "tracing a process that is no child is not allowed here"
}

# eq WHAT EXPECTED ACTUAL, and the same for other relations between whole numbers
eq() { [ "$2" = "$3" ] || wrong "$1: expected '$2', got '$3'"; }
ge() { [ "$3" -ge "$2" ] || wrong "$1: expected at least $2, got '$3'"; }
le() { [ "$3" -le "$2" ] || wrong "$1: expected at most $2, got '$3'"; }
# has FILE PATTERN (extended regular expression)
has() { grep -aqE -- "$2" "$1" || wrong "$1 should match /$2/; it says: $(head -c 600 "$1" | cat -v)"; }
has_not() { ! grep -aqE -- "$2" "$1" || wrong "$1 should not match /$2/; it says: $(grep -aE -m3 -- "$2" "$1" | head -c 600 | cat -v)"; }
same() { cmp -s "$1" "$2" || wrong "$1 and $2 differ: $(cmp "$1" "$2" 2>&1)"; }

# record [OPTION...] COMMAND...: sets status and trace; the command's streams are $T/out and $T/err, its input $INPUT or nothing.
record() {
	trace=${TRACE:-$T/trace.ms}
	rm -f "$trace"
	status=0
	timeout -k 5 120 "$BIN/memscope-record" -o "$trace" "$@" >"$T/out" 2>"$T/err" <"${INPUT:-/dev/null}" || status=$?
	[ $status -ne 124 ] || give_up "memscope-record $* did not end within 120 s"
}

# report [TRACE]: analyzes into $T/report.json and $T/report.txt; $TOP sites by each order, all when unset
report() {
	rm -f "$T/report.json" "$T/report.txt"
	"$BIN/memscope-analyze" --top="${TOP:-0}" --json="$T/report.json" --text="$T/report.txt" "${1:-$trace}" 2>"$T/analyze.err" ||
		give_up "memscope-analyze ${1:-$trace}: status $?: $(cat "$T/analyze.err")"
}
# value FILTER: a value of the report
value() { jq -r "$1" "$T/report.json"; }
# site FUNCTION FIELD: sum of the field over the sites with a frame of this function
site() {
	jq -r --arg f "$1" --arg k "$2" \
		'[.sites[] | select(any(.stack[]; ((.function // "") | split("(")[0]) == $f)) | .[$k]] | add // 0' "$T/report.json"
}
# own FUNCTION FIELD: the same over the sites whose innermost frame is this function
own() {
	jq -r --arg f "$1" --arg k "$2" \
		'[.sites[] | select(((.stack[0].function // "") | split("(")[0]) == $f) | .[$k]] | add // 0' "$T/report.json"
}
# sites FUNCTION: how many sites have a frame of this function
sites() {
	jq -r --arg f "$1" '[.sites[] | select(any(.stack[]; ((.function // "") | split("(")[0]) == $f))] | length' "$T/report.json"
}
# site_is FUNCTION ALLOCATIONS LIVE: blocks begun by this site, and those of them that live at the end
site_is() {
	eq "allocations in $1" "$2" "$(site "$1" allocations)"
	eq "live blocks of $1" "$3" "$(site "$1" live_blocks)"
}
# whole: the trace is complete: nothing lost, no free without its block, every checksum right
whole() {
	eq "lost events" 0 "$(value .trace.lost_events)"
	eq "unmatched frees" 0 "$(value .totals.unmatched_frees)"
	eq "complete" true "$(value .trace.complete)"
	"$BIN/memscope-trace" check "${1:-$trace}" >"$T/check.out" 2>&1 || wrong "memscope-trace check: status $?: $(cat "$T/check.out")"
}
# exited CODE: what the report says about the program's end
exited() {
	eq ended exited "$(value .trace.ended)"
	eq exit_code "$1" "$(value .trace.exit_code)"
}
signaled() {
	eq ended signaled "$(value .trace.ended)"
	eq term_signal "$1" "$(value .trace.term_signal)"
}
# events FILTER: how many events of the trace satisfy the jq filter
events() {
	[ "$T/events.jsonl" -nt "$trace" ] 2>/dev/null || "$BIN/memscope-trace" dump --json "$trace" >"$T/events.jsonl" ||
		give_up "memscope-trace dump: status $?"
	jq -c "select($1)" "$T/events.jsonl" | wc -l
}
# said WORD FILE: the word after WORD in FILE: programs print `name number` pairs
said() { sed -n "s/.*\<$1 \([0-9]*\).*/\1/p" "${2:-$T/out}" | head -1; }
# await FILE: until it exists, 30 s at most
await() {
	local i
	for ((i = 0; i < 1500; i++)); do
		[ ! -e "$1" ] || return 0
		sleep 0.02
	done
	give_up "$1 did not appear within 30 s"
}
# await_gone PID: until the process is no more, 60 s at most
await_gone() {
	local i
	for ((i = 0; i < 3000; i++)); do
		kill -0 "$1" 2>/dev/null || return 0
		sleep 0.02
	done
	give_up "process $1 is still there after 60 s"
}
# in_namespace: runs the test again in a mount namespace of its own (as root, or as root of a user namespace)
in_namespace() {
	[ -z "${IN_NAMESPACE-}" ] || return 0
	local how
	for how in "-m" "-U -r -m"; do
		# shellcheck disable=SC2086
		if unshare $how true 2>/dev/null; then
			trap - EXIT
			# shellcheck disable=SC2086
			IN_NAMESPACE=1 exec unshare $how bash "$0"
		fi
	done
	skip "no mount namespace: neither root nor user namespaces"
}
