#include "options.h"

#include <argp.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control_client.h"
#include "format/version.h"
#include "backend_options.h"
#include "trace_output.h"

#define DEFAULT_OUTPUT "memscope.%e.%p.ms"
#define DEFAULT_MONITOR_NS UINT64_C(100000000)
#define MONITOR_MAX_MS 3600000
#define CULL_MAX_MS 3600000
#define DURATION_LEAST_NS UINT64_C(10000000)

enum {
	KEY_FOLLOW = 256, KEY_STACK_DEPTH, KEY_FREE_STACKS, KEY_LEVEL, KEY_MAX_SIZE, KEY_ON_FULL, KEY_NO_SYMBOLS, KEY_DEBUGINFOD,
	KEY_DISCARD, KEY_NO_STACKS, KEY_BACKEND, KEY_USAGE, KEY_GUARD, KEY_GUARD_SIDE, KEY_GUARD_ALIGN, KEY_GUARD_QUARANTINE, KEY_GUARD_SIGNAL,
	KEY_GUARD_INTERVAL, KEY_ON_ERROR, KEY_GRAPH, KEY_GRAPH_SIGNAL, KEY_MONITOR, KEY_CULL, KEY_CONTROL, KEY_SNAPSHOT_HEAP, KEY_SNAPSHOT_RSS, KEY_SNAPSHOT_EVERY,
	KEY_SNAPSHOT_SIGNAL, KEY_AUTO_EXPORT, KEY_DURATION,
	KEY_PRESET, KEY_SAMPLE_RATE, KEY_SAMPLE_BYTES, KEY_SAMPLE_SEED,
};

