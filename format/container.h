/*
 * container.h - the frame of a trace file: its header, its kinds of blocks, its footer; and reading bytes of it.
 *
 *   file header, 64 bytes
 *   blocks: block header of 64 bytes, payload (block.h)      the first is Process, the last Index
 *   footer, 32 bytes: where the Index is
 *
 * docs/FORMAT.md has the byte tables. All integers are little-endian.
 * Errors: enum ms_status with the file offset. Thread-safety: functions keep no state; a struct ms_source may be read
 * by several threads. Not signal-safe.
 */
#ifndef MS_FORMAT_CONTAINER_H
#define MS_FORMAT_CONTAINER_H

#include <stddef.h>
#include <stdint.h>

#include "buffer.h"
#include "errors.h"

/* ---- blocks ----------------------------------------------------------------------------------------------------- */

/* Kind of a block = number of the union member of its body in trace.fbs. */
#define MS_BLOCK_KINDS(X)                                                                                              \
	X(1, PROCESS, "Process")                                                                                       \
	X(2, STRINGS, "Strings")                                                                                       \
	X(3, MODULES, "Modules")                                                                                       \
	X(4, THREADS, "Threads")                                                                                       \
	X(5, FRAMES, "Frames")                                                                                         \
	X(6, STACKS, "Stacks")                                                                                         \
	X(7, SYMBOLS, "Symbols")                                                                                       \
	X(8, EVENTS, "Events")                                                                                         \
	X(9, KEYFRAME, "Keyframe")                                                                                     \
	X(10, END, "End")                                                                                              \
	X(11, INDEX, "Index")                                                                                          \
	X(12, EVIDENCE, "Evidence")                                                                                    \
	X(13, GRAPH, "Graph")                                                                                          \
	X(14, GRAPH_BLOCKS, "GraphBlocks")                                                                             \
	X(15, GRAPH_EDGES, "GraphEdges")                                                                               \
	X(16, DATA_SYMBOLS, "DataSymbols")                                                                             \
	X(17, SAMPLES, "Samples")                                                                                      \
	X(18, CHECKPOINT, "Checkpoint")                                                                                \
	X(19, TRACE_INDEX, "TraceIndex")                                                                               \
	X(20, VARIABLES, "Variables")                                                                                  \
	X(21, CULLED, "Culled")

enum ms_block_kind {
#define X(number, id, name) MS_BLOCK_##id = number,
	MS_BLOCK_KINDS(X)
#undef X
};

/* "Events"; "unknown" for a kind that this version does not know. */
const char *ms_block_kind_name(unsigned kind);

/* ---- file header ------------------------------------------------------------------------------------------------ */

#define MS_FILE_HEADER_BYTES 64
#define MS_FILE_MAGIC "\x89MST\r\n\x1a\n" /* 8 bytes: a transfer that changes bytes or line ends breaks it */

struct ms_file_header {
	uint32_t format_version;
	uint32_t min_reader_version;      /* oldest reader (its format version) that may read the file */
	uint64_t must_understand;         /* feature bits: a reader that does not know one of them must refuse */
	uint64_t may_ignore;              /* feature bits for information */
};

/* Must-understand: the file is no trace but the index of one (trace_index.h). */
#define MS_FEATURE_INDEX_FILE UINT64_C(1)
/* Must-understand: a keyframe before the first event says what is alive when the trace begins (trace_part.h). */
#define MS_FEATURE_PART UINT64_C(2)
/* Feature bits that this version knows. */
#define MS_FEATURES_KNOWN (MS_FEATURE_INDEX_FILE | MS_FEATURE_PART)

void ms_file_header_store(uint8_t bytes[MS_FILE_HEADER_BYTES], const struct ms_file_header *header);
/* MS_E_MAGIC, MS_E_TRUNCATED, MS_E_CORRUPT, MS_E_VERSION, MS_E_FEATURE. */
int ms_file_header_load(struct ms_file_header *header, const uint8_t *bytes, size_t size, struct ms_error *err);

/* ---- footer ----------------------------------------------------------------------------------------------------- */

#define MS_FOOTER_BYTES 32
#define MS_FOOTER_MAGIC "MSTINDEX" /* 8 bytes, the last ones of the file */

void ms_footer_store(uint8_t bytes[MS_FOOTER_BYTES], uint64_t index_offset, uint64_t file_bytes);
/* Finds the Index block of a file of file_bytes; MS_E_NOT_FOUND when these are not the bytes of a footer. */
int ms_footer_load(uint64_t *index_offset, const uint8_t bytes[MS_FOOTER_BYTES], uint64_t file_bytes,
		   struct ms_error *err);

/* ---- where the bytes come from ---------------------------------------------------------------------------------- */

struct ms_source {
	int fd;                           /* -1: memory */
	const uint8_t *memory;            /* borrowed */
	uint64_t size;                    /* bytes; what is appended later is not seen */
};

/* Opens a regular file. The descriptor belongs to the source. */
int ms_source_open(struct ms_source *s, const char *path, struct ms_error *err);
void ms_source_memory(struct ms_source *s, const void *bytes, size_t size);
void ms_source_close(struct ms_source *s);
/* size bytes at offset: borrowed from the memory, or read into *into (which is emptied first). NULL on error. */
const uint8_t *ms_source_read(const struct ms_source *s, uint64_t offset, size_t size, struct ms_buffer *into,
			      struct ms_error *err);

#endif
