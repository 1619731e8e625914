/*
 * options.h - the command line of memscope-record.
 *
 * options_parse stops at the first argument that is not an option: that is the program. The strings are borrowed from
 * argv. --help and --version print to stdout and exit 0; a usage error prints to stderr and exits 125
 * (MS_EXIT_FAILURE), unless flags has ARGP_NO_EXIT, then errno values are returned.
 * Thread-safety: none (argp). Not signal-safe.
 */
#ifndef MS_RECORD_OPTIONS_H
#define MS_RECORD_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "guard_options.h"
#include "snapshot_triggers.h"
#include "sample_options.h"

enum {
	MS_EXIT_FAILURE = 125,           /* memscope-record itself failed */
	MS_EXIT_NOT_EXECUTABLE = 126,
	MS_EXIT_NOT_FOUND = 127,
};

struct options {
	const char *output;              /* pattern */
	bool quiet, follow, free_stacks, drop, no_symbols, debuginfod;
	bool discard, no_stacks;         /* bench only */
	int verbose;
	int level;                       /* zstd, 1..19; 0 = the default of the format */
	uint32_t stack_depth;            /* 0 = unlimited */
	uint64_t max_size_bytes;         /* 0 = unlimited */
	uint64_t monitor_ns;             /* the process is sampled that often; 0 = not at all */
	uint64_t cull_ns;                /* blocks freed within that time are summed up, not written; 0 = all are written */
	struct guard_options guard;
	struct snapshot_options snapshots;
	const char *auto_export;         /* FORMATS=DIR; NULL = not */
	const char *control;             /* trace whose recorder is asked for something; program is what: control_client.h */
	struct sample_options sample;
	pid_t attach_pid;                /* a process that runs already is recorded; 0 = a program is started */
	uint64_t duration_ns;            /* attached: for so long; 0 = until somebody ends it */
	uint32_t backend;                /* enum ms_backend */
	const char *backend_reason;      /* why it is that one; never NULL */
	const char *plugin;              /* path of a shared object that gets the events, too; NULL = none */
	char **program;                  /* NULL-terminated: the program and its arguments */
	char **given;                    /* the options as given: argv + 1 .. */
	size_t given_count;
};

int options_parse(int argc, char **argv, unsigned flags, struct options *o);

/* "123", "4K", "5M", "6G" (powers of 1024) to bytes; false when it is not of that form, 0 or does not fit. */
bool options_parse_size(const char *text, uint64_t *bytes);
/* "10s", "250ms", "5min", "1h", "30" (seconds) to nanoseconds; false when it is not of that form, or less than least_ns. */
bool options_parse_time(const char *text, uint64_t least_ns, uint64_t *ns);

#endif
