/* suppression_file.c - see suppression_file.h. */
#include "suppression_file.h"

#include <inttypes.h>
#include <string.h>

#define MAX_FRAMES 24 /* Valgrind reads no longer ones */

/* A name as a glob: what would break the line of a file matches as any character. */
static void print_name(FILE *out, const char *name)
{
	for (const char *s = name; *s; s++)
		putc((unsigned char)*s < 0x20 || *s == 0x7f ? '?' : *s, out);
}

static void print_frames(FILE *out, const struct ms_report *home, uint32_t node)
{
	unsigned frames = 1; /* the first one stands there already */

	for (uint32_t n = node; n; n = home->nodes[n].parent) {
		for (uint32_t i = 0; i < home->nodes[n].line_count; i++) {
			const struct ms_report_line *l = &home->lines[home->nodes[n].first_line + i];
			const char *mangled = l->linkage_name && *l->linkage_name ? l->linkage_name : l->function;

			if (frames++ == MAX_FRAMES)
				return;
			fputs(*mangled ? "   fun:" : *l->module ? "   obj:" : "   obj:*", out);
			print_name(out, *mangled ? mangled : l->module);
			putc('\n', out);
			if (strcmp(l->function, "main") == 0)
				return;
		}
	}
}

static void print_one(FILE *out, const struct ms_report *home, const struct ms_finding *f)
{
	static const char *const leak_kinds[] = {"definite", "indirect", "possible"};
	const char *valgrind = ms_finding_kinds[f->kind].valgrind;
	bool by_allocation = f->kind >= MS_FINDING_LEAK_DEFINITE || f->evidence == MS_EVIDENCE_DAMAGE || !f->error_node;
	uint32_t node = by_allocation ? f->allocation_node : f->error_node;

	fprintf(out, "{\n   %s\n   Memcheck:%s", f->fingerprint, valgrind);
	if (strcmp(valgrind, "Addr") == 0)
		fprintf(out, "%" PRIu64, f->length_bytes == 2 || f->length_bytes == 4 || f->length_bytes == 8 ? f->length_bytes : 1);
	putc('\n', out);
	if (f->kind >= MS_FINDING_LEAK_DEFINITE)
		fprintf(out, "   match-leak-kinds: %s\n", leak_kinds[f->kind - MS_FINDING_LEAK_DEFINITE]);
	if (*ms_finding_first_frame(f, by_allocation)) {
		fputs("   fun:", out);
		print_name(out, ms_finding_first_frame(f, by_allocation));
		putc('\n', out);
	}
	if (node)
		print_frames(out, home, node);
	else
		fputs("   ...\n", out);
	fputs("}\n", out);
}

int ms_render_suppressions(FILE *out, const struct ms_report *r, struct ms_error *err)
{
	for (size_t i = 0; i < r->findings.count; i++) {
		const struct ms_finding *f = &r->findings.list[i];

		if (f->suppressed_by)
			continue;
		fprintf(out, "# %s\n", ms_finding_kinds[f->kind].name);
		print_one(out, ms_finding_home(r, f), f);
	}
	if (fflush(out) || ferror(out))
		return ms_fail(err, MS_E_IO, MS_NO_OFFSET, "cannot write the suppressions");
	return MS_OK;
}
