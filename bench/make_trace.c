/*
 * make_trace - writes a synthetic trace of any size, for the speed and the memory of replay.
 *
 *   make_trace [-n EVENTS] [-l LIVE] [-s STACKS] [-t THREADS] FILE
 *
 * LIVE slots are visited at random: a visit frees the slot's block, or allocates one when the slot is empty, so that at
 * most LIVE blocks live at once (about half of them, once it is warm). Addresses come from free lists per size class,
 * last in first out, as a real allocator gives them. Deterministic. Bytes per event of such a trace say nothing about real
 * programs: the generator is more random than they are.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "format/stream.h"
#include "format/trace_writer.h"

#define BATCH_EVENTS 4096
#define CLASSES 16
#define MEAN_STACK_DEPTH 12


struct generator {
	uint64_t events, blocks, time_ns, random;
	uint64_t top;                    /* next fresh address */
	uint32_t live_slots, stacks, threads;
	struct ms_live_block *slots;     /* block is 0 while the slot is empty */
	uint64_t *free_address[CLASSES]; /* stacks of freed addresses, live_slots entries each */
	uint32_t free_count[CLASSES];
	uint64_t live, live_bytes, peak_bytes;
};

static uint32_t below(struct generator *g, uint32_t n)
{
	g->random = g->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)((g->random >> 32) * n >> 32);
}

static void generate_event(struct generator *g, struct ms_event *e)
{
	struct ms_live_block *s = &g->slots[below(g, g->live_slots)];
	uint32_t class;
	memset(e, 0, sizeof *e);
	e->time_ns = g->time_ns += 20 + below(g, 200);
	if (s->block) {
		class = (uint32_t)(s->size_bytes - 1) / 32;
		e->kind = MS_EV_FREE;
		e->thread = 1 + below(g, g->threads);
		e->address = s->address;
		e->size_bytes = s->size_bytes;
		e->block = s->block;
		g->free_address[class][g->free_count[class]++] = e->address;
		g->live--;
		g->live_bytes -= e->size_bytes;
		s->block = 0;
		return;
	}
	class = below(g, CLASSES);
	e->kind = MS_EV_MALLOC;
	e->thread = 1 + below(g, g->threads);
	e->size_bytes = class * 32 + 1 + below(g, 32);
	e->stack = 1 + below(g, g->stacks);
	e->block = ++g->blocks;
	if (g->free_count[class]) {
		e->address = g->free_address[class][--g->free_count[class]];
	} else {
		e->address = g->top;
		g->top += (class + 1) * 32 + 16;
	}
	*s = (struct ms_live_block){.block = e->block, .address = e->address, .size_bytes = e->size_bytes,
	                            .birth_ns = e->time_ns, .stack = e->stack, .thread = e->thread, .kind = e->kind};
	g->live++;
	g->live_bytes += e->size_bytes;
	if (g->live_bytes > g->peak_bytes)
		g->peak_bytes = g->live_bytes;
}

static int by_block(const void *a, const void *b)
{
	const struct ms_live_block *x = a, *y = b;
	return x->block < y->block ? -1 : x->block > y->block;
}

static int write_keyframe(struct ms_writer *w, struct generator *g, struct ms_live_block *copy, struct ms_error *err)
{
	size_t n = 0;
	for (uint32_t i = 0; i < g->live_slots; i++)
		if (g->slots[i].block)
			copy[n++] = g->slots[i];
	qsort(copy, n, sizeof *copy, by_block);
	return ms_writer_keyframe(w, copy, n, err);
}

/* Chains of frames that share their outer halves, like the call tree of a program. */
static void write_tables(struct ms_writer *w, struct generator *g)
{
	struct ms_module module = {.path = "/usr/bin/synthetic", .start = 0x400000, .end = 0x10000000};
	uint32_t module_id = ms_writer_module(w, &module);
	for (uint32_t i = 0; i < g->threads; i++) {
		struct ms_thread thread = {.tid = 1000 + i, .is_main = i == 0};
		ms_writer_thread(w, &thread);
	}
	for (uint32_t i = 0; i < g->stacks; i++) {
		uint32_t frame = ms_writer_frame(w, 0x400000 + 64 * (uint64_t)i + 5, module_id);
		uint32_t parent = i < MEAN_STACK_DEPTH ? i : below(g, i + 1);
		ms_writer_stack(w, parent, frame);
	}
}

