/* dump_text.c - see dump_print.h: one aligned line per event, indented lines for the frames of its stack. */
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>

#include "dump_print.h"
#include "render/escape.h"
#include "render/event_args.h"

const char *dump_base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void begin(FILE *out, const struct dump_context *c)
{
	fprintf(out, "%*s %*s %6s %-22s %12s %-14s %10s%s\n", c->ordinal_width, "event", c->time_width, "time/ns", "thread",
	        "kind", "size/bytes", "address", "block", " details");
}

static void print_variable(FILE *out, const struct dump_context *c, uint64_t id)
{
	const struct ms_variable *v = id <= UINT32_MAX ? ms_trace_variable(c->trace, (uint32_t)id) : NULL;

	fprintf(out, "%" PRIu64, id);
	if (!v)
		return;
	fputs(" (", out);
	ms_escape_text(out, v->type ? ms_trace_string(c->trace, v->type) : "?");
	fputc(' ', out);
	ms_escape_text(out, v->name ? ms_trace_string(c->trace, v->name) : "?");
	if (v->file) {
		fputs(", ", out);
		ms_escape_text(out, ms_trace_string(c->trace, v->file));
		fprintf(out, ":%" PRIu32, v->line);
	}
	fputc(')', out);
}

static void print_argument(FILE *out, const struct dump_context *c, const struct ms_arg_info *info, uint64_t v)
{
	const struct ms_module *module;

	fprintf(out, " %s=", info->name);
	switch (info->type) {
	case MS_ARG_NONE:
		break;
	case MS_ARG_NUMBER:
		fprintf(out, "%" PRIu64, v);
		break;
	case MS_ARG_LOG2:
		if (v < 64)
			fprintf(out, "%" PRIu64, UINT64_C(1) << v);
		else
			fprintf(out, "2^%" PRIu64, v);
		break;
	case MS_ARG_HEX:
		fprintf(out, "0x%" PRIx64, v);
		break;
	case MS_ARG_PROTECTION:
		fprintf(out, "%c%c%c", v & PROT_READ ? 'r' : '-', v & PROT_WRITE ? 'w' : '-', v & PROT_EXEC ? 'x' : '-');
		break;
	case MS_ARG_ZIGZAG:
		fprintf(out, "%" PRId64, (int64_t)(v >> 1) ^ -(int64_t)(v & 1));
		break;
	case MS_ARG_KIND:
		fputs(v < 256 && ms_event_kinds[v].name ? ms_event_kinds[v].name : "?", out);
		break;
	case MS_ARG_STRING:
		fputc('"', out);
		ms_escape_text(out, v <= UINT32_MAX ? ms_trace_string(c->trace, (uint32_t)v) : "");
		fputc('"', out);
		break;
	case MS_ARG_MODULE:
		module = v <= UINT32_MAX ? ms_trace_module(c->trace, (uint32_t)v) : NULL;
		ms_escape_text(out, module ? module->path : "?");
		break;
	case MS_ARG_ERRNO:
		fprintf(out, "%" PRIu64, v);
		if (v < 4096 && strerrorname_np((int)v))
			fprintf(out, " (%s)", strerrorname_np((int)v));
		break;
	case MS_ARG_EVIDENCE:
		fprintf(out, "%" PRIu64, v);
		dump_evidence_text(out, c->trace, (uint32_t)v);
		break;
	case MS_ARG_VARIABLE:
		print_variable(out, c, v);
		break;
	}
}

static void print_frame(FILE *out, const struct dump_context *c, uint32_t frame_id)
{
	const struct ms_frame *frame = ms_trace_frame(c->trace, frame_id);
	const struct ms_module *module = frame ? ms_trace_module(c->trace, frame->module) : NULL;
	const char *name = module ? dump_base_name(module->path) : "unknown module";
	size_t n;
	const struct ms_symbol *symbols = ms_trace_symbols(c->trace, frame_id, &n);

	for (size_t i = 0; i < n; i++) {
		const char *function = ms_trace_string(c->trace, symbols[i].function);
		const char *file = ms_trace_string(c->trace, symbols[i].file);

		fputs("        ", out);
		ms_escape_text(out, *function ? function : "??");
		if (*file) {
			fputs(" at ", out);
			ms_escape_text(out, file);
			if (symbols[i].line)
				fprintf(out, ":%" PRIu32, symbols[i].line);
		}
		fputs(" (", out);
		ms_escape_text(out, name);
		fputs(i + 1 < n ? ", inlined)\n" : ")\n", out);
	}
	if (n == 0) {
		fprintf(out, "        0x%" PRIx64 " (", frame ? frame->address : 0);
		ms_escape_text(out, name);
		if (module && frame)
			fprintf(out, "+0x%" PRIx64, frame->address - module->load_bias);
		fputs(")\n", out);
	}
}

static void print_event(FILE *out, const struct dump_context *c, const struct dump_event *e)
{
	const struct ms_event_kind_info *kind = &ms_event_kinds[e->kind];
	char address[20] = "-", size[24] = "-", block[24] = "-";

	if (kind->has_size || (kind->class_ == MS_CLASS_FREE && e->block))
		snprintf(size, sizeof size, "%" PRIu64, e->size_bytes);
	if (kind->class_ == MS_CLASS_ALLOC || kind->class_ == MS_CLASS_FREE || kind->class_ == MS_CLASS_MAP)
		snprintf(address, sizeof address, "0x%" PRIx64, e->address);
	if (e->block)
		snprintf(block, sizeof block, "%" PRIu64, e->block);
	fprintf(out, "%*" PRIu64 " %*" PRIu64 " %6" PRIu32 " %-22s %12s %-14s %10s", c->ordinal_width, e->ordinal, c->time_width,
	        e->time_ns, e->thread, kind->name, size, address, block);
	if (kind->class_ == MS_CLASS_FREE) {
		if (e->block)
			fprintf(out, " born=%" PRIu64, e->birth_ns);
		else
			fputs(" unmatched", out);
	}
	for (unsigned i = 0; i < kind->args; i++)
		print_argument(out, c, ms_event_arg(e->kind, i), e->arg[i]);
	if (e->stack)
		fprintf(out, " stack=%" PRIu32, e->stack);
	fputc('\n', out);
	if (c->stacks) {
		const struct ms_evidence *evidence = e->kind == MS_EV_EVIDENCE ? ms_trace_evidence(c->trace, (uint32_t)e->arg[0]) : NULL;
		const struct ms_stack *s;

		for (uint32_t id = evidence ? evidence->stack : e->stack; (s = ms_trace_stack(c->trace, id)) != NULL; id = s->parent)
			print_frame(out, c, s->frame);
	}
}

const struct dump_printer dump_text = {.begin = begin, .event = print_event};
