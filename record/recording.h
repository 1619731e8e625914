/*
 * recording.h - one recording from its first byte to its last: arena, clock, merge, trace file.
 *
 * Order of calls: recording_prepare (before the program exists), recording_open, recording_poll again and again,
 * recording_drain, recording_symbolize and recording_end when the program is gone (record/ending.h calls them),
 * recording_free. A recording whose file cannot be written any more (full
 * disk, --max-size) stops the hooks of the program and stays alive as an empty shell; nothing of it disturbs the
 * program.
 *
 * Ownership: struct recording owns everything that it opens; facts are borrowed until recording_free.
 * Errors: enum ms_status with a message. Thread-safety: one thread. Not signal-safe.
 */
#ifndef MS_RECORD_RECORDING_H
#define MS_RECORD_RECORDING_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "app_process.h"
#include "arena.h"
#include "auto_export.h"
#include "control_server.h"
#include "format/stream.h"
#include "format/trace_writer.h"
#include "ingest.h"
#include "jit_map.h"
#include "options.h"
#include "slots.h"
#include "snapshot_triggers.h"
#include "symbol_helper.h"
#include "sysmon.h"
#include "tick_clock.h"

/* What is known about the program when recording starts. */
struct recording_facts {
	const char *const *command;
	size_t command_count;
	const char *executable;
	pid_t pid, parent_pid;
	bool inherited_heap;
	const char *companion;           /* see struct ms_process; NULL = none */
	const char *directory;           /* NULL = ours, which the program inherited */
	bool attached;
	const char *recorder;            /* NULL = memscope-record */
};

struct recording {
	const struct options *options;
	const struct app_process *app;
	struct recording_facts facts;

	struct arena arena;
	struct tick_clock clock;
	struct symbol_helper helper;
	struct jit_map jit;
	uint64_t start_unix_ns;

	char *path;
	int fd;
	bool regular;
	struct ms_stream stream;
	struct ms_writer *writer;
	struct ingest ingest;
	struct slots slots;
	struct plugin *plugin;           /* NULL: nobody else gets the events */
	struct sysmon *monitor;          /* NULL: the process is not sampled */
	bool tables;                     /* ingest and slots are open */

	bool process_written;
	bool resumable;                  /* recording_end leaves the file open for recording_resume */
	bool stopped;                    /* the trace does not grow any more; error says why */
	const char *room_limit;          /* what bounds the size of the file: for the message */
	struct ms_error error;
	uint64_t flush_mono_ns, sweep_mono_ns, check_mono_ns;
	uint64_t flushed_events;
	struct control_server *control;  /* NULL: nobody can ask for anything */
	uint64_t control_snapshots;      /* asked for by control; their names are numbered */
	uint64_t control_mono_ns, open_mono_ns; /* next look; when the trace was opened */
	struct snapshot_level heap_level, rss_level;
	uint64_t every_next_ns, every_count, signal_count; /* of --snapshot-every: since the start of the recording; of --snapshot-signal */
	struct auto_export export;
	bool stop_asked;                 /* end it while the program runs: see recording_stop */
	uint64_t last_ticks;             /* of recording_stop: nothing later is taken in; 0 = it was not called */
	bool ended;                      /* ending_run was here */
	uint64_t end_ns;                 /* when the end was noticed; symbols come later and are not part of the time */
	bool names_at_hand;              /* the helper has answered all: no file with debug information is to be read */
	bool symbolized;
	const char *backend_note;        /* for the end; NULL = none */
	uint64_t helper_cpu_ns;          /* of the process that resolved names */
	uint64_t cpu_before_ns;          /* of the collector's process before it forked the one that resolves symbols */
	struct ms_error end_error;
	struct ms_end end;               /* as written, after recording_end */
	struct ms_writer_stats stats;    /* after recording_end */
};

/* Creates the arena and starts the clock. */
int recording_prepare(struct recording *r, const struct options *options, struct ms_error *err);
/* The same for a process that runs already: the arena is memory of its own, behind fd (the caller's); tight: its address space is limited. */
int recording_prepare_attached(struct recording *r, const struct options *options, int fd, bool tight, struct ms_error *err);
/* The same for an arena that is there already, with the clock as it was started: what a recorder inside the program does. */
struct ms_inside_config;
int recording_adopt(struct recording *r, void *base, const struct options *options, const struct ms_inside_config *config,
                    struct ms_error *err);
/* Opens the trace file and the tables. app and facts are borrowed. */
int recording_open(struct recording *r, char *path, const struct app_process *app, const struct recording_facts *facts,
                   struct ms_error *err);
/* The program has made at least one hook run. */
bool recording_attached(const struct recording *r);
/* One round: drain, merge, write. Returns how full the fullest of its inputs was, in words; 0 = nothing to do. */
size_t recording_poll(struct recording *r);
/* About every 20 ms, beside recording_poll: looks at who asks for something. */
void recording_housekeeping(struct recording *r);
/* stop_asked: the hooks of the program pass through for ever, what they are publishing is taken in. The trace is ended by ending_run. */
void recording_stop(struct recording *r);
/* In a child of the recorder's that goes on without this recording: lets go of what must not stay taken. */
void recording_let_go(struct recording *r);
/* Writes what is there: the caller is about to be stopped. */
void recording_pause(struct recording *r);
/* The same, to the last entry that has been published: the program may be gone in a moment, or go on. */
void recording_settle(struct recording *r);
/* After recording_end, if it is not over: the file is as before the end, and the recording goes on. False: it cannot. */
bool recording_resume(struct recording *r);
/* The program is gone: everything that it has published becomes part of the trace. */
void recording_drain(struct recording *r);
/* Names of frames from the process that has read debug information meanwhile, if there is one; before the next call. */
void recording_ask_names(struct recording *r, bool (*interrupted)(void *), void *context);
/* interrupted (NULL allowed) is asked now and then: true cuts the symbols short. */
void recording_symbolize(struct recording *r, bool (*interrupted)(void *), void *context);
/* Writes the end, closes the file. r->error's code when the trace could not be completed. */
int recording_end(struct recording *r);
/* Another process has written to the same file since: takes that back. */
void recording_rewind(struct recording *r);
/* CPU time of this process. */
uint64_t recording_cpu_ns(void);
/* Removes the trace file (a regular one). */
void recording_remove(struct recording *r);
void recording_free(struct recording *r);

#endif
