/* report_names.c - see report_names.h. */
#include "report_names.h"

#include <stdio.h>
#include <time.h>

#include "format/evidence.h"

const char *ms_ended_name(enum ms_report_ended ended)
{
	static const char *const names[] = {
		[MS_REPORT_EXITED] = "exited", [MS_REPORT_SIGNALED] = "signaled", [MS_REPORT_RUNNING] = "running",
		[MS_REPORT_UNKNOWN] = "unknown", [MS_REPORT_TRUNCATED] = "truncated",
	};

	return names[ended];
}

static const char *pick(const char *const *names, size_t count, size_t index)
{
	return index < count && names[index] ? names[index] : "unknown";
}
#define PICK(index, ...)                                          \
	do {                                                          \
		static const char *const names[] = {__VA_ARGS__};         \
		return pick(names, sizeof names / sizeof *names, index);  \
	} while (0)
#define ROW(number, id, name) [number] = name,

const char *ms_guard_name(uint8_t mode) { PICK(mode, "none", "canary", "full", "sample"); }
const char *ms_guard_side_name(uint8_t side) { PICK(side, "end", "start", "alternate"); }
const char *ms_access_name(uint8_t access) { PICK(access, MS_ACCESS_KINDS(ROW)); }
const char *ms_check_name(uint8_t check) { PICK(check, MS_CHECK_KINDS(ROW)); }
const char *ms_evidence_name(uint8_t kind) { PICK(kind, [0] = "events", MS_EVIDENCE_KINDS(ROW)); }
const char *ms_certainty_name(uint8_t certainty) { PICK(certainty, "certain", "observed", "inferred"); }
const char *ms_severity_name(uint8_t severity) { PICK(severity, "error", "warning"); }
const char *ms_detector_status_name(uint8_t status) { PICK(status, "found", "clean", "not_observable"); }
const char *ms_graph_reason_name(uint8_t reason) { PICK(reason, "exit", "signal", "api", "crash"); }
const char *ms_odd_size_name(uint8_t kind) { PICK(kind, "zero", "huge", "negative"); }
const char *ms_biography_event_name(uint8_t kind)
{
#define X(id, name) name,
	PICK(kind, MS_BIOGRAPHY_EVENT_KINDS(X) "unknown");
#undef X
}
const char *ms_register_name(unsigned index)
{
	PICK(index, "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
	     "rip", "eflags");
}

const char *ms_time_text(char buffer[MS_TIME_TEXT], uint64_t unix_ns)
{
	time_t seconds = (time_t)(unix_ns / 1000000000);
	struct tm tm;
	size_t n = 0;

	if (gmtime_r(&seconds, &tm))
		n = strftime(buffer, MS_TIME_TEXT, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(buffer + n, MS_TIME_TEXT - n, ".%09uZ", (unsigned)(unix_ns % 1000000000));
	return buffer;
}

const char *ms_build_id_text(char buffer[MS_BUILD_ID_TEXT], const struct ms_module *m)
{
	buffer[0] = '\0';
	for (size_t i = 0; i < m->build_id_bytes && i < MS_BUILD_ID_TEXT / 2; i++)
		snprintf(buffer + 2 * i, 3, "%02x", m->build_id[i]);
	return buffer;
}

#define SITE_SUMS(X) \
	X(allocations) X(reallocations) X(allocated_bytes) X(frees) X(live_blocks) X(live_bytes) X(peak_blocks) \
	X(peak_bytes) X(temporary_allocations) X(ended_blocks) X(culled_blocks) X(culled_bytes)

void ms_site_add(struct ms_report_site *sum, const struct ms_report_site *site)
{
#define X(field) sum->field += site->field;
	SITE_SUMS(X)
#undef X
}

void ms_site_subtract(struct ms_report_site *sum, const struct ms_report_site *site)
{
#define X(field) sum->field -= site->field;
	SITE_SUMS(X)
#undef X
}
