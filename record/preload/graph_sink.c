/* graph_sink.c - see graph_sink.h. */
#include "graph_sink.h"

#include <string.h>

#include "raw.h"
#include "ring.h"

#define CHUNK_BYTES (size_t)(1u << 20)
#define NAME_WORDS 60u /* longer names are cut */
#define HELD_BYTES_MAX ((size_t)512 << 20)

struct ms_sink_chunk {
	struct ms_sink_chunk *next;
	size_t words;
	uint64_t at[];
};

#define CHUNK_WORDS ((CHUNK_BYTES - sizeof(struct ms_sink_chunk)) / 8)

void ms_sink_init(struct ms_sink *sink)
{
	*sink = (struct ms_sink){
		.edges = {.entry = MS_ENTRY_GRAPH_EDGES, .row_words = 3},
		.words = {.entry = MS_ENTRY_GRAPH_WORDS, .row_words = 2},
		.unscanned = {.entry = MS_ENTRY_GRAPH_UNSCANNED, .row_words = 3},
	};
}

void ms_sink_roots(struct ms_sink *sink, const struct ms_graph_root_range *roots, uint32_t count)
{
	sink->roots = roots;
	sink->root_count = count;
}

static void send_root(const struct ms_graph_root_range *r)
{
	uint64_t words[5 + NAME_WORDS]; /* we may stand on a small signal stack */
	uint32_t bytes = r->name_bytes < NAME_WORDS * 8 ? r->name_bytes : NAME_WORDS * 8;

	words[0] = r->kind | (uint64_t)r->tid << 32;
	words[1] = r->start;
	words[2] = r->end;
	words[3] = r->pc;
	words[4 + (bytes + 7) / 8] = 0;
	words[4] = bytes;
	memcpy(&words[5], r->name, bytes);
	ms_emit_words(MS_ENTRY_GRAPH_ROOT, words, 5 + (bytes + 7) / 8);
}

/* As many rows to an entry as fit; an UNSCANNED stands alone. */
static void send_list(struct ms_sink *sink, struct ms_sink_list *list)
{
	size_t most = list->entry == MS_ENTRY_GRAPH_UNSCANNED ? list->row_words :
								MS_ENTRY_WORDS_MAX / list->row_words * list->row_words;

	while (list->first != NULL) {
		struct ms_sink_chunk *chunk = list->first;

		for (size_t i = 0, n; i < chunk->words; i += n) {
			n = chunk->words - i < most ? chunk->words - i : most;
			ms_emit_words(list->entry, chunk->at + i, n);
		}
		list->first = chunk->next;
		sink->held_bytes -= CHUNK_BYTES;
		ms_raw_munmap(chunk, CHUNK_BYTES);
	}
	list->last = NULL;
}

static void send(struct ms_sink *sink)
{
	for (; sink->roots_sent < sink->root_count; sink->roots_sent++)
		send_root(&sink->roots[sink->roots_sent]);
	send_list(sink, &sink->edges);
	send_list(sink, &sink->words);
	send_list(sink, &sink->unscanned);
}

static bool add_chunk(struct ms_sink *sink, struct ms_sink_list *list)
{
	struct ms_sink_chunk *chunk = NULL;

	if (sink->held_bytes < HELD_BYTES_MAX)
		chunk = ms_raw_memory(CHUNK_BYTES);
	if (chunk == NULL) {
		send(sink);
		chunk = ms_raw_memory(CHUNK_BYTES);
	}
	if (chunk == NULL)
		return false;
	if (list->last != NULL)
		list->last->next = chunk;
	else
		list->first = chunk;
	list->last = chunk;
	sink->held_bytes += CHUNK_BYTES;
	return true;
}

/* Room for one row. */
static uint64_t *row(struct ms_sink *sink, struct ms_sink_list *list)
{
	struct ms_sink_chunk *chunk = list->last;

	if (chunk == NULL || chunk->words + list->row_words > CHUNK_WORDS) {
		if (!add_chunk(sink, list)) {
			sink->failed = true;
			return NULL;
		}
		chunk = list->last;
	}
	chunk->words += list->row_words;
	return chunk->at + chunk->words - list->row_words;
}

void ms_sink_edge(struct ms_sink *sink, uint32_t source, uint64_t source_offset, uint32_t target, uint64_t target_offset,
		  uint8_t flags)
{
	uint64_t *w = row(sink, &sink->edges);

	if (w == NULL)
		return;
	w[0] = (uint64_t)source << 32 | target;
	w[1] = source_offset;
	w[2] = target_offset << 8 | flags;
}

void ms_sink_word(struct ms_sink *sink, uint32_t position, uint64_t word)
{
	uint64_t *w = row(sink, &sink->words);

	if (w == NULL)
		return;
	w[0] = position;
	w[1] = word;
}

void ms_sink_unscanned(struct ms_sink *sink, enum ms_unscanned_reason reason, uint64_t id, uint64_t bytes)
{
	uint64_t *w = row(sink, &sink->unscanned);

	if (w == NULL)
		return;
	w[0] = reason;
	w[1] = id;
	w[2] = bytes;
}

void ms_sink_finish(struct ms_sink *sink, bool complete, uint64_t pause_ticks, uint64_t scanned_bytes)
{
	uint64_t end[3] = {complete && !sink->failed, pause_ticks, scanned_bytes};

	send(sink);
	ms_emit_words(MS_ENTRY_GRAPH_END, end, 3);
}
