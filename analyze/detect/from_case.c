/* from_case.c - see from_case.h. */
#include "from_case.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Events are missing, so that an allocation or a free may have gone unseen. */
static bool has_gaps(const struct ms_report_trace *t)
{
	return t->lost_events || t->lost_threads;
}

/* May a block have been born between these times that the trace does not know, although nothing was lost? */
static bool births_unseen(const struct ms_detector_context *x, uint64_t from_ns, uint64_t to_ns)
{
	const struct ms_process *p = x->report->trace.process;

	return p->capture.sampling != MS_SAMPLING_ALL || p->births_elsewhere ||
	       ((p->inherited_heap || p->capture.attached || p->births_before) && from_ns == 0) ||
	       ms_paused_between(x->report, from_ns, to_ns);
}

/* Blocks were left out of the trace: one of them may be the last that died somewhere. */
static bool deaths_unseen(const struct ms_report_trace *t)
{
	return t->process->capture.cull_ns != 0;
}

static const struct ms_evidence *refusal(const struct ms_detector_context *x, const struct ms_case *c)
{
	const struct ms_evidence *e = c->evidence ? ms_trace_evidence(x->trace, c->evidence) : NULL;

	return e && e->kind == MS_EVIDENCE_REFUSED_FREE ? e : NULL;
}

enum ms_verdict ms_judge_free(const struct ms_detector_context *x, const struct ms_case *c, uint8_t *certainty)
{
	const struct ms_report_trace *t = &x->report->trace;
	const struct ms_evidence *e = refusal(x, c);
	bool is_realloc = c->event_kind == MS_EV_REALLOC_FREE || (e && e->check == MS_CHECK_REALLOC);
	bool dead;

	if (c->merged || !(c->kind == MS_CASE_UNMATCHED || (c->kind == MS_CASE_EVIDENCE && e)))
		return MS_VERDICT_NONE;
	*certainty = MS_CERTAIN;
	if (e && e->block_address) { /* the guard's own table */
		if (e->address != e->block_address)
			return e->freed ? MS_VERDICT_INSIDE_DEAD : MS_VERDICT_INSIDE;
		if (e->freed)
			return is_realloc ? MS_VERDICT_REALLOC_DEAD : MS_VERDICT_DOUBLE;
		return MS_VERDICT_UNJUDGED;
	}
	if (!c->has_address || (e ? e->address : c->address) == 0)
		return MS_VERDICT_UNJUDGED;
	dead = c->place == MS_PLACE_DEAD_START || c->place == MS_PLACE_DEAD_INSIDE;
	/* Somebody may have been born there, unseen, since the block died. A guard knows all blocks. */
	if (dead && !e && births_unseen(x, c->block.end_ns, c->time_ns))
		return MS_VERDICT_UNJUDGED;
	/* A program that was attached to may have kept the address of its malloc from before, and call that. */
	if ((has_gaps(t) || t->process->capture.attached) && (dead || c->place == MS_PLACE_LIVE_INSIDE))
		*certainty = MS_INFERRED;
	if (deaths_unseen(t) && dead)
		*certainty = MS_INFERRED;
	switch (c->place) {
	case MS_PLACE_DEAD_START:
		return is_realloc ? MS_VERDICT_REALLOC_DEAD : MS_VERDICT_DOUBLE;
	case MS_PLACE_DEAD_INSIDE:
		/* Allocators cut a large dead block into new ones: one that was not seen (an inherited heap, lost events) may start here. */
		if (t->process->inherited_heap || t->process->capture.attached || has_gaps(t) || deaths_unseen(t))
			return MS_VERDICT_UNJUDGED;
		*certainty = MS_INFERRED;
		return MS_VERDICT_INSIDE_DEAD;
	case MS_PLACE_LIVE_INSIDE:
		return MS_VERDICT_INSIDE;
	case MS_PLACE_NOWHERE:
		if (!e && (births_unseen(x, 0, c->time_ns) || has_gaps(t) || deaths_unseen(t)))
			return MS_VERDICT_UNJUDGED;
		*certainty = e ? MS_CERTAIN : MS_INFERRED;
		return MS_VERDICT_NEVER;
	default:
		return MS_VERDICT_UNJUDGED;
	}
}

static void block_from_trace(struct ms_finding *f, const struct ms_detector_context *x, const struct ms_case *c)
{
	const struct ms_case_block *b = &c->block;

	f->block = (struct ms_finding_block){
		.known = true, .id = b->id, .address = b->address, .size_bytes = b->size_bytes, .birth_ns = b->birth_ns,
		.birth_thread = b->birth_thread, .birth_kind = b->birth_kind, .freed = b->end_kind != 0,
		.free_kind = b->end_kind, .free_thread = b->end_kind ? b->end_thread : 0, .free_ns = b->end_kind ? b->end_ns : 0,
	};
	f->allocation_node = x->stacks->node_of_stack[b->birth_stack];
	if (b->end_kind)
		f->free_node = x->stacks->node_of_stack[b->end_stack];
}

/* Is this line code of the recorder's libraries inside the program? */
static bool is_recorder(const struct ms_report_line *line)
{
	const char *slash = strrchr(line->module, '/'), *name = slash ? slash + 1 : line->module;

	return strcmp(name, "libmemscope-guard.so") == 0 || strcmp(name, "libmemscope-preload.so") == 0;
}

