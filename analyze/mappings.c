/* mappings.c - the program's own calls of the mmap family: counts and bytes, apart from all totals; and all of it to the reconciliation. */
#include <stdlib.h>
#include <sys/mman.h>

#include "analysis.h"
#include "reconcile.h"

struct mappings {
	struct ms_report_mappings counts;
	struct ms_reconciler *reconciler; /* NULL: nobody wants to know */
};

static int create(void **state, const struct ms_analysis_context *context, struct ms_error *err)
{
	struct mappings *s = *state = calloc(1, sizeof *s);

	if (s)
		s->reconciler = context->reconciler;
	return s ? MS_OK : ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for mappings");
}

static void resize(uint64_t from, uint64_t to, uint64_t *grown, uint64_t *shrunk)
{
	if (to >= from)
		*grown += to - from;
	else
		*shrunk += from - to;
}

static int view(void *state, const struct ms_view *v, struct ms_error *err)
{
	struct mappings *s = state;
	struct ms_report_mappings *m = &s->counts;

	(void)err;
	if (v->step[0] == MS_STEP_WINDOW)
		*m = (struct ms_report_mappings){0};
	if (v->step[0] == MS_STEP_IMAGE && s->reconciler)
		ms_reconciler_follow(s->reconciler, MS_EV_IMAGE_START, v->time_ns[0], 0, 0, (const uint64_t[2]){0, 0});
	if (!v->arg)
		return MS_OK;
	for (uint32_t i = 0; i < v->count; i++) {
		const uint64_t *arg = v->arg[i];
		uint64_t size = v->size_bytes[i];

		if (v->step[i] != MS_STEP_MAP)
			continue;
		if (s->reconciler && v->address)
			ms_reconciler_follow(s->reconciler, v->kind[i], v->time_ns[i], v->address[i], size, arg);
		switch (v->kind[i]) {
		case MS_EV_MMAP:
			m->mmaps++;
			m->mapped_bytes += size;
			if (arg[1] & MAP_ANONYMOUS) {
				m->anonymous_mmaps++;
				m->anonymous_bytes += size;
			}
			break;
		case MS_EV_MUNMAP:
			m->munmaps++;
			m->unmapped_bytes += size;
			break;
		case MS_EV_MREMAP:
			m->mremaps++;
			resize(arg[1], size, &m->mremap_grown_bytes, &m->mremap_shrunk_bytes);
			break;
		case MS_EV_SBRK: {
			uint64_t magnitude = (arg[0] >> 1) + (arg[0] & 1); /* zigzag */

			m->brks++;
			*(arg[0] & 1 ? &m->sbrk_shrunk_bytes : &m->sbrk_grown_bytes) += magnitude;
			break;
		}
		case MS_EV_BRK:
			m->brks++;
			break;
		default:
			break;
		}
	}
	return MS_OK;
}

static int finish(void *state, struct ms_report *report, struct ms_error *err)
{
	(void)err;
	report->mappings = ((const struct mappings *)state)->counts;
	return MS_OK;
}

const struct ms_analysis_ops ms_analysis_mappings = {
	.name = "mappings",
	.summary = "the program's own mmap, munmap, mremap, brk and sbrk",
	.columns = MS_COLUMN_ARGS | MS_COLUMN_MAP_ADDRESS,
	.create = create,
	.view = view,
	.finish = finish,
	.destroy = free,
};
