/* ingest_notes.c - the collector's own events of ingest.h: notes that wait for their turn, and snapshots. */
#include "ingest_internal.h"

#include <string.h>

void ingest_after_snapshot(struct ingest *g)
{
	g->snapshots++;
	/* Culling: the snapshot itself still waits, and so may live blocks. */
	if (g->cull || !ms_writer_keyframe_helps(g->writer, live_table_blocks(&g->live)))
		return;
	ingest_write_batch(g);
	if (g->status == MS_OK)
		ingest_keyframe(g);
}

static void emit_note(struct ingest *g, const struct ingest_note *note, uint32_t thread, uint64_t time_ns)
{
	*ingest_next(g) = (struct ms_event){.time_ns = time_ns, .kind = note->kind, .thread = thread, .arg = {note->arg[0], note->arg[1]}};
	ingest_append(g, 0);
	g->pauses += note->kind == MS_EV_PAUSE;
	if (note->kind == MS_EV_SNAPSHOT)
		ingest_after_snapshot(g);
}

void ingest_heap_passed(struct ingest *g, uint32_t thread, uint64_t time_ns)
{
	struct ingest_note note = {.arg = {0, MS_ASKED_HEAP}, .kind = MS_EV_SNAPSHOT};
	char name[INGEST_NAME];

	if (!g->heap_passed || !g->heap_passed(g->heap_context, name))
		return;
	note.arg[0] = ms_writer_string(g->writer, name, strlen(name));
	if (note.arg[0] != 0)
		emit_note(g, &note, thread, time_ns);
}

int ingest_note(struct ingest *g, uint64_t ticks, uint8_t kind, const char *text, size_t text_bytes, uint64_t asked_by)
{
	struct ingest_note note = {.ticks = ticks, .kind = kind};

	note.arg[kind == MS_EV_SNAPSHOT] = kind == MS_EV_MARK ? 0 : asked_by;
	if (text)
		note.arg[0] = ms_writer_string(g->writer, text, text_bytes);
	return ms_buffer_append(&g->notes, &note, sizeof note) == 0 ? MS_OK : MS_E_NOMEM;
}

/* A program that has done nothing yet, as one that was attached to and waits: its main thread's row begins before its slot does. */
static void begin_main_thread(struct ingest *g, uint64_t time_ns)
{
	g->main_thread = g->row_ahead =
		ms_writer_thread(g->writer, &(struct ms_thread){.tid = g->app_pid, .image = g->image, .is_main = true});
	ingest_emit(g, MS_EV_THREAD_START, g->main_thread, time_ns, 0);
}

void ingest_run_notes(struct ingest *g, uint64_t watermark)
{
	const struct ingest_note *notes = (const struct ingest_note *)(const void *)g->notes.data;
	size_t n = g->notes.size / sizeof *notes, i = 0;

	for (; i < n && notes[i].ticks <= watermark; i++) {
		merge_run(&g->merge, notes[i].ticks);
		if (g->status == MS_OK && g->main_thread == 0)
			begin_main_thread(g, ingest_time(g, notes[i].ticks));
		if (g->status == MS_OK)
			emit_note(g, &notes[i], g->main_thread, ingest_time(g, notes[i].ticks));
	}
	g->notes.size -= i * sizeof *notes;
	if (i > 0 && g->notes.size > 0)
		memmove(g->notes.data, g->notes.data + i * sizeof *notes, g->notes.size);
}
