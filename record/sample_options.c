#include "sample_options.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"

#define BILLION 1000000000u
#define BYTES_MOST (UINT64_C(1) << 40)

static void set_rate(struct sample_options *s, uint32_t per_billion)
{
	s->config.sampling = per_billion == BILLION ? MS_SAMPLING_ALL : MS_SAMPLING_PER_UNIT;
	s->config.per_billion = per_billion == BILLION ? 0 : per_billion;
	s->config.bytes = 0;
}

bool sample_options_preset(struct sample_options *s, const char *text, char *reason, size_t reason_bytes)
{
	static const struct {
		const char *name;
		uint32_t per_billion;
		bool graph;
	} presets[] = {{"demo", BILLION / 10, true}, {"full", BILLION, true}, {"high_performance", BILLION / 100, false}};

	for (size_t i = 0; i < sizeof presets / sizeof *presets; i++) {
		if (strcmp(presets[i].name, text) == 0) {
			set_rate(s, presets[i].per_billion);
			s->preset = presets[i].name;
			s->graph = presets[i].graph;
			return true;
		}
	}
	snprintf(reason, reason_bytes, "takes 'demo', 'full' or 'high_performance', not '%s'", text);
	return false;
}

bool sample_options_rate(struct sample_options *s, const char *text, char *reason, size_t reason_bytes)
{
	double rate;
	char *end;

	errno = 0;
	rate = strtod(text, &end);
	if (end != text && strcmp(end, "%") == 0) {
		rate /= 100;
		end++;
	}
	/* Written so that a NaN is refused. */
	if (((text[0] < '0' || text[0] > '9') && text[0] != '.') || *end || errno || !(rate >= 0.5 / BILLION && rate <= 1)) {
		snprintf(reason, reason_bytes, "takes a probability from 0.000000001 to 1, like 0.01 or 1%%, not '%.40s'", text);
		return false;
	}
	set_rate(s, (uint32_t)lround(rate * BILLION));
	return true;
}

bool sample_options_bytes(struct sample_options *s, const char *text, char *reason, size_t reason_bytes)
{
	uint64_t bytes;

	if (!options_parse_size(text, &bytes) || bytes > BYTES_MOST) {
		snprintf(reason, reason_bytes, "takes a number of bytes like 4096 or 512K, at most 1024G, not '%.40s'", text);
		return false;
	}
	set_rate(s, BILLION);
	if (bytes > 1) {
		s->config.sampling = MS_SAMPLING_PER_BYTE;
		s->config.bytes = bytes;
	}
	return true;
}

bool sample_options_seed(struct sample_options *s, const char *text, char *reason, size_t reason_bytes)
{
	char *end;

	errno = 0;
	s->config.seed = strtoull(text, &end, 10);
	s->seeded = true;
	if (text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0)
		return true;
	snprintf(reason, reason_bytes, "takes a number below 2^64, not '%.40s'", text);
	return false;
}

bool sample_options_check(const struct sample_options *s, bool guarded, char *reason, size_t reason_bytes)
{
	bool sampled = s->config.sampling != MS_SAMPLING_ALL;

	if (s->seeded && !sampled)
		snprintf(reason, reason_bytes, "--sample-seed is for a sample: --sample-rate, --sample-bytes or a preset that takes one");
	else if (sampled && guarded)
		snprintf(reason, reason_bytes, "--guard finds errors of blocks that were recorded: it does not go together with a sample");
	else
		return true;
	return false;
}
