/* inside_config.c - see inside/inside_config.h. */
#include "inside/inside_config.h"

#include <string.h>

#include "recording.h"

struct ms_inside_config *ms_inside_config_of(struct ms_arena_header *header)
{
	return (struct ms_inside_config *)(void *)((char *)header + header->inside_offset);
}

static void copy_text(char *to, size_t room, const char *from)
{
	size_t length = strlen(from);

	if (length > room - 1)
		length = room - 1;
	memcpy(to, from, length);
	to[length] = '\0';
}

void ms_inside_config_fill(struct recording *r, const char *path)
{
	struct ms_inside_config *c = ms_inside_config_of(r->arena.header);
	size_t used = 0;

	c->bytes = sizeof *c;
	c->geometry = r->arena.geometry;
	c->arena_bytes = r->arena.bytes;
	c->rings_offset = r->arena.rings_offset;
	c->start = (struct tick_pair){r->clock.start_ticks, r->clock.start_mono_ns};
	c->start_unix_ns = r->start_unix_ns;
	c->options = *r->options;
	copy_text(c->reason, sizeof c->reason, r->options->backend_reason);
	copy_text(c->preset, sizeof c->preset, r->options->sample.preset ? r->options->sample.preset : "");
	copy_text(c->path, sizeof c->path, path);
	for (size_t i = 0; i < r->options->given_count; i++) {
		size_t bytes = strlen(r->options->given[i]) + 1;

		if (used + bytes > sizeof c->given)
			break;
		memcpy(c->given + used, r->options->given[i], bytes);
		used += bytes;
		c->given_count++;
	}
}
