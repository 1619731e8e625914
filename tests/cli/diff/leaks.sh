# A leak that one side has and the other has not: by call path, as a finding, as a condition; and what suppressions do to it.
. "$ROOT/tests/cli/_lib.sh"

D=$BIN/memscope-diff
program() { # FOLDER FREE
	mkdir "$T/$1"
	cat >"$T/$1/app.c" <<-C
		#include <stdlib.h>
		#include <string.h>
		#define keep(p) __asm__ volatile("" : : "r"(p) : "memory")
		__attribute__((noipa)) void handle(int i) { char *p = malloc(40); keep(p); memset(p, i, 40); $2 }
		__attribute__((noipa)) void clear(void) { char room[4096]; memset(room, 0, sizeof room); keep(room); }
		int main(void) { for (int i = 0; i < 30; i++) handle(i); clear(); return 0; }
	C
	cc -g -O1 -fno-builtin -o "$T/$1/app" "$T/$1/app.c" || give_up "cc fails"
}
program sound 'free(p);'
program leaky 'keep(p);'
TRACE=$T/sound.ms record "$T/sound/app"
TRACE=$T/leaky.ms record "$T/leaky/app"
run() { # EXPECTED-STATUS ARGUMENT...
	local want=$1 got=0
	shift
	"$D" "$@" >"$T/out" 2>"$T/err" || got=$?
	eq "status of memscope-diff $*" "$want" "$got"
}

run 1 --fail-on 'new:leak-definite>0' --fail-on 'leak-definite-bytes>+1KiB' --json="$T/new.json" "$T/sound.ms" "$T/leaky.ms"
has "$T/err" "--fail-on 'new:leak-definite>0' holds: it is 1$"
has "$T/err" "--fail-on 'leak-definite-bytes>\+1KiB' holds: it is 1200, and was 0$"
eq "the new finding" "leak-definite true" "$(jq -r '.findings.new[] | "\(.kind) \(.comparable)"' "$T/new.json")"
eq "fixed" 0 "$(jq '.findings.fixed | length' "$T/new.json")"
eq "the call path" "grown 0 1200 handle" "$(jq -r '.changes[0] | .metrics."leak-definite-bytes" as $v | "\($v.change) \($v.old.median) \($v.new.median) \(.new.stack[0].function)"' "$T/new.json")"
run 0 "$T/sound.ms" "$T/leaky.ms"
has "$T/out" '^FINDINGS  1 new, 0 fixed, 0 on both sides$'
has "$T/out" '^  new    leak-definite: '
has "$T/out" 'bytes definitely lost: 1.17 KiB, was 0 B$'

run 0 --fail-on 'new:leak-definite>0' --json="$T/fixed.json" "$T/leaky.ms" "$T/sound.ms"
eq "the fixed finding" leak-definite "$(jq -r '.findings.fixed[].kind' "$T/fixed.json")"
run 0 --fail-on 'new:findings>0' --json="$T/both.json" "$T/leaky.ms" "$T/leaky.ms"
eq "on both sides" "1 0 0" "$(jq -r '.findings | "\(.common) \(.new | length) \(.fixed | length)"' "$T/both.json")"

echo 'leak:handle' >"$T/known.supp"
run 0 --suppressions="$T/known.supp" --fail-on 'new:leak-definite>0' --fail-on 'leak-definite-bytes>0' --json="$T/quiet.json" "$T/sound.ms" "$T/leaky.ms"
eq "suppressed" 0 "$(jq '.findings.new | length' "$T/quiet.json")"
run 2 --suppressions="$T/missing.supp" "$T/sound.ms" "$T/leaky.ms"
has "$T/err" 'missing.supp'

# Without a heap graph nothing can be said, and nothing is.
TRACE=$T/blind.ms record --graph=off "$T/leaky/app"
run 2 --fail-on 'new:leak-definite>0' --json="$T/blind.json" "$T/sound.ms" "$T/blind.ms"
has "$T/err" "cannot be judged: leak-definite is not observable in the new trace: .*--graph=exit"
run 2 --fail-on 'leak-definite-bytes>+0' "$T/blind.ms" "$T/sound.ms"
has "$T/err" "cannot be judged: leak-definite-bytes is not observable in every trace: .*--graph=exit"
run 0 --fail-on 'new:errors>99' "$T/blind.ms" "$T/blind.ms"
has "$T/err" "'new:errors>99' does not hold, judged without .*leak-definite.*: not observable in every trace"
got=0
"$BIN/memscope-analyze" --fail-on 'leak-definite>0' "$T/blind.ms" >"$T/out" 2>"$T/err" || got=$?
eq "status of memscope-analyze for a condition that cannot be judged" 2 "$got"
has "$T/err" "cannot be judged: not observable in this trace: .*--graph=exit"
eq "leak metrics" "false false false" "$(jq -r '[.metrics[] | select(.name | startswith("leak")) | .observable] | map(tostring) | join(" ")' "$T/blind.json")"
/usr/bin/python3 "$ROOT/tests/cli/analyze/_validate.py" "$ROOT/schemas/diff.schema.json" "$T"/*.json || wrong "a comparison does not follow the schema"
