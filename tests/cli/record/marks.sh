# Marks that a program sets through memscope.h: phases, moments, windows; what was set last is in the trace of a killed program; nothing
# happens when nothing records.
. "$ROOT/tests/cli/_lib.sh"

eq "not recorded" "errno kept" "$("$PROGRAMS/marks")"
for guard in none canary; do
	options=()
	[ $guard = none ] || options=(--guard=$guard)
	record "${options[@]}" "$PROGRAMS/marks"
	eq "$guard: status" 0 $status
	same "$T/out" <(echo "errno kept")
	report
	eq "$guard: marks" 5 "$(value .phases.marks)"
	eq "$guard: names" '["","loaded","served é","","","from a handler"]' "$(value '.phases.list | map(.name // "") | tojson')"
	eq "$guard: kept until loaded" "10 1000" "$(value '.phases.list[0] | "\(.kept_blocks) \(.kept_bytes)"')"
	eq "$guard: until served" "21 20 1007 1 7" "$(value '.phases.list[1] | "\(.allocations) \(.frees) \(.allocated_bytes) \(.kept_blocks) \(.kept_bytes)"')"
	eq "$guard: after the last one" "1 9" "$(value '.phases.list[5] | "\(.allocations) \(.kept_bytes)"')"
	# The same between moments.
	"$BIN/memscope-analyze" -q --window "mark:loaded:mark:served é" --json="$T/report.json" "$trace"
	eq "$guard: window" "21 20 1000 1007" "$(value '"\(.totals.allocations) \(.totals.frees) \(.window.start_bytes) \(.totals.live_bytes)"')"
	eq "$guard: snapshot" "10|1000" "$("$BIN/memscope-query" --format=csv "$trace" "SELECT count(*) || '|' || sum(size) FROM snapshot('mark:loaded')" | tail -1)"
	"$BIN/memscope-diff" -q --at mark:loaded --vs end --json="$T/diff.json" "$trace"
	eq "$guard: diff" 16 "$(jq '.totals[] | select(.name == "live-bytes") | .new.median - .old.median' "$T/diff.json")"
done

record "$PROGRAMS/marks" long
text=$("$BIN/memscope-query" --format=csv "$trace" "SELECT text FROM marks" | tail -1 | tr -d '"')
eq "a long text is cut before the character that does not fit" "$(printf 'x%.0s' $(seq 1998))" "$text"

record "$PROGRAMS/marks" kill
eq "killed" 137 $status
eq "the last mark of a killed program" "last words" "$("$BIN/memscope-query" --format=csv "$trace" "SELECT text FROM marks" | tail -1 | tr -d '"')"

record "$PROGRAMS/marks" storm
eq "status" 0 $status
eq "no mark is lost, those of handlers included" "$(sed 's/marks //' "$T/out")" "$("$BIN/memscope-query" --format=csv "$trace" "SELECT count(*) FROM marks" | tail -1)"

# C99 and C++11; nothing to link with; nothing at all when it is switched off.
cat >"$T/use.c" <<'C'
#include "memscope.h"
int main(void) { MEMSCOPE_MARK("here"); return 0; }
C
gcc -std=c99 -pedantic-errors -Wall -Wextra -Werror -I "$ROOT/record/include" -o "$T/c" "$T/use.c" && "$T/c" || wrong "C99"
g++ -x c++ -std=c++11 -pedantic-errors -Wall -Wextra -Werror -I "$ROOT/record/include" -o "$T/cxx" "$T/use.c" && "$T/cxx" || wrong "C++11"
eq "libraries that it needs" "$(printf 'int main(void) { return 0; }' | gcc -x c -o "$T/bare" - && readelf -d "$T/bare" | grep NEEDED)" "$(readelf -d "$T/c" | grep NEEDED)"
gcc -std=c99 -DMEMSCOPE_DISABLE -I "$ROOT/record/include" -O1 -o "$T/off" "$T/use.c"
eq "switched off" 0 "$(nm "$T/off" | grep -c memscope_mark_request || true)"
