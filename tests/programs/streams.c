/*
 * streams - copies its input to its output and says known bytes on both output streams.
 *
 * Breaks wrappers that print into the program's streams. Writes all 256 byte values to stdout and, reversed, to stderr, without a final
 * newline, around what it reads from stdin; allocates 1 block per byte read in `stream_alloc`. Exit status 45.
 */
#include "known.h"

SITE void *stream_alloc(void) { void *p = malloc(65); keep(p); return p; }

int main(void)
{
	unsigned char up[256], down[256], c;
	for (int i = 0; i < 256; i++) {
		up[i] = (unsigned char)i;
		down[i] = (unsigned char)(255 - i);
	}
	if (write(1, up, 256) != 256 || write(2, down, 256) != 256)
		return 1;
	while (read(0, &c, 1) == 1) {
		free(stream_alloc());
		if (write(1, &c, 1) != 1)
			return 1;
	}
	if (write(2, "end without newline", 19) != 19)
		return 1;
	return 45;
}
