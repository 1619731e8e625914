/*
 * valgrind_xml.c - findings as Memcheck writes them with --xml=yes, protocol 4: Qt Creator, CLion, Jenkins, CTest.
 *
 * Kinds: a free of what is no live block is InvalidFree, one by the wrong family or size MismatchedFree, an access InvalidRead or InvalidWrite
 * (InvalidWrite where damage was found), leaks Leak_*Lost. What memscope knows beyond it stands in the text. An ip is the address
 * of the call in its module, as call paths of several places are one here. Suppressed findings are in suppcounts, not among the errors;
 * leaks come after the end of the program and are not counted in errorcounts, as Memcheck does.
 * Source: Valgrind's docs/internals/xml-output-protocol4.txt.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "export_findings.h"
#include "export_formats.h"
#include "export_names.h"
#include "export_xml.h"
#include "format/version.h"

static const char *kind_of(const struct ms_finding *f)
{
	switch (f->kind) {
	case MS_FINDING_MISMATCHED_FREE:
	case MS_FINDING_SIZE_MISMATCHED_FREE:
		return "MismatchedFree";
	case MS_FINDING_HEAP_OVERFLOW:
	case MS_FINDING_HEAP_UNDERFLOW:
	case MS_FINDING_USE_AFTER_FREE:
		return f->access == MS_ACCESS_READ ? "InvalidRead" : "InvalidWrite";
	case MS_FINDING_LEAK_DEFINITE: return "Leak_DefinitelyLost";
	case MS_FINDING_LEAK_INDIRECT: return "Leak_IndirectlyLost";
	case MS_FINDING_LEAK_POSSIBLE: return "Leak_PossiblyLost";
	}
	return "InvalidFree";
}

static void frame(FILE *out, const struct ms_export_input *in, const struct ms_report_line *l)
{
	const char *base = ms_export_base(l->file);

	fprintf(out, "    <frame>\n      <ip>0x%" PRIX64 "</ip>\n", l->offset ? l->offset - 1 : 0);
	if (*l->module)
		ms_export_element(out, "obj", ms_export_path(in, l->module));
	if (*l->function)
		ms_export_element(out, "fn", l->function);
	if (*l->file) {
		if (base > l->file && !in->no_paths) {
			char *folder = strndup(l->file, (size_t)(base - 1 - l->file));

			if (folder)
				ms_export_element(out, "dir", folder);
			free(folder);
		}
		ms_export_element(out, "file", base);
		if (l->line)
			fprintf(out, "<line>%" PRIu32 "</line>\n", l->line);
	}
	fputs("    </frame>\n", out);
}

static void stack(FILE *out, const struct ms_export_input *in, const struct ms_report *home, uint32_t node)
{
	fputs("  <stack>\n", out);
	for (uint32_t n = node; n; n = home->nodes[n].parent)
		for (uint32_t i = 0; i < home->nodes[n].line_count; i++)
			frame(out, in, &home->lines[home->nodes[n].first_line + i]);
	if (!node) /* the protocol wants a frame */
		fputs("    <frame>\n      <ip>0x0</ip>\n    </frame>\n", out);
	fputs("  </stack>\n", out);
}

static bool is_leak(const struct ms_finding *f)
{
	return f->kind >= MS_FINDING_LEAK_DEFINITE;
}

static void error(FILE *out, const struct ms_export_input *in, const struct ms_finding *f)
{
	const struct ms_report *home = ms_finding_home(in->report, f);
	struct ms_export_path paths[MS_EXPORT_PATHS];
	size_t count = ms_export_finding_paths(paths, f);
	uint32_t first = ms_export_finding_node(f);
	uint32_t thread = f->thread ? f->thread : 1;

	fprintf(out, "<error>\n  <unique>0x%" PRIx32 "</unique>\n  <tid>%" PRIu32 "</tid>\n  <kind>%s</kind>\n", f->id, thread, kind_of(f));
	if (is_leak(f)) {
		fputs("  <xwhat>\n", out);
		ms_export_element(out, "text", f->message);
		fprintf(out, "    <leakedbytes>%" PRIu64 "</leakedbytes>\n    <leakedblocks>%" PRIu64 "</leakedblocks>\n  </xwhat>\n",
		        f->leaked_bytes, f->leaked_blocks);
	} else {
		ms_export_element(out, "what", f->message);
	}
	stack(out, in, home, first);
	for (size_t i = 0; i < count; i++) {
		if (paths[i].node == first)
			continue;
		ms_export_element(out, "auxwhat", paths[i].what);
		stack(out, in, home, paths[i].node);
	}
	fputs("</error>\n\n", out);
}