static int write_events(struct ms_writer *w, struct generator *g, struct ms_error *err)
{
	static struct ms_event batch[BATCH_EVENTS];
	struct ms_live_block *copy = calloc(g->live_slots, sizeof *copy);
	int rc = copy ? MS_OK : MS_E_NOMEM;
	for (uint64_t done = 0; rc == MS_OK && done < g->events;) {
		size_t n = g->events - done < BATCH_EVENTS ? (size_t)(g->events - done) : BATCH_EVENTS;
		for (size_t i = 0; i < n; i++)
			generate_event(g, &batch[i]);
		rc = ms_writer_events(w, batch, n, err);
		done += n;
		if (rc == MS_OK && ms_writer_wants_keyframe(w, g->live))
			rc = write_keyframe(w, g, copy, err);
	}
	free(copy);
	return rc;
}

static int write_symbols(struct ms_writer *w, struct generator *g, struct ms_error *err)
{
	char name[64];
	int rc = MS_OK;
	uint32_t file = ms_writer_string(w, "synthetic.c", 11);
	for (uint32_t i = 0; rc == MS_OK && i < g->stacks; i++) {
		snprintf(name, sizeof name, "function_%" PRIu32, i);
		struct ms_symbol symbol = {.frame = i + 1, .function = ms_writer_string(w, name, strlen(name)), .file = file, .line = i + 1};
		rc = ms_writer_symbol(w, &symbol, err);
	}
	return rc;
}

static int write_trace(const char *path, struct generator *g, struct ms_error *err)
{
	const char *command[] = {"synthetic"};
	struct ms_process process = {.command = command, .command_count = 1, .executable = "/usr/bin/synthetic",
	                             .working_directory = "/", .host = "none", .kernel = "none", .architecture = "x86_64",
	                             .recorder = "make_trace", .allocator = "none", .pid = 1000, .parent_pid = 1,
	                             .page_size_bytes = 4096, .clock_hz = 1000000000};
	struct ms_writer_options options = {0};
	struct ms_stream stream;
	struct ms_writer *w = NULL;
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0) {
		fprintf(stderr, "make_trace: %s: %s\n", path, strerror(errno));
		return -1;
	}
	ms_stream_init_fd(&stream, fd);
	int rc = ms_writer_open(&w, &stream, &options, err);
	if (rc == MS_OK)
		rc = ms_writer_process(w, &process, err);
	if (rc == MS_OK) {
		write_tables(w, g);
		rc = write_events(w, g, err);
	}
	if (rc == MS_OK)
		rc = write_symbols(w, g, err);
	if (rc == MS_OK) {
		struct ms_end end = {.time_ns = g->time_ns, .ended = MS_ENDED_EXITED, .symbolized = true, .peak_bytes = g->peak_bytes};
		rc = ms_writer_end(w, &end, err);
	}
	ms_writer_close(w);
	ms_stream_free(&stream);
	if (close(fd) != 0 && rc == MS_OK)
		rc = -1;
	return rc;
}

int main(int argc, char **argv)
{
	struct generator g = {.events = 100000000, .live_slots = 10000, .stacks = 5000, .threads = 4, .random = 1, .top = 0x5555000000};
	struct ms_error err = {0};
	int c;
	while ((c = getopt(argc, argv, "n:l:s:t:")) != -1) {
		switch (c) {
		case 'n': g.events = strtoull(optarg, NULL, 10); break;
		case 'l': g.live_slots = (uint32_t)strtoul(optarg, NULL, 10); break;
		case 's': g.stacks = (uint32_t)strtoul(optarg, NULL, 10); break;
		case 't': g.threads = (uint32_t)strtoul(optarg, NULL, 10); break;
		default: return 2;
		}
	}
	if (optind + 1 != argc || !g.live_slots || !g.stacks || !g.threads)
		return 2;
	g.slots = calloc(g.live_slots, sizeof *g.slots);
	for (int i = 0; i < CLASSES; i++) {
		g.free_address[i] = calloc(g.live_slots, sizeof *g.free_address[i]);
		if (!g.free_address[i])
			return 1;
	}
	if (!g.slots)
		return 1;
	int rc = write_trace(argv[optind], &g, &err);
	if (rc != MS_OK)
		fprintf(stderr, "make_trace: status %d: %s\n", rc, err.message);
	for (int i = 0; i < CLASSES; i++)
		free(g.free_address[i]);
	free(g.slots);
	return rc != MS_OK;
}