static const struct argp_option table[] = {
	{"output", 'o', "FILE", 0,
	 "Write the trace to FILE (default " DEFAULT_OUTPUT "). %p is the process id, %e the program's name, %h the host, "
	 "%t the time in seconds since 1970, %% a percent sign", 0},
	{"quiet", 'q', NULL, 0, "No summary line at the end", 0},
	{"verbose", 'v', NULL, 0, "More about the recording at its end", 0},
	{"follow", KEY_FOLLOW, NULL, 0,
	 "Record child processes too, each into a file of its own (.PID is appended when FILE has no %p)", 1},
	{"pid", 'p', "PID", 0,
	 "Record the process PID, which runs already: from now on, until it ends, --duration is over or memscope-record is interrupted. "
	 "Blocks from before are not known", 1},
	{"duration", KEY_DURATION, "TIME", 0, "With --pid: record for so long (30s, 500ms, 5min, 1h), then leave the process alone", 1},
	{"stack-depth", KEY_STACK_DEPTH, "N", 0, "Keep the N innermost frames of a stack (default 0: all)", 1},
	{"free-stacks", KEY_FREE_STACKS, NULL, 0, "Record the stack of every free, too", 1},
	{"on-full", KEY_ON_FULL, "block|drop", 0,
	 "When the program allocates faster than the trace can be written: let it wait, or drop events and count them "
	 "(default block)", 1},
	{"backend", KEY_BACKEND, "NAME", 0,
	 "Who takes the events out of the program: lockfree (default) a process beside it; core the program's own threads, async a thread inside "
	 "it, unified one of these two as it pays. NAME with a slash: lockfree, and the shared object NAME gets the events, too", 1},
	{"monitor", KEY_MONITOR, "MS|off", 0,
	 "Look at the process every MS milliseconds (default 100): resident memory, CPU, faults, context switches, input and "
	 "output, network, control group, GPUs (NVML); less often when looking takes long", 1},
	{NULL, 0, NULL, 0, "Memory errors and leaks:", 2},
	{"guard", KEY_GUARD, "MODE", 0,
	 "Find memory errors. canary: redzones around blocks, quarantine for freed ones, bounds of libc calls; full: every block "
	 "against a protected page, so that the faulting instruction is caught; sample[=RATE]: the full mode for one allocation "
	 "in RATE (default 5000)", 2},
	{"guard-side", KEY_GUARD_SIDE, "SIDE", 0,
	 "Full and sample mode: protect the end of blocks (default), their start, alternate, or both: the full mode runs the "
	 "program twice and writes a second trace (FILE with .start before its extension), which memscope-analyze FILE takes in", 2},
	{"guard-align", KEY_GUARD_ALIGN, "N", 0,
	 "Full mode: align blocks to N bytes at least (default 16, as malloc promises; 1: by their size, so that odd sizes end exactly at the "
	 "page, for programs that do not rely on more)", 2},
	{"guard-quarantine", KEY_GUARD_QUARANTINE, "BYTES", 0, "Hold back that much freed memory, suffixes K, M, G (default 16M)", 2},
	{"guard-signal", KEY_GUARD_SIGNAL, "SIGNAL", 0, "Check all blocks when the program gets SIGNAL", 2},
	{"guard-interval", KEY_GUARD_INTERVAL, "SECONDS", 0,
	 "Check all blocks every so often (by the next allocation after that time)", 2},
	{"on-error", KEY_ON_ERROR, "continue|abort", 0,
	 "After a memory error let the program go on (default), or abort it", 2},
	{"graph", KEY_GRAPH, "exit|off", 0,
	 "When the program exits, record which block is pointed to from where, for leaks and for who holds what (default exit)", 2},
	{"graph-signal", KEY_GRAPH_SIGNAL, "SIGNAL", 0, "Record that also when the program gets SIGNAL", 2},
	{NULL, 0, NULL, 0, "The trace file:", 3},
	{"level", KEY_LEVEL, "N", 0, "Compression level, 1 (fast) to 19 (small); default 3", 3},
	{"max-size", KEY_MAX_SIZE, "BYTES", 0, "Stop recording when FILE gets larger; suffixes K, M, G", 3},
	{"cull-temporary", KEY_CULL, "MS", 0,
	 "Leave blocks out that are freed within MS milliseconds of their birth: they are summed up by stack. Small traces for week-long leak hunts; not "
	 "with --guard or a sample", 3},
	{"no-symbols", KEY_NO_SYMBOLS, NULL, 0, "Leave names out; memscope-trace symbolize adds them later", 3},
	{"debuginfod", KEY_DEBUGINFOD, NULL, 0, "Fetch missing debug information from the servers in $DEBUGINFOD_URLS", 3},
	{"auto-export", KEY_AUTO_EXPORT, "FORMATS=DIR", 0,
	 "When the recording has ended let memscope-analyze write reports into DIR, named after the trace: a list of text, json, html, plots and kinds of "
	 "its --export, as in json,html=reports; the exit status stays that of PROGRAM", 3},
	{NULL, 0, NULL, 0, "Snapshots, for --at snapshot:NAME:", 4},
	{"snapshot-heap", KEY_SNAPSHOT_HEAP, "SIZE", 0,
	 "One when live bytes reach SIZE (suffixes K, M, G), and at each doubling; armed again below three quarters of SIZE", 4},
	{"snapshot-rss", KEY_SNAPSHOT_RSS, "SIZE", 0, "The same for resident memory, as --monitor samples it", 4},
	{"snapshot-every", KEY_SNAPSHOT_EVERY, "TIME", 0, "One every TIME: 10s, 500ms, 5min, 1h", 4},
	{"snapshot-signal", KEY_SNAPSHOT_SIGNAL, "SIGNAL", 0,
	 "One when memscope-record itself gets SIGNAL, like USR1, which the program then does not get", 4},
	{NULL, 0, NULL, 0, "A recording that runs:", 5},
	{"control", KEY_CONTROL, "FILE", 0,
	 "Instead of recording: ask the recorder that writes FILE. COMMAND is pause, resume, snapshot [NAME], mark TEXT, stop (the trace is "
	 "completed, the program goes on) or status", 5},
	{NULL, 0, NULL, 0, "A sample instead of everything (reports then estimate, and say how well):", 6},
	{"preset", KEY_PRESET, "NAME", 0,
	 "demo: 10 % of the allocations; high_performance: 1 %, and no heap graph at the exit; full: all of them, with stacks. Options behind it change what it says", 6},
	{"sample-rate", KEY_SAMPLE_RATE, "R", 0, "Record each allocation with probability R, a number like 0.01 or 1%, at most 1; larger ones with more: one of n KiB as if it were 1 + n/4", 6},
	{"sample-bytes", KEY_SAMPLE_BYTES, "N", 0,
	 "Record one byte in N on average, suffixes K, M, G, and the blocks that such a byte lies in: the larger a block, the more "
	 "likely it is recorded, those much larger than N always", 6},
	{"sample-seed", KEY_SAMPLE_SEED, "S", 0, "Draw as seed S does (default 0): the same thread draws the same way again", 6},
	{"discard", KEY_DISCARD, NULL, OPTION_HIDDEN, "Throw every event away (benchmarks)", 7},
	{"no-stacks", KEY_NO_STACKS, NULL, OPTION_HIDDEN, "Do not unwind (benchmarks)", 7},
	{"help", 'h', NULL, 0, "Print this help", -1},
	{"usage", KEY_USAGE, NULL, OPTION_HIDDEN, "Print a short usage message", -1},
	{"version", 'V', NULL, 0, "Print the version", -1},
	{0},
};

