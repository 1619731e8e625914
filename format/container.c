#include "container.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "bytes.h"
#include "version.h"

const char *ms_block_kind_name(unsigned kind)
{
	static const char *const names[] = {
#define X(number, id, name) [number] = name,
		MS_BLOCK_KINDS(X)
#undef X
	};

	return kind < sizeof(names) / sizeof(names[0]) && names[kind] != NULL ? names[kind] : "unknown";
}

/* ---- file header: offsets ---------------------------------------------------------------------------------------- */

enum {
	HEADER_MAGIC = 0,
	HEADER_FORMAT_VERSION = 8,
	HEADER_MIN_READER = 12,
	HEADER_BYTES = 16,
	HEADER_RESERVED0 = 20,
	HEADER_MUST_UNDERSTAND = 24,
	HEADER_MAY_IGNORE = 32,
	HEADER_RESERVED1 = 40,
	HEADER_HASH = 56,
};

void ms_file_header_store(uint8_t bytes[MS_FILE_HEADER_BYTES], const struct ms_file_header *header)
{
	memset(bytes, 0, MS_FILE_HEADER_BYTES);
	memcpy(bytes + HEADER_MAGIC, MS_FILE_MAGIC, 8);
	ms_store32(bytes + HEADER_FORMAT_VERSION, header->format_version);
	ms_store32(bytes + HEADER_MIN_READER, header->min_reader_version);
	ms_store32(bytes + HEADER_BYTES, MS_FILE_HEADER_BYTES);
	ms_store64(bytes + HEADER_MUST_UNDERSTAND, header->must_understand);
	ms_store64(bytes + HEADER_MAY_IGNORE, header->may_ignore);
	ms_store64(bytes + HEADER_HASH, XXH3_64bits(bytes, HEADER_HASH));
}

int ms_file_header_load(struct ms_file_header *header, const uint8_t *bytes, size_t size, struct ms_error *err)
{
	if (size == 0)
		return ms_fail(err, MS_E_MAGIC, 0, "the file is empty");
	if (size < 8 || memcmp(bytes, MS_FILE_MAGIC, 8) != 0)
		return ms_fail(err, MS_E_MAGIC, 0, "the file does not start like a memscope trace");
	if (size < MS_FILE_HEADER_BYTES)
		return ms_fail(err, MS_E_TRUNCATED, size, "the file ends inside its header (%zu of %d bytes)", size,
			       MS_FILE_HEADER_BYTES);
	if (ms_load64(bytes + HEADER_HASH) != XXH3_64bits(bytes, HEADER_HASH))
		return ms_fail(err, MS_E_CORRUPT, 0, "the file header does not match its checksum");
	header->format_version = ms_load32(bytes + HEADER_FORMAT_VERSION);
	header->min_reader_version = ms_load32(bytes + HEADER_MIN_READER);
	header->must_understand = ms_load64(bytes + HEADER_MUST_UNDERSTAND);
	header->may_ignore = ms_load64(bytes + HEADER_MAY_IGNORE);
	if (header->min_reader_version > MS_FORMAT_VERSION)
		return ms_fail(err, MS_E_VERSION, HEADER_MIN_READER,
			       "the trace has format version %u and needs a reader of version %u; this one is %u",
			       header->format_version, header->min_reader_version, MS_FORMAT_VERSION);
	if ((header->must_understand & ~MS_FEATURES_KNOWN) != 0)
		return ms_fail(err, MS_E_FEATURE, HEADER_MUST_UNDERSTAND,
			       "the trace uses features 0x%llx that this version does not have",
			       (unsigned long long)(header->must_understand & ~MS_FEATURES_KNOWN));
	if (ms_load32(bytes + HEADER_BYTES) != MS_FILE_HEADER_BYTES || ms_load32(bytes + HEADER_RESERVED0) != 0 ||
	    ms_load64(bytes + HEADER_RESERVED1) != 0 || ms_load64(bytes + HEADER_RESERVED1 + 8) != 0)
		return ms_fail(err, MS_E_CORRUPT, HEADER_BYTES, "reserved bytes of the file header are not zero");
	return MS_OK;
}

/* ---- footer: offsets --------------------------------------------------------------------------------------------- */

