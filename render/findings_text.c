/* findings_text.c - the sections about heap errors: the verdict of each detector, and every finding with its stacks. */
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "escape.h"
#include "format/errors.h"
#include "format/events.h"
#include "format/evidence.h"
#include "report_names.h"
#include "text_style.h"
#include "verdict_words.h"

/* Escaped text, broken at blanks; the cursor stands at column `at`, further lines begin there, too. */
static void print_wrapped(struct ms_text *t, const char *text, size_t at)
{
	size_t width = t->options.width > at + 20 ? t->options.width - at : SIZE_MAX, used = 0;
	char *escaped = ms_text_escaped(text);

	for (char *word = escaped; word && *word;) {
		size_t n = strcspn(word, " ");

		if (used && used + 1 + n > width) {
			fprintf(t->out, "\n%*s", (int)at, "");
			used = 0;
		} else if (used) {
			putc(' ', t->out);
			used++;
		}
		fwrite(word, 1, n, t->out);
		used += n;
		word += n;
		word += strspn(word, " ");
	}
	putc('\n', t->out);
	free(escaped);
}

/* How many of them the baseline has. */
static void print_known(struct ms_text *t, const struct ms_findings *f)
{
	char a[MS_UNIT_TEXT];
	uint64_t counting = 0, known = 0;

	for (size_t i = 0; i < f->count; i++) {
		counting += !f->list[i].suppressed_by;
		known += !f->list[i].suppressed_by && !f->list[i].is_new;
	}
	if (!f->baseline || !counting)
		return;
	fprintf(t->out, "  %s in the baseline, ", ms_unit_count(a, known));
	ms_escape_text(t->out, f->baseline);
	fprintf(t->out, "; %s new\n", ms_unit_count(a, counting - known));
}

static void print_detector(struct ms_text *t, const struct ms_detector_result *d)
{
	char *line = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&line, &size);

	if (!f)
		return;
	ms_detector_words(f, d);
	fclose(f);
	fprintf(t->out, "  %-18s  ", d->name);
	print_wrapped(t, line, 22);
	free(line);
}

int ms_text_verdict(struct ms_text *t)
{
	const struct ms_findings *f = &t->report->findings;
	char a[MS_UNIT_TEXT], *text = NULL;
	size_t size = 0;
	FILE *words = open_memstream(&text, &size);

	if (!words)
		return MS_E_NOMEM;
	ms_errors_words(words, f);
	fclose(words);
	if (f->errors || f->warnings) {
		ms_text_heading(t, "HEAP ERRORS", NULL);
		fprintf(t->out, "  %s\n", text);
	} else {
		ms_text_heading(t, "HEAP ERRORS", "%s", text);
	}
	free(text);
	words = open_memstream(&text, &size);
	if (!words)
		return MS_E_NOMEM;
	ms_crash_notes(words, t->report);
	ms_text_notes(t, words, &text);
	print_known(t, f);
	for (size_t i = 0; i < f->detector_count; i++)
		print_detector(t, &f->detectors[i]);
	if (f->suppressed)
		fprintf(t->out, "  suppressed: %s\n", ms_unit_of(a, f->suppressed, "finding"));
	for (size_t i = 0; i < f->suppression_count; i++) {
		const struct ms_suppression_use *s = &f->suppressions[i];

		if (s->findings)
			continue;
		fputs("  ! unused suppression: ", t->out);
		ms_escape_text(t->out, s->name);
		fputs(" (", t->out);
		ms_escape_text(t->out, s->file);
		fprintf(t->out, ":%" PRIu32 ")\n", s->line);
	}
	if (f->omitted)
		fprintf(t->out, "  ! %s more are not listed\n", ms_unit_of(a, f->omitted, "error"));
	if (f->companion_problem) {
		fputs("  ! the trace of the other run is missing here: ", t->out);
		ms_escape_text(t->out, f->companion_problem);
		putc('\n', t->out);
	}
	return MS_OK;
}

/* ---- one finding --------------------------------------------------------------------------------------------------- */

