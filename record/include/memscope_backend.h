/*
 * memscope_backend.h - a backend of one's own for memscope-record --backend=./NAME.so: a shared object that gets every event, in order, while
 * the program runs, beside the trace file.
 *
 * The object exports `memscope_backend`, which returns a constant description. memscope-record loads it before the program starts and calls it
 * in its own process: what it does costs the program nothing but the wait when it is too slow (the rings fill up; --on-full says
 * what happens then). Example and explanation: docs/HOWTO_ADD_BACKEND.md.
 *
 * Order of calls: init; process, before anything else; then records and events as they come, each record before the events and records that
 * name it; end. Functions that are NULL are not called. Ids of strings, modules, threads, frames and stacks are dense from 1,
 * 0 is none; they are those of the trace file.
 *
 * Ownership: everything passed in is valid during the call only, `session` until end. Errors: a function that returns other than 0 is the last one
 * called but for end; memscope-record says so and goes on recording. init: the program is not started; error gets a reason.
 * Thread-safety: all calls come from one thread. SIGPIPE and signals that end programs are blocked.
 */
#ifndef MEMSCOPE_BACKEND_H
#define MEMSCOPE_BACKEND_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MEMSCOPE_BACKEND_ABI 1u

struct memscope_event {
	uint64_t time_ns;              /* since the start of the recording; never less than the one before */
	uint64_t address;
	uint64_t size_bytes;           /* of frees: of the block that ends */
	uint64_t block;                /* id: allocations count from 1; frees name it, 0 = no block that is known */
	uint64_t argument[2];          /* as docs/FORMAT.md says for the kind */
	uint32_t stack, thread;        /* ids */
	uint8_t kind;                  /* docs/FORMAT.md; session->kind_name has the names */
	uint8_t class_;                /* enum memscope_class */
	uint8_t reserved[6];
};

enum memscope_class { MEMSCOPE_ALLOC = 1, MEMSCOPE_FREE = 2, MEMSCOPE_FAIL = 3, MEMSCOPE_MAP = 4, MEMSCOPE_OTHER = 5 };

struct memscope_session {
	uint32_t abi, bytes;           /* MEMSCOPE_BACKEND_ABI and sizeof of memscope-record; later fields come at the end */
	const char *trace;             /* path of the trace file */
	const char *(*kind_name)(unsigned kind); /* NULL: no such kind */
};

struct memscope_process {
	const char *const *command;    /* command_count strings */
	size_t command_count;
	const char *executable;
	uint32_t pid;
	uint64_t start_time_unix_ns;
};

struct memscope_module {
	const char *path;              /* "" = unknown */
	const uint8_t *build_id;
	size_t build_id_bytes;
	uint64_t load_bias, start, end;
};

struct memscope_end {
	uint64_t time_ns, events, lost_events;
	int ended;                     /* 0 = the program goes on or how it ended is not known, 1 = by exit, 2 = by a signal */
	int status;                    /* exit code, or number of the signal */
};

struct memscope_backend {
	uint32_t abi, bytes;           /* MEMSCOPE_BACKEND_ABI, sizeof(struct memscope_backend) */
	const char *name;
	int (*init)(void **state, const struct memscope_session *session, char *error, size_t error_bytes);
	int (*process)(void *state, const struct memscope_process *process);
	int (*string)(void *state, uint32_t id, const char *text, size_t bytes); /* not terminated */
	int (*module)(void *state, uint32_t id, const struct memscope_module *module);
	int (*thread)(void *state, uint32_t id, uint32_t tid, int is_main);
	int (*frame)(void *state, uint32_t id, uint64_t address, uint32_t module); /* a return address */
	int (*stack)(void *state, uint32_t id, uint32_t parent, uint32_t frame);   /* a frame on top of its caller's stack */
	int (*events)(void *state, const struct memscope_event *events, size_t count);
	void (*end)(void *state, const struct memscope_end *end); /* frees the state */
};

/* To be defined by the object. */
const struct memscope_backend *memscope_backend(void);

#ifdef __cplusplus
}
#endif

#endif
