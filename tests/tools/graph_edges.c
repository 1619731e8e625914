/*
 * graph_edges - prints the heap graphs of a trace with addresses, for tests: what a program says of its own pointers can be
 * compared with it.
 *
 *   graph_edges TRACE [NUMBER]     NUMBER: which graph, from 0; the last one by default
 *
 *   graph REASON complete|part BLOCKS EDGES ROOTS
 *   block ADDRESS SIZE [word ADDRESS SYMBOL]
 *   unscanned REASON ID BYTES
 *   edge SOURCE OFFSET ADDRESS TARGET_OFFSET FLAGS      SOURCE: block:ADDRESS, or for a root
 *        data:SYMBOL, stack:TID:FUNCTION, registers:TID, tls:TID, mapping:NAME
 *   A space in a name is printed as _. (OFFSET of a root: the address of the pointer; registers: offset)
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/evidence.h"
#include "format/trace_reader.h"

struct place {
	uint64_t address, size_bytes;
};

/* By block id. */
static struct place *read_places(const struct ms_trace *t, size_t *count)
{
	struct ms_cursor *c = NULL;
	struct ms_batch batch;
	struct ms_error err;
	struct place *places = NULL;

	*count = 0;
	if (ms_cursor_open(&c, t, MS_COLUMN_ADDRESS, 0, 1, &err) != MS_OK)
		return NULL;
	while (ms_cursor_next(c, &batch, &err) == MS_OK && batch.count > 0) {
		for (uint32_t i = 0; i < batch.count; i++) {
			if (batch.block[i] >= *count) {
				size_t bigger = (size_t)batch.block[i] * 2 + 1024;

				places = realloc(places, bigger * sizeof *places);
				if (!places)
					abort();
				memset(places + *count, 0, (bigger - *count) * sizeof *places);
				*count = bigger;
			}
			if (places[batch.block[i]].address == 0)
				places[batch.block[i]] = (struct place){batch.address[i], batch.size_bytes[i]};
		}
	}
	ms_cursor_close(c);
	return places;
}

static void print_root(const struct ms_trace *t, const struct ms_graph_root *r, uint64_t offset)
{
	const struct ms_data_symbol *data;
	const struct ms_symbol *symbol;
	size_t n = 0;

	switch (r->kind) {
	case MS_ROOT_DATA:
		data = ms_trace_data_symbol(t, r->module, r->start + offset);
		printf("data:%s", data ? ms_trace_string(t, data->name) : "?");
		break;
	case MS_ROOT_STACK:
		symbol = r->frame ? ms_trace_symbols(t, r->frame, &n) : NULL;
		printf("stack:%" PRIu32 ":%s", r->tid, n > 0 ? ms_trace_string(t, symbol[0].function) : "?");
		break;
	case MS_ROOT_REGISTERS:
		printf("registers:%" PRIu32, r->tid);
		break;
	case MS_ROOT_TLS:
		printf("tls:%" PRIu32, r->tid);
		break;
	default:
		printf("mapping:");
		for (const char *c = r->name ? ms_trace_string(t, r->name) : ""; *c; c++)
			putchar(*c == ' ' ? '_' : *c);
		break;
	}
	printf(" %#" PRIx64, r->start + offset);
}

static int print(const struct ms_trace *t, size_t number)
{
	const struct ms_graph *g = ms_trace_graph(t, number);
	struct ms_graph_data d;
	struct ms_error err;
	size_t count;
	struct place *places = read_places(t, &count);

	if (ms_trace_graph_load(t, number, &d, &err) != MS_OK) {
		fprintf(stderr, "graph_edges: %s\n", err.message);
		free(places);
		return 3;
	}
	printf("graph %u %s %" PRIu64 " %" PRIu64 " %zu\n", g->reason, g->complete ? "complete" : "part", g->blocks, g->edges,
	       g->root_count);
	for (uint32_t i = 0; i < d.block_count; i++) {
		struct place p = d.block[i] < count ? places[d.block[i]] : (struct place){0};

		printf("block %#" PRIx64 " %" PRIu64, p.address, p.size_bytes);
		if (d.first_word[i]) {
			const struct ms_data_symbol *s = ms_trace_data_symbol(t, 0, d.first_word[i]);

			printf(" word %#" PRIx64 " %s", d.first_word[i], s ? ms_trace_string(t, s->name) : "?");
		}
		printf("\n");
	}
	for (size_t i = 0; i < g->unscanned_count; i++)
		printf("unscanned %u %" PRIu64 " %" PRIu64 "\n", g->unscanned[i].reason, g->unscanned[i].id, g->unscanned[i].bytes);
	for (uint64_t i = 0; i < d.edge_count; i++) {
		printf("edge ");
		if (d.source[i] < d.block_count)
			printf("block:%#" PRIx64 " %" PRIu64, places[d.block[d.source[i]]].address, d.source_offset[i]);
		else
			print_root(t, &g->roots[d.source[i] - d.block_count], d.source_offset[i]);
		printf(" %#" PRIx64 " %" PRIu64 " %u\n", places[d.block[d.target[i]]].address, d.target_offset[i], d.flags[i]);
	}
	ms_graph_data_free(&d);
	free(places);
	return 0;
}

int main(int argc, char **argv)
{
	struct ms_trace *t;
	struct ms_error err;
	size_t graphs;
	int rc;

	if (argc < 2 || argc > 3) {
		fprintf(stderr, "Usage: graph_edges TRACE [NUMBER]\n");
		return 2;
	}
	if (ms_trace_open(&t, argv[1], &err) != MS_OK) {
		fprintf(stderr, "graph_edges: %s: %s\n", argv[1], err.message);
		return 3;
	}
	graphs = ms_trace_graph_count(t);
	if (graphs == 0) {
		printf("no graph\n");
		rc = 1;
	} else {
		size_t number = argc == 3 ? strtoul(argv[2], NULL, 10) : graphs - 1;

		rc = number < graphs ? print(t, number) : 2;
	}
	ms_trace_close(t);
	return rc;
}
