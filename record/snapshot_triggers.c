/* snapshot_triggers.c - see snapshot_triggers.h. */
#include "snapshot_triggers.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guard_options.h"
#include "options.h"

bool snapshot_parse_every(uint64_t *ns, const char *text, char *reason, size_t reason_bytes)
{
	if (options_parse_time(text, SNAPSHOT_EVERY_LEAST_NS, ns))
		return true;
	snprintf(reason, reason_bytes, "takes a time from 50ms on, like 10s, 500ms, 5min or 1h, not '%s'", text);
	return false;
}

bool snapshot_parse_signal(uint8_t *number, const char *text, char *reason, size_t reason_bytes)
{
	static const int meant_for_the_program[] = {
		SIGCHLD, SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGCONT, SIGTSTP, SIGTTIN, SIGTTOU, SIGWINCH, SIGPIPE, SIGXFSZ,
		SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGSYS,
	};

	if (!guard_options_signal(number, text, reason, reason_bytes))
		return false;
	for (size_t i = 0; i < sizeof meant_for_the_program / sizeof *meant_for_the_program; i++)
		if (*number == meant_for_the_program[i]) {
			snprintf(reason, reason_bytes, "takes a signal that has no other meaning for memscope-record, like USR1, not '%s'", text);
			return false;
		}
	return true;
}

void snapshot_level_init(struct snapshot_level *l, const char *what, uint64_t bytes)
{
	*l = (struct snapshot_level){.what = what, .base = bytes, .next = bytes ? bytes : UINT64_MAX, .round = 1};
}

static const char *size_text(uint64_t bytes, char *text, size_t room)
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	unsigned u = 0;

	for (; bytes % 1024 == 0 && u + 1 < sizeof units / sizeof *units; u++)
		bytes /= 1024;
	snprintf(text, room, "%" PRIu64 "%s", bytes, units[u]);
	return text;
}

bool snapshot_level_rose(struct snapshot_level *l, uint64_t value, char name[SNAPSHOT_NAME])
{
	uint64_t reached = l->next;
	char size[32];

	if (value < l->next || l->next == UINT64_MAX)
		return false;
	while (reached <= value / 2)
		reached *= 2;
	l->next = reached > UINT64_MAX / 2 ? UINT64_MAX : reached * 2;
	if (l->round == 1)
		snprintf(name, SNAPSHOT_NAME, "%s-%s", l->what, size_text(reached, size, sizeof size));
	else
		snprintf(name, SNAPSHOT_NAME, "%s-%s-%" PRIu32, l->what, size_text(reached, size, sizeof size), l->round);
	return true;
}

void snapshot_level_fell(struct snapshot_level *l, uint64_t value)
{
	if (l->base == 0 || l->next == l->base || value >= l->base - l->base / 4)
		return;
	l->next = l->base;
	l->round++;
}
