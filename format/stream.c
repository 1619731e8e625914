#include "stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- file back-end ---------------------------------------------------------------------------------------------- */

static int fd_write(struct ms_stream *s, const void *bytes, size_t size, struct ms_error *err)
{
	const uint8_t *p = bytes;
	size_t left = size;

	while (left > 0) {
		ssize_t n = write(s->fd, p, left);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			int saved = n < 0 ? errno : ENOSPC;
			struct stat st;

			/* Take back the part that went out, so that the file ends with a whole block. */
			if (left != size && fstat(s->fd, &st) == 0 && S_ISREG(st.st_mode)) {
				off_t whole = st.st_size - (off_t)(size - left);

				if (whole >= 0 && ftruncate(s->fd, whole) == 0)
					(void)lseek(s->fd, whole, SEEK_SET);
			}
			return ms_fail(err, MS_E_IO, s->position, "cannot write %zu bytes: %s", size, strerror(saved));
		}
		p += n;
		left -= (size_t)n;
	}
	return MS_OK;
}

static int fd_sync(struct ms_stream *s, struct ms_error *err)
{
	/* EINVAL, ENOTSUP: a pipe or a device, where there is nothing to make durable. */
	if (fsync(s->fd) != 0 && errno != EINVAL && errno != ENOTSUP)
		return ms_fail(err, MS_E_IO, s->position, "cannot sync: %s", strerror(errno));
	return MS_OK;
}

static const struct ms_stream_ops fd_ops = {.write = fd_write, .sync = fd_sync};

void ms_stream_init_fd(struct ms_stream *s, int fd)
{
	*s = (struct ms_stream){.ops = &fd_ops, .fd = fd};
}

/* ---- memory back-end -------------------------------------------------------------------------------------------- */

static int memory_write(struct ms_stream *s, const void *bytes, size_t size, struct ms_error *err)
{
	if (size > s->capacity - s->position) {
		size_t capacity = s->capacity ? s->capacity : 4096;
		uint8_t *memory;

		while (capacity - s->position < size)
			capacity *= 2;
		memory = realloc(s->memory, capacity);
		if (memory == NULL)
			return ms_fail(err, MS_E_NOMEM, s->position, "no memory for %zu bytes of output", capacity);
		s->memory = memory;
		s->capacity = capacity;
	}
	memcpy(s->memory + s->position, bytes, size);
	return MS_OK;
}

static void memory_free(struct ms_stream *s)
{
	free(s->memory);
	s->memory = NULL;
	s->capacity = 0;
}

static const struct ms_stream_ops memory_ops = {.write = memory_write, .free = memory_free};

void ms_stream_init_memory(struct ms_stream *s)
{
	*s = (struct ms_stream){.ops = &memory_ops, .fd = -1};
}

/* ---- for every back-end ----------------------------------------------------------------------------------------- */

int ms_stream_write(struct ms_stream *s, const void *bytes, size_t size, struct ms_error *err)
{
	int rc = s->ops->write(s, bytes, size, err);

	if (rc == MS_OK)
		s->position += size;
	return rc;
}

int ms_stream_sync(struct ms_stream *s, struct ms_error *err)
{
	return s->ops->sync != NULL ? s->ops->sync(s, err) : MS_OK;
}

void ms_stream_free(struct ms_stream *s)
{
	if (s->ops != NULL && s->ops->free != NULL)
		s->ops->free(s);
}