/* "thread 42 worker" */
static void print_thread(struct ms_text *t, const struct ms_report *home, uint32_t id)
{
	const struct ms_report_thread *thread = id && id <= home->thread_count ? &home->threads[id - 1] : NULL;

	if (!thread) {
		fputs("an unknown thread", t->out);
		return;
	}
	fprintf(t->out, "thread %" PRIu32, thread->tid);
	if (*thread->name || thread->is_main) {
		putc(' ', t->out);
		ms_escape_text(t->out, *thread->name ? thread->name : "main");
	}
}

/* The bytes that were found where nobody may write, 16 to a line, each beside the distance to the block. */
static void print_bytes(struct ms_text *t, const struct ms_finding *f)
{
	fprintf(t->out, "    bytes found at 0x%" PRIx64 " (should be %02x):\n", f->byte_address, f->expected);
	for (unsigned row = 0; row < f->byte_count; row += 16) {
		unsigned n = f->byte_count - row < 16 ? f->byte_count - row : 16;
		uint64_t address = f->byte_address + row, end = f->block.address + f->block.size_bytes;

		if (!f->block.known)
			fprintf(t->out, "      0x%-14" PRIx64, address);
		else if (address >= end)
			fprintf(t->out, "      end +%-10" PRIu64, address - end);
		else if (address < f->block.address)
			fprintf(t->out, "      start -%-8" PRIu64, f->block.address - address);
		else
			fprintf(t->out, "      start +%-8" PRIu64, address - f->block.address);
		for (unsigned i = 0; i < 16; i++) {
			if (i < n)
				fprintf(t->out, " %02x", f->bytes[row + i]);
			else
				fputs("   ", t->out);
		}
		fputs("  ", t->out);
		for (unsigned i = 0; i < n; i++) {
			uint8_t c = f->bytes[row + i];

			putc(c >= 0x20 && c < 0x7f ? c : '.', t->out);
		}
		putc('\n', t->out);
	}
	if (f->length_bytes > f->byte_count && f->evidence == MS_EVIDENCE_DAMAGE)
		fprintf(t->out, "      ... %" PRIu64 " more bytes\n", f->length_bytes - f->byte_count);
}

static void print_registers(struct ms_text *t, const struct ms_finding *f)
{
	fputs("    registers:", t->out);
	for (unsigned i = 0; i < f->register_count; i++)
		fprintf(t->out, "%s%-6s 0x%016" PRIx64, i % 3 ? "   " : "\n      ", ms_register_name(i), f->registers[i]);
	putc('\n', t->out);
}

/* A stack under its title; when there is none, the option that records it. */
static int print_titled_stack(struct ms_text *t, const struct ms_report *home, uint32_t node, bool of_free)
{
	if (node)
		return ms_text_stack(t, home, node);
	fputs(of_free && !home->trace.process->free_stacks ? "      (no stack: --free-stacks or --guard records those of frees)\n"
	                                                   : "      (no stack)\n", t->out);
	return MS_OK;
}

static int print_error_stack(struct ms_text *t, const struct ms_report *home, const struct ms_finding *f)
{
	char a[MS_UNIT_TEXT], b[MS_UNIT_TEXT];

	if (f->evidence == MS_EVIDENCE_DAMAGE) {
		fprintf(t->out, "    written between %s and %s; seen by the check at %s in ", ms_unit_duration(a, f->last_good_ns),
		        ms_unit_duration(b, f->damage_seen_ns), ms_check_name(f->check));
	} else {
		fprintf(t->out, "    %s at %s in ", f->free_call ? "called" : "happened", ms_unit_duration(a, f->time_ns));
	}
	print_thread(t, home, f->thread);
	fputs(":\n", t->out);
	return print_titled_stack(t, home, f->error_node, f->free_call != 0);
}

