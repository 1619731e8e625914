/*
 * texts.h - what of a text of the program goes into an entry.
 *
 * ms_text_bytes   length of a NUL-terminated text; of one that is longer than `most` bytes as much as fits, cut before the character (UTF-8)
 *                 that does not. Reads at most most + 1 bytes. Written by hand: in the guard's library strlen is a function that reports
 *                 what it reads.
 *
 * Async-signal-safe; pure.
 */
#ifndef MS_PRELOAD_TEXTS_H
#define MS_PRELOAD_TEXTS_H

#include <stddef.h>

static inline size_t ms_text_bytes(const char *text, size_t most)
{
	size_t bytes = 0;

	while (bytes <= most && text[bytes] != '\0')
		bytes++;
	if (bytes <= most)
		return bytes;
	bytes = most;
	/* Bytes 10xxxxxx continue a character; of UTF-8 there are at most three in a row. */
	for (unsigned back = 0; back < 3 && bytes > 0 && ((unsigned char)text[bytes] & 0xc0) == 0x80; back++)
		bytes--;
	return bytes;
}

#endif