bool options_parse_time(const char *text, uint64_t least_ns, uint64_t *ns)
{
	static const struct { const char *name; double ns; } units[] = {
		{"", 1e9}, {"s", 1e9}, {"ms", 1e6}, {"min", 60e9}, {"h", 3600e9},
	};
	char *end;
	double value;

	errno = 0;
	value = strtod(text, &end);
	for (size_t i = 0; text[0] >= '0' && text[0] <= '9' && errno == 0 && isfinite(value) && i < sizeof units / sizeof *units; i++)
		if (strcmp(end, units[i].name) == 0 && value * units[i].ns >= (double)least_ns && value * units[i].ns < 1e18) {
			*ns = (uint64_t)(value * units[i].ns);
			return true;
		}
	return false;
}

bool options_parse_size(const char *text, uint64_t *bytes)
{
	static const struct { char suffix; unsigned shift; } suffixes[] = {{'K', 10}, {'M', 20}, {'G', 30}};
	unsigned long long n;
	unsigned shift = 0;
	char *end;

	if (text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	n = strtoull(text, &end, 10);
	if (errno != 0 || n == 0)
		return false;
	for (size_t i = 0; *end && i < sizeof suffixes / sizeof *suffixes; i++) {
		if ((end[0] & ~0x20) == suffixes[i].suffix && (end[1] == '\0' || strcmp(end + 1, "iB") == 0)) {
			shift = suffixes[i].shift;
			end += strlen(end);
		}
	}
	if (*end || n > UINT64_MAX >> shift)
		return false;
	*bytes = (uint64_t)n << shift;
	return true;
}

static bool parse_number(const char *text, unsigned long least, unsigned long most, unsigned long *number)
{
	char *end;

	if (text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	*number = strtoul(text, &end, 10);
	return errno == 0 && *end == '\0' && *number >= least && *number <= most;
}

/* What cannot be had in a process that runs already. */
static bool attach_options_check(const struct options *o, char *reason, size_t bytes)
{
	const struct { bool given; const char *what, *why; } bad[] = {
		{o->program != NULL, "a program to start", "the process runs already"},
		{o->control != NULL, "--control", "a trace is named there"},
		{o->guard.config.mode != MS_GUARD_OFF, "--guard", "blocks that exist have no guard"},
		{o->follow, "--follow", "children are not recorded"},
		{o->guard.graph_signal != 0, "--graph-signal", "the heap from before is not known"},
	};

	if (!o->attach_pid) {
		if (o->duration_ns)
			snprintf(reason, bytes, "--duration is for --pid");
		return !o->duration_ns;
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		if (bad[i].given) {
			snprintf(reason, bytes, "--pid does not go with %s: %s", bad[i].what, bad[i].why);
			return false;
		}
	}
	return true;
}

static error_t refuse(struct argp_state *state, const char *option, const char *reason)
{
	argp_error(state, "--%s: %s", option, reason);
	return EINVAL;
}

static error_t parse_one(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;
	unsigned long number;
	char reason[160];

	switch (key) {
	case 'o':
		if (!output_pattern_valid(arg, reason, sizeof reason)) {
			argp_error(state, "--output: %s", reason);
			return EINVAL;
		}
		o->output = arg;
		return 0;
	case 'q':
		o->quiet = true;
		return 0;
	case 'v':
		o->verbose++;
		return 0;
	case 'p':
		if (!parse_number(arg, 1, INT32_MAX, &number)) {
			argp_error(state, "--pid takes the number of a process, not '%s'", arg);
			return EINVAL;
		}
		o->attach_pid = (pid_t)number;
		return 0;
	case KEY_DURATION:
		if (!options_parse_time(arg, DURATION_LEAST_NS, &o->duration_ns)) {
			argp_error(state, "--duration takes a time from 10ms on, like 30, 30s, 500ms, 5min or 1h, not '%s'", arg);
			return EINVAL;
		}
		return 0;
	case KEY_FOLLOW:
		o->follow = true;
		return 0;
	case KEY_FREE_STACKS:
		o->free_stacks = true;
		return 0;
	case KEY_GUARD:
		return guard_options_mode(&o->guard, arg, reason, sizeof reason) ? 0 : refuse(state, "guard", reason);
	case KEY_GUARD_SIDE:
		return guard_options_side(&o->guard, arg, reason, sizeof reason) ? 0 : refuse(state, "guard-side", reason);
	case KEY_GUARD_ALIGN:
		return guard_options_align(&o->guard, arg, reason, sizeof reason) ? 0 : refuse(state, "guard-align", reason);
	case KEY_GUARD_QUARANTINE:
		return guard_options_quarantine(&o->guard, arg, reason, sizeof reason) ? 0 : refuse(state, "guard-quarantine", reason);
	case KEY_GUARD_SIGNAL:
		return guard_options_signal(&o->guard.config.check_signal, arg, reason, sizeof reason) ? 0 :
		       refuse(state, "guard-signal", reason);
	case KEY_GUARD_INTERVAL:
		return guard_options_interval(&o->guard, arg, reason, sizeof reason) ? 0 : refuse(state, "guard-interval", reason);
	case KEY_ON_ERROR:
		return guard_options_on_error(&o->guard, arg, reason, sizeof reason) ? 0 : refuse(state, "on-error", reason);
	case KEY_GRAPH:
		return guard_options_graph(&o->guard, arg, reason, sizeof reason) ? 0 : refuse(state, "graph", reason);
	case KEY_GRAPH_SIGNAL:
		return guard_options_signal(&o->guard.graph_signal, arg, reason, sizeof reason) ? 0 :
		       refuse(state, "graph-signal", reason);
	case KEY_PRESET:
		if (!sample_options_preset(&o->sample, arg, reason, sizeof reason))
			return refuse(state, "preset", reason);
		o->guard.graph_at_exit = o->sample.graph;
		return 0;
	case KEY_SAMPLE_RATE:
		return sample_options_rate(&o->sample, arg, reason, sizeof reason) ? 0 : refuse(state, "sample-rate", reason);
	case KEY_SAMPLE_BYTES:
		return sample_options_bytes(&o->sample, arg, reason, sizeof reason) ? 0 : refuse(state, "sample-bytes", reason);
	case KEY_SAMPLE_SEED:
		return sample_options_seed(&o->sample, arg, reason, sizeof reason) ? 0 : refuse(state, "sample-seed", reason);
	case KEY_NO_SYMBOLS:
		o->no_symbols = true;
		return 0;
	case KEY_DEBUGINFOD:
		o->debuginfod = true;
		return 0;
	case KEY_BACKEND:
		if (!backend_options_name(o, arg)) {
			argp_error(state, "--backend takes lockfree, core, async, unified or the path of a shared object, not '%s'", arg);
			return EINVAL;
		}
		return 0;
	case KEY_DISCARD:
		o->discard = true;
		return 0;
	case KEY_NO_STACKS:
		o->no_stacks = true;
		return 0;
	case KEY_STACK_DEPTH:
		if (!parse_number(arg, 0, UINT32_MAX, &number)) {
			argp_error(state, "--stack-depth takes a number of frames, not '%s'", arg);
			return EINVAL;
		}
		o->stack_depth = (uint32_t)number;
		return 0;
	case KEY_MONITOR:
		if (strcmp(arg, "off") == 0) {
			o->monitor_ns = 0;
			return 0;
		}
		if (!parse_number(arg, 1, MONITOR_MAX_MS, &number)) {
			argp_error(state, "--monitor takes a number of milliseconds from 1 to %d, or 'off', not '%s'", MONITOR_MAX_MS, arg);
			return EINVAL;
		}
		o->monitor_ns = (uint64_t)number * 1000000;
		return 0;
	case KEY_CULL:
		if (!parse_number(arg, 1, CULL_MAX_MS, &number)) {
			argp_error(state, "--cull-temporary takes a number of milliseconds from 1 to %d, not '%s'", CULL_MAX_MS, arg);
			return EINVAL;
		}
		o->cull_ns = (uint64_t)number * 1000000;
		return 0;
	case KEY_LEVEL:
		if (!parse_number(arg, 1, 19, &number)) {
			argp_error(state, "--level takes a number from 1 to 19, not '%s'", arg);
			return EINVAL;
		}
		o->level = (int)number;
		return 0;
	case KEY_MAX_SIZE:
		if (!options_parse_size(arg, &o->max_size_bytes)) {
			argp_error(state, "--max-size takes a number of bytes like 500M or 2G, not '%s'", arg);
			return EINVAL;
		}
		return 0;
	case KEY_ON_FULL:
		if (strcmp(arg, "block") != 0 && strcmp(arg, "drop") != 0) {
			argp_error(state, "--on-full takes 'block' or 'drop', not '%s'", arg);
			return EINVAL;
		}
		o->drop = strcmp(arg, "drop") == 0;
		return 0;
	case KEY_SNAPSHOT_HEAP:
	case KEY_SNAPSHOT_RSS:
		if (!options_parse_size(arg, key == KEY_SNAPSHOT_HEAP ? &o->snapshots.heap_bytes : &o->snapshots.rss_bytes)) {
			argp_error(state, "--snapshot-%s takes a number of bytes like 500M or 2G, not '%s'", key == KEY_SNAPSHOT_HEAP ? "heap" : "rss", arg);
			return EINVAL;
		}
		return 0;
	case KEY_SNAPSHOT_EVERY:
		return snapshot_parse_every(&o->snapshots.every_ns, arg, reason, sizeof reason) ? 0 : refuse(state, "snapshot-every", reason);
	case KEY_SNAPSHOT_SIGNAL:
		return snapshot_parse_signal(&o->snapshots.signal, arg, reason, sizeof reason) ? 0 : refuse(state, "snapshot-signal", reason);
	case KEY_AUTO_EXPORT:
		o->auto_export = arg;
		return 0;
	case KEY_CONTROL:
		o->control = arg;
		return 0;
	case 'h':
		argp_state_help(state, stdout, ARGP_HELP_STD_HELP);
		return 0;
	case KEY_USAGE:
		argp_state_help(state, stdout, ARGP_HELP_USAGE | ARGP_HELP_EXIT_OK);
		return 0;
	case 'V':
		puts("memscope-record " MS_VERSION);
		exit(0);
	case ARGP_KEY_ARG: /* the first argument that is not an option: the rest is the program's */
		o->program = state->argv + state->next - 1;
		o->given_count = (size_t)(state->next - 2);
		if (o->given_count > 0 && strcmp(o->given[o->given_count - 1], "--") == 0)
			o->given_count--;
		state->next = state->argc;
		return 0;
	case ARGP_KEY_NO_ARGS:
		if (o->control || o->attach_pid)
			return 0;
		argp_error(state, "which program shall be recorded?");
		return EINVAL;
	case ARGP_KEY_SUCCESS:
		if (o->control && !control_words_valid(o->program, reason, sizeof reason)) {
			argp_error(state, "%s", reason);
			return EINVAL;
		}
		if (!attach_options_check(o, reason, sizeof reason)) {
			argp_error(state, "%s", reason);
			return EINVAL;
		}
		if (o->snapshots.rss_bytes && !o->monitor_ns) {
			argp_error(state, "--snapshot-rss needs the samples of --monitor");
			return EINVAL;
		}
		if (!guard_options_check(&o->guard, reason, sizeof reason) ||
		    !sample_options_check(&o->sample, o->guard.config.mode != MS_GUARD_OFF, reason, sizeof reason)) {
			argp_error(state, "%s", reason);
			return EINVAL;
		}
		if (o->cull_ns && o->guard.config.mode != MS_GUARD_OFF) {
			argp_error(state, "--cull-temporary leaves out blocks that findings of --guard would name: one or the other");
			return EINVAL;
		}
		if (o->cull_ns && o->sample.config.sampling != MS_SAMPLING_ALL) {
			argp_error(state, "--cull-temporary sums up every block, a sample has some of them: one or the other");
			return EINVAL;
		}
		if (!backend_options_check(o, reason, sizeof reason)) {
			argp_error(state, "%s", reason);
			return EINVAL;
		}
		/* A finding has three stacks; the sampled blocks bring theirs by themselves. */
		if (o->guard.config.mode == MS_GUARD_CANARY || o->guard.config.mode == MS_GUARD_FULL)
			o->free_stacks = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

int options_parse(int argc, char **argv, unsigned flags, struct options *o)
{
	static const struct argp argp = {
		.options = table,
		.parser = parse_one,
		.args_doc = "PROGRAM [ARGUMENT...]\n--pid=PID\n--control=FILE COMMAND [TEXT]",
		.doc = "Run PROGRAM and record every allocation, free and mapping that it makes, with time, thread and stack, "
		       "into a trace file for memscope-analyze.\v"
		       "The exit status is that of PROGRAM, 128+N when signal N killed it; 127 when it was not found, 126 when it "
		       "could not be executed, 125 when memscope-record itself failed. With --control: 0 when it was done, else 125. With --pid: 0 when the process was recorded, 127 when "
		       "there is none, 126 when it cannot be recorded so.",
	};

	*o = (struct options){.output = DEFAULT_OUTPUT, .given = argv + 1, .monitor_ns = DEFAULT_MONITOR_NS};
	o->backend_reason = "the default";
	guard_options_init(&o->guard);
	argp_err_exit_status = MS_EXIT_FAILURE;
	return argp_parse(&argp, argc, argv, flags | ARGP_IN_ORDER | ARGP_NO_HELP, NULL, o);
}
