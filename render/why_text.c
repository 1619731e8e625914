/* why_text.c - see why.h: the way to a block, one pointer per line. */
#include <inttypes.h>
#include <stdlib.h>

#include "format/errors.h"
#include "heap_names.h"
#include "text_style.h"
#include "why.h"

static void print_block(struct ms_text *t, const struct ms_held_block *b)
{
	char a[MS_UNIT_TEXT], c[MS_UNIT_TEXT], *place = ms_text_place(ms_report_headline(t->report, b->node), NULL);
	char *type = b->type ? ms_text_escaped(b->type) : NULL;

	fprintf(t->out, "block %" PRIu64 ", %s at 0x%" PRIx64 "%s%s, from %s (site #%" PRIu32 ")", b->block, ms_unit_bytes(a, b->size_bytes, true),
	        b->address, type ? ", " : "", type ? type : "", place ? place : "", b->node);
	if (b->retained_blocks > 1)
		fprintf(t->out, "; retains %s in %s", ms_unit_bytes(a, b->retained_bytes, t->options.exact), ms_unit_of(c, b->retained_blocks, "block"));
	putc('\n', t->out);
	free(place);
	free(type);
}

static void print_step(struct ms_text *t, const struct ms_why *w, size_t i)
{
	const struct ms_why_step *s = &w->steps[i];

	if (i == 0 && w->from_root) {
		char *holder = ms_text_holder(t->report, &w->holder);

		fprintf(t->out, "  %s\n", holder ? holder : "");
		free(holder);
	}
	if (i || w->from_root) {
		fprintf(t->out, "    at +%" PRIu64 " -> ", s->offset);
		if (s->target_offset)
			fprintf(t->out, "+%" PRIu64 " of ", s->target_offset);
	} else {
		fputs("  ", t->out);
	}
	print_block(t, &s->block);
}

int ms_render_why_text(FILE *out, const struct ms_report *report, const struct ms_why *why, const struct ms_text_options *options,
                       struct ms_error *err)
{
	static const char *const verdicts[MS_LEAK_KINDS] = {
		[MS_LEAK_DEFINITE] = "lost: nothing points to it",
		[MS_LEAK_POSSIBLE] = "possibly lost: a pointer into the middle of a block is part of every way to it",
		[MS_LEAK_INDIRECT] = "lost: only lost blocks point to it",
		[MS_LEAK_REACHABLE] = "still reachable",
	};
	struct ms_text t = {.out = out, .report = report, .options = *options};
	const struct ms_held_block *b = &why->steps[why->step_count - 1].block;
	char a[MS_UNIT_TEXT];

	if (why->site_blocks)
		fprintf(out, "site #%" PRIu32 ": %s in the heap graph; this is about the one that retains most\n", why->site_node,
		        ms_unit_of(a, why->site_blocks, "block"));
	fprintf(out, "block %" PRIu64 " is %s", b->block, why->kind == MS_LEAK_DEFINITE && why->pointers ? verdicts[MS_LEAK_INDIRECT] : verdicts[why->kind]);
	if (why->pointers)
		fprintf(out, "; pointed to from %s", ms_unit_of(a, why->pointers, "place"));
	fputs("\n\n", out);
	for (size_t i = 0; i < why->step_count; i++)
		print_step(&t, why, i);
	fputs("\n  allocated by\n", out);
	if (ms_text_stack(&t, report, b->node))
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory to print a call path");
	if (fflush(out) || ferror(out))
		return ms_fail(err, MS_E_IO, MS_NO_OFFSET, "cannot write the answer");
	return MS_OK;
}
