/* plugin.c - see plugin.h. */
#include "plugin.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/events.h"
#include "format/trace_writer.h"
#include "include/memscope_backend.h"

#define BATCH 1024u

struct plugin {
	void *object;
	const struct memscope_backend *backend;
	void *state;
	struct memscope_session session;
	struct ms_writer_observer observer;
	bool failed, ended;
	struct memscope_event batch[BATCH];
};

static const char *kind_name(unsigned kind)
{
	return kind < 256 ? ms_event_kinds[kind].name : NULL;
}

/* Is it still to be called? status: of its last call. */
static bool goes_on(struct plugin *p, const char *what, int status)
{
	if (status == 0)
		return true;
	p->failed = true;
	fprintf(stderr, "memscope-record: the backend %s gave up in %s (%d); the trace is recorded without it\n",
	        p->backend->name ? p->backend->name : "", what, status);
	return false;
}

#define CALL(p, function, ...)                                                                                         \
	do {                                                                                                           \
		if (!(p)->failed && (p)->backend->function)                                                            \
			goes_on((p), #function, (p)->backend->function((p)->state, __VA_ARGS__));                      \
	} while (0)

static void on_process(void *context, const struct ms_process *process)
{
	struct plugin *p = context;
	const struct memscope_process out = {
		.command = process->command, .command_count = process->command_count, .executable = process->executable,
		.pid = process->pid, .start_time_unix_ns = process->start_time_unix_ns,
	};

	CALL(p, process, &out);
}

static void on_string(void *context, uint32_t id, const char *text, size_t bytes)
{
	struct plugin *p = context;

	CALL(p, string, id, text, bytes);
}

static void on_module(void *context, uint32_t id, const struct ms_module *module)
{
	struct plugin *p = context;
	const struct memscope_module out = {
		.path = module->path ? module->path : "", .build_id = module->build_id, .build_id_bytes = module->build_id_bytes,
		.load_bias = module->load_bias, .start = module->start, .end = module->end,
	};

	CALL(p, module, id, &out);
}

static void on_thread(void *context, uint32_t id, const struct ms_thread *thread)
{
	struct plugin *p = context;

	CALL(p, thread, id, thread->tid, thread->is_main);
}

static void on_frame(void *context, uint32_t id, uint64_t address, uint32_t module)
{
	struct plugin *p = context;

	CALL(p, frame, id, address, module);
}

static void on_stack(void *context, uint32_t id, uint32_t parent, uint32_t frame)
{
	struct plugin *p = context;

	CALL(p, stack, id, parent, frame);
}

static uint8_t class_of(uint8_t kind)
{
	switch (ms_event_kinds[kind].class_) {
	case MS_CLASS_ALLOC:
		return MEMSCOPE_ALLOC;
	case MS_CLASS_FREE:
		return MEMSCOPE_FREE;
	case MS_CLASS_FAIL:
		return MEMSCOPE_FAIL;
	case MS_CLASS_MAP:
		return MEMSCOPE_MAP;
	default:
		return MEMSCOPE_OTHER;
	}
}

static void on_events(void *context, const struct ms_event *events, size_t n)
{
	struct plugin *p = context;

	while (n > 0 && !p->failed) {
		size_t count = n < BATCH ? n : BATCH;

		for (size_t i = 0; i < count; i++)
			p->batch[i] = (struct memscope_event){
				.time_ns = events[i].time_ns, .address = events[i].address, .size_bytes = events[i].size_bytes,
				.block = events[i].block, .argument = {events[i].arg[0], events[i].arg[1]}, .stack = events[i].stack,
				.thread = events[i].thread, .kind = events[i].kind, .class_ = class_of(events[i].kind),
			};
		CALL(p, events, p->batch, count);
		events += count;
		n -= count;
	}
}

int plugin_open(struct plugin **out, const char *path, const char *trace, struct ms_error *err)
{
	const struct memscope_backend *(*describe)(void);
	struct plugin *p = calloc(1, sizeof *p);
	char reason[200] = "";
	int status;

	*out = NULL;
	if (!p)
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for a backend");
	p->object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!p->object) {
		status = ms_fail(err, MS_E_UNSUPPORTED, MS_NO_OFFSET, "--backend: %s", dlerror());
		goto fail_object;
	}
	*(void **)&describe = dlsym(p->object, "memscope_backend");
	p->backend = describe ? describe() : NULL;
	if (!p->backend || p->backend->abi != MEMSCOPE_BACKEND_ABI || p->backend->bytes < sizeof *p->backend) {
		status = ms_fail(err, MS_E_UNSUPPORTED, MS_NO_OFFSET, "--backend: %s is no backend of this version (memscope_backend.h, ABI %u)",
		                 path, MEMSCOPE_BACKEND_ABI);
		goto fail_backend;
	}
	p->session = (struct memscope_session){
		.abi = MEMSCOPE_BACKEND_ABI, .bytes = sizeof p->session, .trace = trace, .kind_name = kind_name,
	};
	if (p->backend->init && p->backend->init(&p->state, &p->session, reason, sizeof reason) != 0) {
		reason[sizeof reason - 1] = '\0';
		status = ms_fail(err, MS_E_UNSUPPORTED, MS_NO_OFFSET, "--backend: %s: %s", path, *reason ? reason : "it refused to start");
		goto fail_backend;
	}
	*out = p;
	return MS_OK;

fail_backend:
	dlclose(p->object);
fail_object:
	free(p);
	return status;
}

void plugin_watch(struct plugin *p, struct ms_writer *writer)
{
	p->observer = (struct ms_writer_observer){
		.context = p, .process = on_process, .string = on_string, .module = on_module, .thread = on_thread,
		.frame = on_frame, .stack = on_stack, .events = on_events,
	};
	ms_writer_observe(writer, &p->observer);
}

void plugin_end(struct plugin *p, struct ms_writer *writer, const struct ms_end *end)
{
	const struct memscope_end out = {
		.time_ns = end->time_ns, .events = end->events, .lost_events = end->lost_events,
		.ended = end->ended == MS_ENDED_EXITED ? 1 : end->ended == MS_ENDED_SIGNALED ? 2 : 0,
		.status = end->ended == MS_ENDED_EXITED ? end->exit_code : end->ended == MS_ENDED_SIGNALED ? end->term_signal : 0,
	};

	if (writer)
		ms_writer_observe(writer, NULL);
	if (!p->ended && p->backend->end)
		p->backend->end(p->state, &out);
	p->ended = true;
}

void plugin_close(struct plugin *p)
{
	if (!p)
		return;
	plugin_end(p, NULL, &(struct ms_end){.ended = MS_ENDED_UNKNOWN});
	dlclose(p->object);
	free(p);
}
