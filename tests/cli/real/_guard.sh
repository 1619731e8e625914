# What the tests of guards on real programs share: each program runs plain and in every guard mode, on the same input, and must do
# the same. Findings of errors would be false alarms: none is there. Leaks are the programs' own and are not looked at.
. "$ROOT/tests/cli/_lib.sh"
GUARDS=(
	--guard=canary
	"--guard=full --guard-side=end"
	"--guard=full --guard-side=start"
	"--guard=full --guard-side=alternate"
	--guard=sample=20
)

# no_findings MODE: in the traces $T/traces/*: at least one, each readable, complete, with a guard, and without an error
no_findings() {
	local t n=0
	for t in "$T"/traces/*.ms; do
		"$BIN/memscope-analyze" --json="$T/report.json" "$t" 2>"$T/analyze.err" || give_up "$1: memscope-analyze $t: $(cat "$T/analyze.err")"
		n=$((n + 1))
		local errors
		errors=$(value '[.findings[] | select(.kind | startswith("leak-") | not)] | length')
		[ "$errors" = 0 ] || wrong "$1: $errors false alarms in $(value '.trace.command | join(" ")' | head -c 200): $(value '[.findings[] | select(.kind | startswith("leak-") | not)][:3]')"
		eq "$1: lost events" 0 "$(value .trace.lost_events)"
	done
	ge "$1: traces" 1 $n
}

# guarded COMMAND...: $INPUT: standard input. FILE, if set: a file that the program writes. FRESH, if set: a command before each run.
# FOLLOW=1: with its children.
guarded() {
	local plain=0 guard
	${FRESH-}
	"$@" >"$T/plain.out" 2>"$T/plain.err" <"${INPUT:-/dev/null}" || plain=$?
	[ -z "${FILE-}" ] || mv "$FILE" "$T/plain.file"
	for guard in "${GUARDS[@]}"; do
		rm -rf "$T/traces"
		mkdir "$T/traces"
		${FRESH-}
		# shellcheck disable=SC2086
		TRACE=$T/traces/%e.%p.ms record -q ${FOLLOW:+--follow} $guard -- "$@"
		eq "$guard: status" $plain $status
		same "$T/plain.out" "$T/out"
		same "$T/plain.err" "$T/err"
		[ -z "${FILE-}" ] || same "$T/plain.file" "$FILE"
		no_findings "$guard"
	done
	eq "its exit status" "${STATUS:-0}" $plain
}