static int print_block(struct ms_text *t, const struct ms_report *home, const struct ms_finding *f)
{
	const struct ms_finding_block *b = &f->block;
	char a[MS_UNIT_TEXT];
	int rc = MS_OK;

	fprintf(t->out, "    the block: %s at 0x%" PRIx64, ms_unit_bytes(a, b->size_bytes, true), b->address);
	if (!b->id) {
		fputs(", known to the guard alone\n", t->out);
		return MS_OK;
	}
	fprintf(t->out, ", number %" PRIu64 "\n", b->id);
	if (b->freed && (b->free_kind || f->free_node)) {
		fprintf(t->out, "    freed%s%s", b->free_kind ? " by " : "", b->free_kind ? ms_event_kinds[b->free_kind].name : "");
		if (b->free_ns)
			fprintf(t->out, " at %s", ms_unit_duration(a, b->free_ns));
		if (b->free_thread) {
			fputs(" in ", t->out);
			print_thread(t, home, b->free_thread);
		}
		fputs(":\n", t->out);
		rc = print_titled_stack(t, home, f->free_node, true);
	}
	if (rc)
		return rc;
	fprintf(t->out, "    allocated by %s at %s in ", b->birth_kind ? ms_event_kinds[b->birth_kind].name : "an unknown call",
	        ms_unit_duration(a, b->birth_ns));
	print_thread(t, home, b->birth_thread);
	fputs(":\n", t->out);
	return print_titled_stack(t, home, f->allocation_node, false);
}

static int print_finding(struct ms_text *t, const struct ms_finding *f)
{
	const struct ms_report *r = t->report, *home = ms_finding_home(r, f);
	char a[MS_UNIT_TEXT], b[MS_UNIT_TEXT];
	int rc;

	fprintf(t->out, t->options.bold ? "\n  \033[1m%" PRIu32 ". %s\033[0m: " : "\n  %" PRIu32 ". %s: ", f->id,
	        ms_finding_kinds[f->kind].name);
	ms_escape_text(t->out, f->message);
	fprintf(t->out, "\n    CWE-%" PRIu16 ", %s", f->cwe, ms_certainty_name(f->certainty));
	if (f->confirmed)
		fputs(", and the damage was found", t->out);
	if (f->count > 1)
		fprintf(t->out, ", %s times from %s to %s", ms_unit_count(a, f->count), ms_unit_duration(b, f->time_ns),
		        ms_unit_duration((char[MS_UNIT_TEXT]){0}, f->last_ns));
	if (f->in_both_runs)
		fputs(", in both runs", t->out);
	else if (f->run == 2)
		fputs(", in the second run", t->out);
	if (r->findings.baseline)
		fputs(f->is_new ? ", new" : ", known", t->out);
	fprintf(t->out, ", %s\n", f->fingerprint);
	if (f->kind >= MS_FINDING_LEAK_DEFINITE)
		return print_titled_stack(t, home, f->allocation_node, false);
	rc = print_error_stack(t, home, f);
	if (rc == MS_OK && f->block.known)
		rc = print_block(t, home, f);
	if (f->byte_count)
		print_bytes(t, f);
	if (f->register_count)
		print_registers(t, f);
	return rc;
}

/* Those that are leaks, or those that are not. */
static int print_findings(struct ms_text *t, bool leaks, const char *heading)
{
	const struct ms_findings *f = &t->report->findings;
	size_t shown = 0, listed = 0;
	int rc = MS_OK;

	for (size_t i = 0; i < f->count && rc == MS_OK; i++) {
		if (f->list[i].suppressed_by || (f->list[i].kind >= MS_FINDING_LEAK_DEFINITE) != leaks)
			continue;
		if (listed++ == 0)
			ms_text_heading(t, heading, NULL);
		if (t->options.top && shown == t->options.top)
			continue;
		rc = print_finding(t, &f->list[i]);
		shown++;
	}
	ms_text_more(t, listed - shown, "more finding");
	return rc;
}

int ms_text_findings(struct ms_text *t)
{
	return print_findings(t, false, "FINDINGS");
}

int ms_text_leakstacks(struct ms_text *t)
{
	return print_findings(t, true, "LEAK STACKS");
}