/* The call path without the recorder's own frames at its inner end: operator delete[] of libstdc++ frees through hooks, and a check sees those, too. */
static uint32_t without_recorder(const struct ms_report *r, uint32_t node)
{
	while (node && r->nodes[node].line_count && is_recorder(&r->lines[r->nodes[node].first_line]))
		node = r->nodes[node].parent;
	return node;
}

void ms_finding_from_case(struct ms_finding *f, const struct ms_detector_context *x, const struct ms_case *c)
{
	const struct ms_evidence *e = c->evidence ? ms_trace_evidence(x->trace, c->evidence) : NULL;

	f->time_ns = c->time_ns;
	f->last_ns = c->last_ns;
	f->count = c->count;
	f->thread = c->thread;
	f->address = c->address;
	f->error_node = without_recorder(x->report, x->stacks->node_of_stack[c->stack]);
	f->free_call = c->kind == MS_CASE_EVIDENCE ? 0 : c->event_kind;
	if (c->block.id)
		block_from_trace(f, x, c);
	if (!f->free_node && c->freed_stack)
		f->free_node = x->stacks->node_of_stack[c->freed_stack];
	if (e) {
		f->evidence = e->kind;
		f->access = e->access;
		f->check = e->check;
		f->address = e->address;
		f->length_bytes = e->length_bytes;
		f->function = ms_trace_string(x->trace, e->function);
		if (e->kind == MS_EVIDENCE_REFUSED_FREE && !f->free_call)
			f->free_call = e->check == MS_CHECK_REALLOC ? MS_EV_REALLOC_FREE : MS_EV_FREE;
		if (!f->block.known && e->block_address)
			f->block = (struct ms_finding_block){.known = true, .address = e->block_address, .size_bytes = e->block_bytes};
		if (f->block.known)
			f->block.freed = e->kind == MS_EVIDENCE_REFUSED_FREE ? f->block.freed | e->freed : e->freed;
		if (e->kind == MS_EVIDENCE_DAMAGE) {
			f->byte_count = e->byte_count < MS_EVIDENCE_BYTES ? e->byte_count : MS_EVIDENCE_BYTES;
			if (f->byte_count)
				memcpy(f->bytes, e->bytes, f->byte_count);
			f->byte_address = e->address;
			f->expected = e->expected;
			f->has_window = true;
			f->damage_seen_ns = c->time_ns;
			f->last_good_ns = e->last_good_ns;
			if (!f->last_good_ns) /* never checked before: whole when it was born, or when it was freed */
				f->last_good_ns = f->block.freed && f->block.free_ns ? f->block.free_ns : f->block.birth_ns;
		}
		f->register_count = e->register_count < MS_EVIDENCE_REGISTERS ? e->register_count : MS_EVIDENCE_REGISTERS;
		if (f->register_count)
			memcpy(f->registers, e->registers, f->register_count * sizeof *f->registers);
	}
	if (f->block.known)
		f->offset = (int64_t)(f->address - f->block.address);
}

const char *ms_block_text(char buffer[MS_BLOCK_TEXT], const struct ms_finding_block *block)
{
	char digits[24];
	bool vowel;

	snprintf(digits, sizeof digits, "%" PRIu64, block->size_bytes);
	vowel = digits[0] == '8' || strcmp(digits, "11") == 0 || strcmp(digits, "18") == 0;
	snprintf(buffer, MS_BLOCK_TEXT, "%s %s-byte block", vowel ? "an" : "a", digits);
	return buffer;
}

int ms_say_frees(const struct ms_detector_context *x, struct ms_detector_result *result)
{
	const struct ms_cases *c = x->cases;
	const struct ms_process *p = x->report->trace.process;
	const char *why = p->inherited_heap ? ": the heap was inherited from the parent process"
	                : p->capture.attached ? ": blocks from before the recording are not known"
	                : p->capture.sampling != MS_SAMPLING_ALL ? ": only a sample of all blocks was recorded"
	                : p->births_elsewhere ? ": functions of an allocator were called that are not recorded"
	                : p->births_before ? ": blocks of the executable's allocator from before the recording are not known"
	                : x->report->pauses.first_ns != UINT64_MAX ? ": blocks that were born while recording was paused are not known" : "";
	uint64_t unjudged = 0;
	uint8_t certainty;

	if (ms_is_sample(p)) {
		result->status = MS_DETECTOR_NOT_OBSERVABLE;
		return ms_detector_say(result, "a sample: frees that end no sampled block are not recorded");
	}
	for (size_t i = 0; i < c->count; i++)
		unjudged += ms_judge_free(x, &c->list[i], &certainty) == MS_VERDICT_UNJUDGED;
	if (has_gaps(&x->report->trace) && ms_detector_say(result, "events were lost, so that a block may have been born or freed unseen"))
		return MS_E_NOMEM;
	if (unjudged && ms_detector_say(result, "%" PRIu64 " free%s of unknown blocks could not be judged%s", unjudged, unjudged == 1 ? "" : "s", why))
		return MS_E_NOMEM;
	if (deaths_unseen(&x->report->trace) &&
	    ms_detector_say(result, "a second free of a block that --cull-temporary left out is not judged"))
		return MS_E_NOMEM;
	if (c->omitted[MS_CASE_UNMATCHED] &&
	    ms_detector_say(result, "%" PRIu64 " more frees of unknown blocks were not looked at", c->omitted[MS_CASE_UNMATCHED]))
		return MS_E_NOMEM;
	return MS_OK;
}
