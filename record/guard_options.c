#include "guard_options.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "options.h"

#define SAMPLE_RATE 5000u        /* one allocation in so many, unless said otherwise */
#define SAMPLE_RATE_MOST 1000000000ul
#define QUARANTINE_BYTES (UINT64_C(16) << 20)
#define MALLOC_ALIGN 16u

struct word {
	const char *text;
	uint8_t value;
};

static bool pick(const struct word *words, size_t count, const char *text, uint8_t *value)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(words[i].text, text) == 0) {
			*value = words[i].value;
			return true;
		}
	}
	return false;
}
#define PICK(words, text, value) pick(words, sizeof(words) / sizeof *(words), text, value)

void guard_options_init(struct guard_options *g)
{
	*g = (struct guard_options){
		.config = {.min_align = MALLOC_ALIGN, .quarantine_bytes = QUARANTINE_BYTES},
		.graph_at_exit = true,
	};
}

bool guard_options_mode(struct guard_options *g, const char *text, char *reason, size_t reason_bytes)
{
	static const struct word modes[] = {
		{"off", MS_GUARD_OFF}, {"canary", MS_GUARD_CANARY}, {"full", MS_GUARD_FULL}, {"sample", MS_GUARD_SAMPLE},
	};
	unsigned long rate;
	char *end;

	g->config.sample_rate = 0;
	if (strncmp(text, "sample=", 7) == 0) {
		errno = 0;
		rate = strtoul(text + 7, &end, 10);
		if (text[7] < '0' || text[7] > '9' || *end || errno || rate == 0 || rate > SAMPLE_RATE_MOST) {
			snprintf(reason, reason_bytes, "sample=RATE takes a number from 1 to %lu, not '%s'", SAMPLE_RATE_MOST, text + 7);
			return false;
		}
		g->config.mode = MS_GUARD_SAMPLE;
		g->config.sample_rate = (uint32_t)rate;
		return true;
	}
	if (!PICK(modes, text, &g->config.mode)) {
		snprintf(reason, reason_bytes, "takes off, canary, full, sample or sample=RATE, not '%s'", text);
		return false;
	}
	if (g->config.mode == MS_GUARD_SAMPLE)
		g->config.sample_rate = SAMPLE_RATE;
	return true;
}

bool guard_options_side(struct guard_options *g, const char *text, char *reason, size_t reason_bytes)
{
	static const struct word sides[] = {
		{"end", MS_SIDE_END}, {"start", MS_SIDE_START}, {"alternate", MS_SIDE_ALTERNATE}, {"both", MS_SIDE_END},
	};

	g->both_sides = strcmp(text, "both") == 0;
	if (PICK(sides, text, &g->config.side))
		return true;
	snprintf(reason, reason_bytes, "takes end, start, alternate or both, not '%s'", text);
	return false;
}

bool guard_options_on_error(struct guard_options *g, const char *text, char *reason, size_t reason_bytes)
{
	static const struct word actions[] = {{"continue", 0}, {"abort", 1}};

	if (PICK(actions, text, &g->config.on_error))
		return true;
	snprintf(reason, reason_bytes, "takes continue or abort, not '%s'", text);
	return false;
}

bool guard_options_align(struct guard_options *g, const char *text, char *reason, size_t reason_bytes)
{
	static const struct word alignments[] = {{"1", 1}, {"2", 2}, {"4", 4}, {"8", 8}, {"16", 16}};
	uint8_t align;

	if (PICK(alignments, text, &align)) {
		g->config.min_align = align;
		return true;
	}
	snprintf(reason, reason_bytes, "takes 1, 2, 4, 8 or 16 bytes, not '%s'", text);
	return false;
}

bool guard_options_quarantine(struct guard_options *g, const char *text, char *reason, size_t reason_bytes)
{
	if (options_parse_size(text, &g->config.quarantine_bytes))
		return true;
	snprintf(reason, reason_bytes, "takes a number of bytes like 64M, not '%s'", text);
	return false;
}

bool guard_options_interval(struct guard_options *g, const char *text, char *reason, size_t reason_bytes)
{
	char *end;
	double seconds;

	errno = 0;
	seconds = strtod(text, &end);
	if (end != text && !*end && !errno && isfinite(seconds) && seconds >= 0.01 && seconds <= 1e9) {
		g->interval_ns = (uint64_t)(seconds * 1e9);
		return true;
	}
	snprintf(reason, reason_bytes, "takes a number of seconds from 0.01 on, not '%s'", text);
	return false;
}

bool guard_options_graph(struct guard_options *g, const char *text, char *reason, size_t reason_bytes)
{
	static const struct word moments[] = {{"off", 0}, {"exit", 1}};
	uint8_t at_exit;

	if (PICK(moments, text, &at_exit)) {
		g->graph_at_exit = at_exit != 0;
		return true;
	}
	snprintf(reason, reason_bytes, "takes exit or off, not '%s'", text);
	return false;
}

bool guard_options_signal(uint8_t *number, const char *text, char *reason, size_t reason_bytes)
{
	const char *name = strncasecmp(text, "SIG", 3) == 0 ? text + 3 : text;
	char *end;
	long given = strtol(text, &end, 10);

	if (end == text || *end)
		given = 0;
	for (int i = 1; given == 0 && i < NSIG; i++) {
		const char *known = sigabbrev_np(i);

		if (known && strcasecmp(known, name) == 0)
			given = i;
	}
	/* 32 and 33 are the C library's own. */
	if (given > 0 && given < NSIG && given != SIGKILL && given != SIGSTOP && given != 32 && given != 33) {
		*number = (uint8_t)given;
		return true;
	}
	snprintf(reason, reason_bytes, "takes a signal that a program can catch, like USR2, not '%s'", text);
	return false;
}

bool guard_options_check(const struct guard_options *g, char *reason, size_t reason_bytes)
{
	bool pages = g->config.mode == MS_GUARD_FULL || g->config.mode == MS_GUARD_SAMPLE;

	if (g->both_sides && g->config.mode != MS_GUARD_FULL)
		snprintf(reason, reason_bytes, "--guard-side=both needs --guard=full");
	else if (g->config.side != MS_SIDE_END && !pages)
		snprintf(reason, reason_bytes, "--guard-side needs --guard=full or --guard=sample");
	else if (g->config.min_align != MALLOC_ALIGN && g->config.mode != MS_GUARD_FULL)
		snprintf(reason, reason_bytes, "--guard-align needs --guard=full");
	else if (g->config.quarantine_bytes != QUARANTINE_BYTES && g->config.mode == MS_GUARD_OFF)
		snprintf(reason, reason_bytes, "--guard-quarantine needs --guard");
	else if ((g->interval_ns || g->config.check_signal || g->config.on_error) && g->config.mode == MS_GUARD_OFF)
		snprintf(reason, reason_bytes, "--guard-interval, --guard-signal and --on-error need --guard");
	else if (g->config.check_signal && g->config.check_signal == g->graph_signal)
		snprintf(reason, reason_bytes, "--guard-signal and --graph-signal must differ");
	else
		return true;
	return false;
}
