# A program that removes the folder of its trace and executes itself: the image after that cannot be recorded, and runs as if nobody had asked.
. "$ROOT/tests/cli/_lib.sh"
cat >"$T/again.c" <<'END'
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
int main(int argc, char **argv)
{
	char *again[] = {argv[0], argv[1], "second", NULL};

	if (argc < 3) {
		char *folder = strdup(argv[1]);

		unlink(argv[1]);
		*strrchr(folder, '/') = '\0';
		rmdir(folder);
		execv(argv[0], again);
	}
	for (int i = 1; i < 1000; i++) {
		char *block = realloc(malloc(i), 2 * i);
		free(block);
	}
	return 7;
}
END
gcc -O1 -fno-builtin -o "$T/again" "$T/again.c"
for backend in core async unified lockfree; do
	for sample in "" --sample-rate=0.5; do
		mkdir -p "$T/folder"
		status=0
		"$BIN/memscope-record" -q --backend=$backend $sample -o "$T/folder/trace.ms" "$T/again" "$T/folder/trace.ms" 2>"$T/err" || status=$?
		eq "$backend $sample: status" 7 $status
	done
done
