# Leaks at the gate: --fail-on, suppressions in both syntaxes, a baseline; they say what they hid.
. "$ROOT/tests/cli/_lib.sh"

record "$PROGRAMS/leak_chain"
analyze() { # STATUS OPTION...
	local expected=$1 rc=0
	shift
	"$BIN/memscope-analyze" --json="$T/report.json" "$@" "$trace" >"$T/out" 2>"$T/err" || rc=$?
	eq "status of memscope-analyze $*" "$expected" "$rc"
}
analyze 1 --fail-on 'leak-definite>0'
analyze 0 --fail-on 'leak-possible>0'
eq "findings" "leak-definite leak-indirect" "$(value '[.findings[].kind] | sort | join(" ")')"
has "$T/report.json" '1 block with 100 bytes that nothing holds any more; 9 more with 360 bytes hang on it'

echo 'leak:^lose$' >"$T/lsan.supp"
analyze 0 --fail-on 'findings>0' --suppressions="$T/lsan.supp"
eq "suppressed" "10 460" "$(value '.leaks.suppressed | "\(.blocks) \(.bytes)"')"
eq "what leaked stays what it is" "1 100" "$(value '.leaks.definite | "\(.blocks) \(.bytes)"')"
printf '{\n  the head alone\n  Memcheck:Leak\n  match-leak-kinds: definite\n  fun:calloc\n  fun:lose\n}\n' >"$T/valgrind.supp"
analyze 0 --fail-on 'leak-definite>0' --suppressions="$T/valgrind.supp"
analyze 1 --fail-on 'leak-indirect>0' --suppressions="$T/valgrind.supp"
eq "suppressed by kind" "true false" "$(value '[.leaks.list[] | select(.kind != "reachable") | .suppressed | tostring] | join(" ")')"

"$BIN/memscope-analyze" --json="$T/base.json" "$trace"
analyze 0 --fail-on 'findings>0' --baseline="$T/base.json"