static void errors(FILE *out, const struct ms_export_input *in, bool leaks)
{
	for (size_t i = 0; i < in->report->findings.count; i++)
		if (!in->report->findings.list[i].suppressed_by && is_leak(&in->report->findings.list[i]) == leaks)
			error(out, in, &in->report->findings.list[i]);
}

static void counts(FILE *out, const struct ms_findings *f)
{
	fputs("<errorcounts>\n", out);
	for (size_t i = 0; i < f->count; i++)
		if (!f->list[i].suppressed_by && !is_leak(&f->list[i]))
			fprintf(out, "  <pair>\n    <count>%" PRIu64 "</count>\n    <unique>0x%" PRIx32 "</unique>\n  </pair>\n",
			        f->list[i].count ? f->list[i].count : 1, f->list[i].id);
	fputs("</errorcounts>\n\n<suppcounts>\n", out);
	for (size_t i = 0; i < f->suppression_count; i++) {
		if (!f->suppressions[i].findings)
			continue;
		fprintf(out, "  <pair>\n    <count>%" PRIu64 "</count>\n", f->suppressions[i].findings);
		ms_export_element(out, "name", f->suppressions[i].name ? f->suppressions[i].name : "");
		fputs("  </pair>\n", out);
	}
	fputs("</suppcounts>\n\n", out);
}

static void status(FILE *out, const char *state, uint64_t ns)
{
	fprintf(out, "<status>\n  <state>%s</state>\n  <time>%02" PRIu64 ":%02" PRIu64 ":%02" PRIu64 ":%02" PRIu64 ".%03" PRIu64 "</time>\n</status>\n\n", state,
	        ns / 86400000000000, ns / 3600000000000 % 24, ns / 60000000000 % 60, ns / 1000000000 % 60, ns / 1000000 % 1000);
}

static int write_valgrind_xml(FILE *out, const struct ms_export_input *in, struct ms_error *err)
{
	const struct ms_report *r = in->report;
	const struct ms_process *p = r->trace.process;

	fputs("<?xml version=\"1.0\"?>\n\n<valgrindoutput>\n\n<protocolversion>4</protocolversion>\n<protocoltool>memcheck</protocoltool>\n\n"
	      "<preamble>\n  <line>memscope " MS_VERSION ", findings of a recording in the form of Memcheck</line>\n</preamble>\n\n", out);
	fprintf(out, "<pid>%" PRIu32 "</pid>\n<ppid>%" PRIu32 "</ppid>\n<tool>memcheck</tool>\n\n<args>\n  <vargv>\n", p->pid, p->parent_pid);
	ms_export_element(out, "exe", "memscope-record");
	for (size_t i = 0; i < p->options_count && !in->no_paths; i++)
		ms_export_element(out, "arg", p->options[i]);
	fputs("  </vargv>\n  <argv>\n", out);
	ms_export_element(out, "exe", ms_export_path(in, ms_export_program(r)));
	for (size_t i = 1; i < p->command_count && !in->no_paths; i++)
		ms_export_element(out, "arg", p->command[i]);
	fputs("  </argv>\n</args>\n\n", out);
	status(out, "RUNNING", 0);
	errors(out, in, false);
	status(out, "FINISHED", r->trace.duration_ns);
	errors(out, in, true);
	counts(out, &r->findings);
	fputs("</valgrindoutput>\n", out);
	return ferror(out) ? ms_fail(err, MS_E_IO, MS_NO_OFFSET, "cannot write") : MS_OK;
}

const struct ms_export ms_export_valgrind_xml = {
	.name = "valgrind-xml",
	.summary = "findings as Memcheck's XML, protocol 4: Qt Creator, CLion, Jenkins, CTest",
	.suffix = ".xml",
	.write = write_valgrind_xml,
};