enum { FOOTER_INDEX = 0, FOOTER_FILE_BYTES = 8, FOOTER_HASH = 16, FOOTER_MAGIC = 24 };

void ms_footer_store(uint8_t bytes[MS_FOOTER_BYTES], uint64_t index_offset, uint64_t file_bytes)
{
	ms_store64(bytes + FOOTER_INDEX, index_offset);
	ms_store64(bytes + FOOTER_FILE_BYTES, file_bytes);
	ms_store64(bytes + FOOTER_HASH, XXH3_64bits(bytes, FOOTER_HASH));
	memcpy(bytes + FOOTER_MAGIC, MS_FOOTER_MAGIC, 8);
}

int ms_footer_load(uint64_t *index_offset, const uint8_t bytes[MS_FOOTER_BYTES], uint64_t file_bytes,
		   struct ms_error *err)
{
	uint64_t at = file_bytes - MS_FOOTER_BYTES;

	if (memcmp(bytes + FOOTER_MAGIC, MS_FOOTER_MAGIC, 8) != 0)
		return ms_fail(err, MS_E_NOT_FOUND, at, "the file does not end with an index");
	if (ms_load64(bytes + FOOTER_HASH) != XXH3_64bits(bytes, FOOTER_HASH))
		return ms_fail(err, MS_E_NOT_FOUND, at, "the footer does not match its checksum");
	if (ms_load64(bytes + FOOTER_FILE_BYTES) != file_bytes)
		return ms_fail(err, MS_E_NOT_FOUND, at, "the footer is of a file of %llu bytes",
			       (unsigned long long)ms_load64(bytes + FOOTER_FILE_BYTES));
	*index_offset = ms_load64(bytes + FOOTER_INDEX);
	return MS_OK;
}

/* ---- sources ----------------------------------------------------------------------------------------------------- */

int ms_source_open(struct ms_source *s, const char *path, struct ms_error *err)
{
	struct stat st;
	int saved;

	/* A pipe without a writer must not hold us up. */
	*s = (struct ms_source){.fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)};
	if (s->fd < 0)
		return ms_fail(err, MS_E_IO, MS_NO_OFFSET, "cannot open %s: %s", path, strerror(errno));
	if (fstat(s->fd, &st) != 0) {
		saved = errno;
		goto fail_stat;
	}
	if (!S_ISREG(st.st_mode)) {
		saved = S_ISDIR(st.st_mode) ? EISDIR : 0;
		goto fail_stat;
	}
	s->size = (uint64_t)st.st_size;
	return MS_OK;

fail_stat:
	ms_source_close(s);
	return ms_fail(err, MS_E_IO, MS_NO_OFFSET, "cannot read %s: %s", path,
	               saved ? strerror(saved) : "it is not a regular file, and a trace is read in any order");
}

void ms_source_memory(struct ms_source *s, const void *bytes, size_t size)
{
	*s = (struct ms_source){.fd = -1, .memory = bytes, .size = size};
}

void ms_source_close(struct ms_source *s)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}

const uint8_t *ms_source_read(const struct ms_source *s, uint64_t offset, size_t size, struct ms_buffer *into,
			      struct ms_error *err)
{
	if (offset > s->size || size > s->size - offset) {
		ms_fail(err, MS_E_TRUNCATED, s->size, "the file ends at byte %llu, %zu bytes are expected at %llu",
			(unsigned long long)s->size, size, (unsigned long long)offset);
		return NULL;
	}
	if (s->fd < 0)
		return s->memory + offset;
	into->size = 0;
	if (ms_buffer_room(into, size > 0 ? size : 1) == NULL) {
		ms_fail(err, MS_E_NOMEM, offset, "no memory for %zu bytes", size);
		return NULL;
	}
	while (into->size < size) {
		ssize_t n = pread(s->fd, into->data + into->size, size - into->size, (off_t)(offset + into->size));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			ms_fail(err, MS_E_IO, offset, "cannot read: %s", strerror(errno));
			return NULL;
		}
		if (n == 0) {
			ms_fail(err, MS_E_TRUNCATED, offset + into->size, "the file became shorter while it was read");
			return NULL;
		}
		into->size += (size_t)n;
	}
	return into->data;
}
