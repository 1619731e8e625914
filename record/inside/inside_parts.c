/*
 * inside_parts.c - the parts of a recording that are others, or none, inside a program.
 *
 * Names are resolved later (memscope-trace symbolize, or memscope-record when it started the program): debug information is megabytes that
 * would become the program's. The process is not sampled, and nobody can be asked for anything: that is the work of somebody who stands beside.
 */
#include <errno.h>
#include <stdbool.h>

#include "inside_file.h"
#include "record/app_process.h"
#include "record/control_server.h"
#include "record/jit_map.h"
#include "record/plugin.h"
#include "record/preload/raw.h"
#include "record/symbol_helper.h"
#include "record/sysmon.h"
#include "record/trace_output.h"
#include "record/trace_symbols.h"

int output_open(const char *path, int *fd, bool *regular, struct ms_error *err)
{
	*fd = INSIDE_FD;
	*regular = true;
	return inside_file_open(path, err);
}

/* ---- the process: this one ------------------------------------------------------------------------------------------ */

bool app_process_thread_alive(const struct app_process *a, uint32_t tid)
{
	return !a->gone && ms_raw(SYS_tgkill, a->pid, tid, 0, 0, 0, 0) != -ESRCH;
}

bool app_process_signaled(const struct app_process *a)
{
	(void)a;
	return false;
}

bool app_process_core_dumped(const struct app_process *a)
{
	(void)a;
	return false;
}

int app_process_signal(const struct app_process *a)
{
	(void)a;
	return 0;
}

int app_process_exit_code(const struct app_process *a)
{
	return a->status_known ? a->status >> 8 & 0xff : 0;
}

/* ---- names ---------------------------------------------------------------------------------------------------------- */

void symbol_helper_start(struct symbol_helper *h, const struct arena *arena)
{
	(void)h;
	(void)arena;
}

void symbol_helper_stop(struct symbol_helper *h)
{
	(void)h;
}

/* ---- samples -------------------------------------------------------------------------------------------------------- */

struct sysmon *sysmon_open(pid_t pid, uint64_t interval_ns)
{
	(void)pid;
	(void)interval_ns;
	return NULL;
}

bool sysmon_due(const struct sysmon *m, uint64_t mono_ns)
{
	(void)m;
	(void)mono_ns;
	return false;
}

int sysmon_sample(struct sysmon *m, struct ms_writer *w, uint64_t mono_ns, uint64_t time_ns)
{
	(void)m;
	(void)w;
	(void)mono_ns;
	(void)time_ns;
	return MS_OK;
}

uint64_t sysmon_rss(const struct sysmon *m)
{
	(void)m;
	return 0;
}

void sysmon_end(struct sysmon *m, struct ms_writer *w)
{
	(void)m;
	(void)w;
}

void sysmon_close(struct sysmon *m)
{
	(void)m;
}

/* ---- other backends ----------------------------------------------------------------------------------------------------- */

int plugin_open(struct plugin **out, const char *path, const char *trace, struct ms_error *err)
{
	(void)trace;
	*out = NULL;
	return ms_fail(err, MS_E_UNSUPPORTED, MS_NO_OFFSET, "%s is not loaded into the program", path);
}

void plugin_watch(struct plugin *p, struct ms_writer *writer)
{
	(void)p;
	(void)writer;
}

void plugin_end(struct plugin *p, struct ms_writer *writer, const struct ms_end *end)
{
	(void)p;
	(void)writer;
	(void)end;
}

void plugin_close(struct plugin *p)
{
	(void)p;
}

/* ---- the channel for --control --------------------------------------------------------------------------------------- */

int control_open(struct control_server **server, int trace_fd, control_handler handler, void *context, struct ms_error *err)
{
	(void)trace_fd;
	(void)handler;
	(void)context;
	*server = NULL;
	return ms_fail(err, MS_E_UNSUPPORTED, MS_NO_OFFSET, "a recorder inside the program takes no commands");
}

void control_look(struct control_server *server, uint64_t mono_ns)
{
	(void)server;
	(void)mono_ns;
}

void control_shut(struct control_server *server)
{
	(void)server;
}

void control_answer_waiting(struct control_server *server, bool done, const char *text)
{
	(void)server;
	(void)done;
	(void)text;
}

void control_close(struct control_server *server)
{
	(void)server;
}

/* ---- names of generated code: read with the other names, later -------------------------------------------------------- */

void jit_map_open(struct jit_map *m, pid_t pid)
{
	*m = (struct jit_map){.pid = pid};
}

void jit_map_close(struct jit_map *m)
{
	*m = (struct jit_map){0};
}
