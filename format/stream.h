/*
 * stream.h - where a trace is written to: a vtable with a file and a memory back-end.
 *
 * The writer hands over whole blocks; write() either takes all bytes or fails, and after a failure the stream has been
 * cut back to its length before that write where the medium allows it (a regular file), so that a full disk leaves a
 * trace that ends with a whole block.
 * Ownership: a stream borrows its file descriptor; the memory back-end owns its buffer until ms_stream_free.
 * Errors: enum ms_status. Thread-safety: one thread at a time. Not signal-safe.
 */
#ifndef MS_FORMAT_STREAM_H
#define MS_FORMAT_STREAM_H

#include <stddef.h>
#include <stdint.h>

#include "errors.h"

struct ms_stream;

struct ms_stream_ops {
	/* Required. Appends all size bytes or fails. */
	int (*write)(struct ms_stream *s, const void *bytes, size_t size, struct ms_error *err);
	/* Optional. Makes what was written durable (fsync). */
	int (*sync)(struct ms_stream *s, struct ms_error *err);
	/* Optional. Frees what the back-end owns. */
	void (*free)(struct ms_stream *s);
};

struct ms_stream {
	const struct ms_stream_ops *ops;
	uint64_t position;               /* bytes written so far */
	int fd;                          /* file back-end */
	uint8_t *memory;                 /* memory back-end */
	size_t capacity;
};

void ms_stream_init_fd(struct ms_stream *s, int fd);
void ms_stream_init_memory(struct ms_stream *s);
int ms_stream_write(struct ms_stream *s, const void *bytes, size_t size, struct ms_error *err);
int ms_stream_sync(struct ms_stream *s, struct ms_error *err);
void ms_stream_free(struct ms_stream *s);

#endif
