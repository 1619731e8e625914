# Three builds of one program, for the tests of memscope-diff. build NAME FOLDER: NAME is one of
#   before   records.c and text.c; the helper is a function of its own
#   moved    a blank line more, copy_field lives in the other file, the helper is inlined
#   worse    as moved, and an extra strdup per record
# Every build has the name `records`, in the folder given. DEBUG= leaves debug information out.
_field='char *copy_field(const char *from) { char *to = malloc(strlen(from) + 1); keep(to); strcpy(to, from); return to; }'
_text='void *grow_table(void *table, int n) { void *t = realloc(table, (size_t)n * sizeof(char *)); keep(t); return t; }'
build() {
	local dir=$2 inlined="__attribute__((noinline))" moved= extra= flags=
	[ "$1" = before ] || { inlined="inline __attribute__((always_inline))"; moved=1; }
	[ "$1" = worse ] && extra='log_of[i] = strdup(line);'
	mkdir -p "$dir"
	cat >"$dir/records.h" <<-C
		#include <stdlib.h>
		#include <string.h>
		#define keep(p) __asm__ volatile("" : : "r"(p) : "memory")
		char *copy_field(const char *from);
		void *grow_table(void *table, int n);
	C
	{
		echo '#include "records.h"'
		echo 'enum { RECORDS = 500 };'
		echo 'static char **table; char *log_of[RECORDS];'
		[ -z "$moved" ] || printf '\n\n%s\n' "$_field"
		echo "static $inlined void *scratch(int n) { void *p = calloc(1, (size_t)n); keep(p); return p; }"
		echo "__attribute__((noipa)) void read_record(int i, const char *line) {"
		[ -z "$moved" ] || echo
		echo ' void *s = scratch(64 + i % 7);'
		echo ' table[i] = copy_field(line); '"$extra"
		echo ' free(s); }'
		echo '__attribute__((noipa)) void read_all(void) {'
		echo ' for (int i = 0; i < RECORDS; i++) {'
		echo '  table = grow_table(table, i + 1); read_record(i, "one line of a record that is copied"); } }'
		echo 'int main(void) { read_all(); for (int i = 0; i < RECORDS; i += 2) { free(table[i]); table[i] = NULL; } return 0; }'
	} >"$dir/records.c"
	{
		echo '#include "records.h"'
		[ -n "$moved" ] || echo "$_field"
		echo "$_text"
	} >"$dir/text.c"
	[ "$1" != before ] || flags=-falign-functions=64
	(cd "$dir" && cc ${DEBUG--g} -O1 -fno-builtin -fno-optimize-sibling-calls $flags -o records records.c text.c) || give_up "cc fails"
}
