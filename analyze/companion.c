/* companion.c - see companion.h. */
#include "companion.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "detect/findings_build.h"
#include "detect/fingerprint.h"
#include "format/trace_reader.h"

static int no_memory(struct ms_error *err)
{
	return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for the report of the other run");
}

static bool is_damage(const struct ms_finding *f)
{
	return f->evidence == MS_EVIDENCE_DAMAGE;
}

static bool is_access(const struct ms_finding *f)
{
	return f->evidence == MS_EVIDENCE_FAULT || f->evidence == MS_EVIDENCE_BOUNDS;
}

/* The damage is what the access left behind. */
static bool explains(const struct ms_report *ra, const struct ms_finding *access, const struct ms_report *rd,
                     const struct ms_finding *damage)
{
	return is_access(access) && access->access != MS_ACCESS_READ && is_damage(damage) && access->kind == damage->kind &&
	       access->allocation_node && damage->allocation_node &&
	       ms_path_hash(ra, access->allocation_node) == ms_path_hash(rd, damage->allocation_node);
}

static void take_bytes(struct ms_finding *access, const struct ms_finding *damage)
{
	int64_t distance = (int64_t)(damage->byte_address - damage->block.address);

	access->confirmed = true;
	access->in_both_runs = true;
	if (access->byte_count)
		return;
	access->byte_count = damage->byte_count;
	access->expected = damage->expected;
	access->byte_address = access->block.address + (uint64_t)distance; /* the same place in this run's block */
	memcpy(access->bytes, damage->bytes, sizeof access->bytes);
}

/* Moves the finding `theirs` of the other run into the list; the list has room. */
static void join(struct ms_report *report, struct ms_report *other, struct ms_finding *theirs)
{
	struct ms_findings *f = &report->findings;

	theirs->run = 2;
	for (size_t i = 0; i < f->count; i++) {
		struct ms_finding *ours = &f->list[i];

		if (ours->run != 1)
			continue;
		if (strcmp(ours->fingerprint, theirs->fingerprint) == 0) {
			ours->in_both_runs = true;
			ours->confirmed |= theirs->confirmed;
			return;
		}
		if (explains(report, ours, other, theirs)) {
			take_bytes(ours, theirs);
			return;
		}
		if (explains(other, theirs, report, ours)) {
			take_bytes(theirs, ours);
			free(ours->message);
			*ours = *theirs;
			theirs->message = NULL;
			return;
		}
	}
	f->list[f->count++] = *theirs;
	theirs->message = NULL;
}

static int merge(struct ms_report *report, struct ms_report *other, struct ms_error *err)
{
	struct ms_findings *f = &report->findings, *g = &other->findings;
	struct ms_finding *grown = realloc(f->list, (f->count + g->count + 1) * sizeof *grown);

	if (!grown)
		return no_memory(err);
	f->list = grown;
	for (size_t i = 0; i < g->count; i++)
		join(report, other, &g->list[i]);
	f->omitted += g->omitted;
	for (size_t i = 0; i < f->detector_count && i < g->detector_count; i++) {
		struct ms_detector_result *a = &f->detectors[i], *b = &g->detectors[i];

		a->checked += b->checked;
		if (a->status == MS_DETECTOR_NOT_OBSERVABLE && b->status != MS_DETECTOR_NOT_OBSERVABLE) {
			char *reason = a->reason;

			a->status = b->status;
			a->reason = b->reason;
			b->reason = reason;
		}
	}
	ms_findings_order(f);
	ms_findings_recount(f);
	return MS_OK;
}

int ms_report_merge_companion(struct ms_report *report, const char *path, const struct ms_report_options *given,
                              struct ms_trace **out, struct ms_error *err)
{
	const char *name = report->trace.process->companion, *slash = strrchr(path, '/');
	struct ms_report_options options = given ? *given : (struct ms_report_options){0};
	struct ms_report *other = NULL;
	struct ms_error problem = {0};
	char *beside = NULL;
	int rc;

	*out = NULL;
	if (!name || !*name)
		return MS_OK;
	report->findings.companion_file = name;
	if (report->window.given) {
		report->findings.companion_problem = strdup("a window of this run is none of the other run");
		return report->findings.companion_problem ? MS_OK : no_memory(err);
	}
	/* The name comes from the trace: it must not lead anywhere else. */
	if (strchr(name, '/') || strcmp(name, "..") == 0 || strcmp(name, ".") == 0) {
		report->findings.companion_problem = strdup("its name is no file name");
		return report->findings.companion_problem ? MS_OK : no_memory(err);
	}
	if (asprintf(&beside, "%.*s%s", slash ? (int)(slash + 1 - path) : 0, path, name) < 0)
		return no_memory(err);
	other = calloc(1, sizeof *other);
	rc = other ? ms_trace_open(out, beside, &problem) : MS_E_NOMEM;
	options.progress = NULL;
	options.file = name;
	if (rc == MS_OK)
		rc = ms_report_build(other, *out, &options, &problem);
	free(beside);
	if (rc) {
		free(other);
		ms_trace_close(*out);
		*out = NULL;
		if (!problem.message[0] || rc == MS_E_NOMEM)
			return no_memory(err);
		return asprintf(&report->findings.companion_problem, "%s: %s", name, problem.message) < 0 ? no_memory(err) : MS_OK;
	}
	report->companion = other;
	return merge(report, other, err);
}
