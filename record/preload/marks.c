/* marks.c - see marks.h. */
#include "marks.h"

#include <stddef.h>

#include "record/include/memscope.h"
#include "ring.h"
#include "texts.h"

_Static_assert(MEMSCOPE_MARK_BYTES <= MS_TEXT_BYTES, "an entry holds the longest mark");

void ms_mark(const char *text)
{
	if (text == NULL)
		text = "";
	ms_emit_text(MS_EV_MARK, text, ms_text_bytes(text, MEMSCOPE_MARK_BYTES));
}
