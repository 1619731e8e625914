/*
 * dump_json.c - see dump_print.h: one JSON object per line. Addresses are strings, because a JSON number is a double to
 * many readers; fields that an event does not have are left out.
 */
#include <inttypes.h>
#include <string.h>

#include "dump_print.h"
#include "render/escape.h"
#include "render/event_args.h"

static const char *const class_names[] = {
	[MS_CLASS_NONE] = "none", [MS_CLASS_ALLOC] = "alloc", [MS_CLASS_FREE] = "free",
	[MS_CLASS_FAIL] = "fail", [MS_CLASS_MAP] = "map", [MS_CLASS_OTHER] = "other",
};

static void print_variable(FILE *out, const struct dump_context *c, uint64_t id)
{
	const struct ms_variable *v = id <= UINT32_MAX ? ms_trace_variable(c->trace, (uint32_t)id) : NULL;

	if (!v) {
		fputs("null", out);
		return;
	}
	fprintf(out, "{\"id\":%" PRIu64 ",\"name\":", id);
	ms_escape_json(out, ms_trace_string(c->trace, v->name));
	fputs(",\"type\":", out);
	ms_escape_json(out, ms_trace_string(c->trace, v->type));
	fputs(",\"file\":", out);
	ms_escape_json(out, ms_trace_string(c->trace, v->file));
	fprintf(out, ",\"line\":%" PRIu32 "}", v->line);
}

static void print_argument(FILE *out, const struct dump_context *c, const struct ms_arg_info *info, uint64_t v)
{
	const struct ms_module *module;

	fprintf(out, ",\"%s\":", info->name);
	switch (info->type) {
	case MS_ARG_NONE:
		fputs("null", out);
		break;
	case MS_ARG_NUMBER:
	case MS_ARG_PROTECTION:
	case MS_ARG_ERRNO:
		fprintf(out, "%" PRIu64, v);
		break;
	case MS_ARG_LOG2:
		if (v < 64)
			fprintf(out, "%" PRIu64, UINT64_C(1) << v);
		else
			fputs("null", out);
		break;
	case MS_ARG_HEX:
		fprintf(out, "\"0x%" PRIx64 "\"", v);
		break;
	case MS_ARG_ZIGZAG:
		fprintf(out, "%" PRId64, (int64_t)(v >> 1) ^ -(int64_t)(v & 1));
		break;
	case MS_ARG_KIND:
		ms_escape_json(out, v < 256 && ms_event_kinds[v].name ? ms_event_kinds[v].name : "");
		break;
	case MS_ARG_STRING:
		ms_escape_json(out, v <= UINT32_MAX ? ms_trace_string(c->trace, (uint32_t)v) : "");
		break;
	case MS_ARG_MODULE:
		module = v <= UINT32_MAX ? ms_trace_module(c->trace, (uint32_t)v) : NULL;
		ms_escape_json(out, module ? module->path : "");
		break;
	case MS_ARG_EVIDENCE:
		dump_evidence_json(out, c->trace, (uint32_t)v);
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
	size_t n;
	const struct ms_symbol *symbols = ms_trace_symbols(c->trace, frame_id, &n);

	for (size_t i = 0; i < (n ? n : 1); i++) {
		fputs(i ? ",{" : "{", out);
		fprintf(out, "\"address\":\"0x%" PRIx64 "\",\"module\":", frame ? frame->address : 0);
		ms_escape_json(out, module ? module->path : "");
		if (n) {
			fputs(",\"function\":", out);
			ms_escape_json(out, ms_trace_string(c->trace, symbols[i].function));
			fputs(",\"file\":", out);
			ms_escape_json(out, ms_trace_string(c->trace, symbols[i].file));
			fprintf(out, ",\"line\":%" PRIu32 ",\"inlined\":%s", symbols[i].line, i + 1 < n ? "true" : "false");
		}
		fputc('}', out);
	}
}

static void print_frames(FILE *out, const struct dump_context *c, const char *key, uint32_t stack)
{
	const struct ms_stack *s;

	fprintf(out, ",\"%s\":[", key);
	for (uint32_t id = stack; (s = ms_trace_stack(c->trace, id)) != NULL; id = s->parent) {
		if (id != stack)
			fputc(',', out);
		print_frame(out, c, s->frame);
	}
	fputc(']', out);
}

static void print_event(FILE *out, const struct dump_context *c, const struct dump_event *e)
{
	const struct ms_event_kind_info *kind = &ms_event_kinds[e->kind];

	fprintf(out, "{\"event\":%" PRIu64 ",\"time_ns\":%" PRIu64 ",\"thread\":%" PRIu32 ",\"kind\":\"%s\",\"class\":\"%s\"", e->ordinal,
	        e->time_ns, e->thread, kind->name, class_names[kind->class_]);
	if (kind->class_ == MS_CLASS_ALLOC || kind->class_ == MS_CLASS_FREE || kind->class_ == MS_CLASS_MAP)
		fprintf(out, ",\"address\":\"0x%" PRIx64 "\"", e->address);
	if (kind->has_size || (kind->class_ == MS_CLASS_FREE && e->block))
		fprintf(out, ",\"size_bytes\":%" PRIu64, e->size_bytes);
	if (e->block)
		fprintf(out, ",\"block\":%" PRIu64, e->block);
	if (kind->class_ == MS_CLASS_FREE) {
		fprintf(out, ",\"matched\":%s", e->block ? "true" : "false");
		if (e->block)
			fprintf(out, ",\"birth\":{\"time_ns\":%" PRIu64 ",\"thread\":%" PRIu32 ",\"kind\":\"%s\",\"stack\":%" PRIu32 "}",
			        e->birth_ns, e->birth_thread, ms_event_kinds[e->birth_kind].name ? ms_event_kinds[e->birth_kind].name : "",
			        e->birth_stack);
	}
	for (unsigned i = 0; i < kind->args; i++)
		print_argument(out, c, ms_event_arg(e->kind, i), e->arg[i]);
	if (e->stack)
		fprintf(out, ",\"stack\":%" PRIu32, e->stack);
	if (c->stacks && e->stack)
		print_frames(out, c, "frames", e->stack);
	if (c->stacks && e->kind == MS_EV_EVIDENCE) {
		const struct ms_evidence *evidence = ms_trace_evidence(c->trace, (uint32_t)e->arg[0]);

		if (evidence && evidence->stack)
			print_frames(out, c, "evidence_frames", evidence->stack);
	}
	fputs("}\n", out);
}

const struct dump_printer dump_json = {.event = print_event};
