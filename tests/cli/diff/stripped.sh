# Without symbols: an offset is a name as long as it is the same build of the module, in whatever folder; of another build the
# module is all that is known, and its call paths are compared as one.
. "$ROOT/tests/cli/_lib.sh"

D=$BIN/memscope-diff
program() { # NAME EXTRA
	cat >"$T/$1.c" <<-C
		#include <stdlib.h>
		#define keep(p) __asm__ volatile("" : : "r"(p) : "memory")
		$2
		static __attribute__((noipa)) void one(void) { void *p = malloc(10); keep(p); free(p); }
		static __attribute__((noipa)) void two(void) { void *p = malloc(20); keep(p); free(p); }
		int main(void) { for (int i = 0; i < 50; i++) { one(); two(); } two(); return 0; }
	C
	cc -O1 -fno-builtin -Wl,--build-id=sha1 -s -o "$T/$1" "$T/$1.c" || give_up "cc fails"
}
program app ''
program other '__attribute__((used, noipa)) void before(void) { keep(0); keep(1); keep(2); }'
mkdir "$T/here" "$T/there" "$T/new"
cp "$T/app" "$T/here/app"
cp "$T/app" "$T/there/app"
cp "$T/other" "$T/new/app"
TRACE=$T/here.ms record "$T/here/app"
TRACE=$T/there.ms record "$T/there/app"
TRACE=$T/new.ms record "$T/new/app"

"$D" --json="$T/moved.json" "$T/here.ms" "$T/there.ms"
eq "the same build elsewhere" "0 true" "$(jq -r '"\(.call_paths.changed) \(.call_paths.old >= 3)"' "$T/moved.json")"
"$D" --json="$T/rebuilt.json" --text="$T/rebuilt.txt" "$T/here.ms" "$T/new.ms"
eq "another build" "0 true" "$(jq -r '"\(.call_paths.changed) \(.call_paths.old < 3)"' "$T/rebuilt.json")"
eq "allocations of both" "101 101" "$(jq -r '.totals[] | select(.name == "allocations") | "\(.old.median) \(.new.median)"' "$T/rebuilt.json")"
has "$T/rebuilt.txt" 'what has none is paired by its module'
