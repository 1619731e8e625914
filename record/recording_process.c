/* recording_process.c - see recording_process.h. */
#include "recording_process.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "backends.h"
#include "format/version.h"

/* What the app says, checked. The names are kept in names. */
static size_t read_direct(const struct ms_arena_header *h, struct ms_direct_allocator list[MS_DIRECT_ENTRIES],
                          char names[MS_DIRECT_ENTRIES][sizeof h->direct->module + 1])
{
	uint32_t count = h->direct_count, n = 0;

	for (uint32_t i = 0; i < count && i < MS_DIRECT_ENTRIES; i++) {
		struct ms_direct_entry e = h->direct[i];

		if (e.state >= MS_DIRECT_STATE_COUNT || e.family >= MS_DIRECT_FAMILIES)
			continue;
		memcpy(names[n], e.module, sizeof e.module);
		names[n][sizeof e.module] = '\0';
		list[n] = (struct ms_direct_allocator){
			.module = names[n], .executable = e.executable != 0, .family = e.family, .state = e.state, .functions = e.functions,
		};
		n++;
	}
	return n;
}

int recording_write_process(struct recording *r)
{
	struct ms_direct_allocator direct[MS_DIRECT_ENTRIES];
	char names[MS_DIRECT_ENTRIES][sizeof r->arena.header->direct->module + 1];
	size_t direct_count = read_direct(r->arena.header, direct, names);
	char directory[4096], kernel[sizeof(struct utsname)], allocator[sizeof r->arena.header->allocator + 1] = "";
	struct utsname u;

	memset(&u, 0, sizeof u);
	uname(&u);
	snprintf(kernel, sizeof kernel, "%s %s", u.sysname, u.release);
	if (r->facts.directory)
		snprintf(directory, sizeof directory, "%s", r->facts.directory);
	else if (!getcwd(directory, sizeof directory))
		directory[0] = '\0';
	memcpy(allocator, r->arena.header->allocator, sizeof allocator - 1);
	return ms_writer_process(r->writer, &(struct ms_process){
		.command = r->facts.command,
		.command_count = r->facts.command_count,
		.executable = r->facts.executable,
		.working_directory = directory,
		.host = u.nodename,
		.kernel = kernel,
		.architecture = u.machine,
		.recorder = r->facts.recorder ? r->facts.recorder : "memscope-record " MS_VERSION,
		.allocator = allocator,
		.options = (const char *const *)r->options->given,
		.options_count = r->options->given_count,
		.pid = (uint32_t)r->facts.pid,
		.parent_pid = (uint32_t)r->facts.parent_pid,
		.page_size_bytes = (uint32_t)sysconf(_SC_PAGESIZE),
		.stack_depth_limit = r->options->stack_depth,
		.start_time_unix_ns = r->start_unix_ns,
		.clock_hz = tick_clock_hz(&r->clock),
		.max_size_bytes = r->options->max_size_bytes,
		.clock = r->clock.source == MS_CLOCK_TSC ? MS_CLOCK_SOURCE_TSC : MS_CLOCK_SOURCE_MONOTONIC,
		.on_full = r->options->drop ? MS_ON_FULL_DROP : MS_ON_FULL_BLOCK,
		.free_stacks = r->options->free_stacks,
		.inherited_heap = r->facts.inherited_heap,
		.direct = direct,
		.direct_count = direct_count,
		.guard = r->options->guard.config.mode,
		.guard_side = r->options->guard.config.side,
		.guard_sample_rate = r->options->guard.config.sample_rate,
		.companion = r->facts.companion,
		.graph_at_exit = r->options->guard.graph_at_exit && !r->facts.attached,
		.monitor_interval_ns = r->monitor ? r->options->monitor_ns : 0,
		.capture = {
			.attached = r->facts.attached,
			.backend = r->options->plugin ? r->options->plugin : ms_backend_name(r->options->backend),
			.backend_reason = r->options->backend_reason,
			.preset = r->options->sample.preset,
			.sampling = r->arena.header->sample.sampling,
			.sample_per_billion = r->options->sample.config.per_billion,
			.sample_bytes = r->options->sample.config.bytes,
			.sample_seed = r->options->sample.config.seed,
			.cull_ns = r->options->cull_ns,
		},
	}, &r->error);
}
