/*
 * replace_file.h - writes a trace under a temporary name in the target's folder, then puts it in the target's place.
 *
 * Whoever looks at the target sees the old file or the whole new one; where the file system can do it, the new one has no name before it is
 * whole, so that who is killed leaves nothing behind. The new file is made durable before it is renamed, and
 * created 0600, as every trace; a file that it replaces keeps its mode.
 * Errors: MS_E_IO with a message. Ownership: end with commit or abandon, each of which frees. Thread-safety: none.
 */
#ifndef MS_RENDER_TOOLS_REPLACE_FILE_H
#define MS_RENDER_TOOLS_REPLACE_FILE_H

#include <stdbool.h>

#include "format/errors.h"
#include "format/stream.h"

struct replace_file {
	char *target, *temporary;
	int fd;
	bool unnamed;                    /* it has no name yet */
	struct ms_stream stream;         /* write here */
};

/* source: what the new file is made of, which it must not replace (MS_E_IO); NULL: it may. Borrowed until this returns. */
int replace_file_open(struct replace_file *r, const char *target, const char *source, struct ms_error *err);
/* Puts the file in place; on error the target is as it was. */
int replace_file_commit(struct replace_file *r, struct ms_error *err);
void replace_file_abandon(struct replace_file *r);

#endif
