/* marks.c - see marks.h. */
#include "marks.h"

#include <stddef.h>

#include "record/include/memscope.h"
#include "ring.h"

_Static_assert(MEMSCOPE_MARK_BYTES <= MS_TEXT_BYTES, "an entry holds the longest mark");

/* By hand: in the guard's library strlen is a function that reports what it reads. */
static size_t text_bytes(const char *text)
{
	size_t bytes = 0;

	while (bytes <= MEMSCOPE_MARK_BYTES && text[bytes] != '\0')
		bytes++;
	if (bytes <= MEMSCOPE_MARK_BYTES)
		return bytes;
	bytes = MEMSCOPE_MARK_BYTES;
	/* Bytes 10xxxxxx continue a character; of UTF-8 there are at most three in a row. */
	for (unsigned back = 0; back < 3 && ((unsigned char)text[bytes] & 0xc0) == 0x80; back++)
		bytes--;
	return bytes;
}

void ms_mark(const char *text)
{
	if (text == NULL)
		text = "";
	ms_emit_text(MS_EV_MARK, text, text_bytes(text));
}
