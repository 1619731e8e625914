/* backend_options.c - see backend_options.h. */
#include "backend_options.h"

#include <stdio.h>
#include <string.h>

#include "backends.h"

bool backend_options_name(struct options *o, const char *text)
{
	o->backend_reason = "--backend";
	o->backend = MS_BACKEND_LOCKFREE;
	o->plugin = NULL;
	if (strchr(text, '/')) {
		o->plugin = text;
		return true;
	}
#define X(id, name)                                                                                                     \
	if (strcmp(text, name) == 0) {                                                                                 \
		o->backend = MS_BACKEND_##id;                                                                          \
		return true;                                                                                           \
	}
	MS_BACKENDS(X)
#undef X
	return false;
}

bool backend_options_check(const struct options *o, char *reason, size_t reason_bytes)
{
	const struct { bool given; const char *option, *why; } rows[] = {
		{o->guard.config.mode != MS_GUARD_OFF, "--guard", "a guard's evidence has to survive the crash that it reports"},
		{o->follow, "--follow", "a child process asks memscope-record for a recording of its own"},
		{o->attach_pid != 0, "--pid", "a running process is recorded from outside"},
		{o->snapshots.rss_bytes || o->snapshots.heap_bytes || o->snapshots.every_ns || o->snapshots.signal, "--snapshot-...",
		 "somebody has to look at the program all the time"},
		{o->cull_ns != 0, "--cull-temporary", "what waits in memory would be lost with a killed program"},
		{o->plugin != NULL, "the path of a shared object", "memscope-record loads it"},
	};

	for (size_t i = 0; o->backend != MS_BACKEND_LOCKFREE && i < sizeof rows / sizeof *rows; i++) {
		if (!rows[i].given)
			continue;
		snprintf(reason, reason_bytes, "--backend=%s cannot be used with %s: %s; only lockfree has a process beside the program",
		         ms_backend_name(o->backend), rows[i].option, rows[i].why);
		return false;
	}
	return true;
}
