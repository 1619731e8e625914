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

# no_findings MODE: in the traces $T/traces/*: at least one, each readable, nothing lost, and without an error
no_findings() {
	local t n=0 said
	for t in "$T"/traces/*.ms; do
		"$BIN/memscope-analyze" --json="$T/report.json" "$t" 2>"$T/analyze.err" || give_up "$1: memscope-analyze $t: $(cat "$T/analyze.err")"
		said=$(value '[.findings[] | select(.kind | startswith("leak-") | not)] as $errors
			| if .trace.guard == "none" or .trace.guard != "sample" and .totals.allocations > 0 and (.trace.guard_counts | .page_blocks + .canary_blocks + .plain_blocks) == 0 then "no guard"
			  elif ($errors | length) + .trace.lost_events == 0 then "nothing"
			  else "\(.trace.lost_events) lost events, \($errors | length) errors in \(.trace.command | join(" ") | .[:200]): \($errors[:3])" end')
		[ "$said" = nothing ] || wrong "$1: $said"
		n=$((n + 1))
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
