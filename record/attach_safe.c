#include "attach_safe.h"

#include <elfutils/libdwfl.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FRAMES_MOST 1000

struct safe {
	Dwfl *dwfl;
	pid_t pid;
};

/* Files as the process sees them. */
static int find_file(Dwfl_Module *module, void **user, const char *name, Dwarf_Addr base, char **path, Elf **elf)
{
	char whole[PATH_MAX + 64];
	const struct safe *s = *user;
	int fd;

	if (s && name[0] == '/') {
		snprintf(whole, sizeof whole, "/proc/%ld/root%s", (long)s->pid, name);
		fd = open(whole, O_RDONLY | O_CLOEXEC);
		if (fd >= 0) {
			*path = strdup(whole);
			return fd;
		}
	}
	return dwfl_linux_proc_find_elf(module, user, name, base, path, elf);
}

/* Names of the symbol tables are enough. */
static int no_debuginfo(Dwfl_Module *module, void **user, const char *name, Dwarf_Addr base, const char *file, const char *link,
                        GElf_Word crc, char **found)
{
	(void)module, (void)user, (void)name, (void)base, (void)file, (void)link, (void)crc, (void)found;
	return -1;
}

static const Dwfl_Callbacks callbacks = {.find_elf = find_file, .find_debuginfo = no_debuginfo};

static int set_user(Dwfl_Module *module, void **user, const char *name, Dwarf_Addr start, void *context)
{
	(void)module, (void)name, (void)start;
	*user = context;
	return DWARF_CB_OK;
}

struct safe *safe_open(pid_t pid)
{
	struct safe *s = calloc(1, sizeof *s);

	if (!s)
		return NULL;
	s->pid = pid;
	s->dwfl = dwfl_begin(&callbacks);
	if (!s->dwfl || dwfl_linux_proc_report(s->dwfl, pid) != 0 || dwfl_report_end(s->dwfl, NULL, NULL) != 0)
		goto fail;
	dwfl_getmodules(s->dwfl, set_user, s, 0);
	if (dwfl_linux_proc_attach(s->dwfl, pid, true) != 0)
		goto fail;
	return s;

fail:
	safe_close(s);
	return NULL;
}

void safe_close(struct safe *s)
{
	if (s && s->dwfl)
		dwfl_end(s->dwfl);
	free(s);
}

/* ---- frames ------------------------------------------------------------------------------------------------------------------ */

static const char *const unsafe_functions[] = {
	"malloc", "calloc", "realloc", "reallocarray", "free", "cfree", "memalign", "aligned_alloc", "posix_memalign", "valloc", "pvalloc",
	"malloc_trim", "malloc_usable_size", "mallopt", "mallinfo", "mallinfo2", "malloc_stats", "malloc_info", "sdallocx", "mallocx",
	"rallocx", "xallocx", "dallocx", "nallocx", "mallctl", "mallctlbymib", "free_sized", "free_aligned_sized",
	"fork", "_Fork", "__libc_fork", "vfork", "exit", "quick_exit", "_exit", "__cxa_finalize", "__cxa_atexit", "__cxa_at_quick_exit",
	"__cxa_thread_atexit_impl", "dlopen", "dlmopen", "dlclose", "dlsym", "dlvsym", "dladdr", "dladdr1", "dlinfo", "dlerror",
	"dl_iterate_phdr", "__libc_dlopen_mode", "__libc_dlsym", "__libc_dlclose", "_dl_addr", "__tls_get_addr",
	"pthread_create", "pthread_exit", "pthread_join", "pthread_detach", "pthread_cancel", "pthread_atfork", "__register_atfork",
	"pthread_key_create", "pthread_key_delete", "__libc_freeres", "__nptl_deallocate_stack",
};
static const char *const unsafe_prefixes[] = {"je_", "mi_", "tc_", "_mi_", "_rjem_je_"};
static const char *const unsafe_modules[] = {"ld-linux", "ld-2.", "libjemalloc", "libtcmalloc", "libmimalloc", "libmemscope-"};
/* Nothing lies further out. */
static const char *const outermost[] = {"_start", "__libc_start_main", "__libc_start_call_main", "clone", "clone3", "__clone",
                                        "start_thread", "__clone3"};

static bool listed(const char *name, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(name, list[i]) == 0)
			return true;
	return false;
}

static bool begins_with_one(const char *name, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strncmp(name, list[i], strlen(list[i])) == 0)
			return true;
	return false;
}

#define COUNT(list) (sizeof(list) / sizeof *(list))

struct walk {
	struct safe *safe;
	unsigned frames;
	bool unsafe, ended;
};

static int look_at_frame(Dwfl_Frame *frame, void *context)
{
	struct walk *w = context;
	Dwarf_Addr pc;
	bool activation;
	Dwfl_Module *module;
	const char *path, *base, *name;

	if (!dwfl_frame_pc(frame, &pc, &activation) || ++w->frames > FRAMES_MOST)
		return DWARF_CB_ABORT;
	if (!activation)
		pc--;
	module = dwfl_addrmodule(w->safe->dwfl, pc);
	if (!module)
		return DWARF_CB_OK;
	path = dwfl_module_info(module, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
	base = path && strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	if (base && begins_with_one(base, unsafe_modules, COUNT(unsafe_modules))) {
		w->unsafe = true;
		return DWARF_CB_ABORT;
	}
	name = dwfl_module_addrname(module, pc);
	if (!name)
		return DWARF_CB_OK;
	if (listed(name, unsafe_functions, COUNT(unsafe_functions)) ||
	    begins_with_one(name, unsafe_prefixes, COUNT(unsafe_prefixes))) {
		w->unsafe = true;
		return DWARF_CB_ABORT;
	}
	w->ended |= listed(name, outermost, COUNT(outermost));
	return DWARF_CB_OK;
}

enum safe_answer safe_place(struct safe *s, pid_t tid)
{
	struct walk w = {.safe = s};

	(void)dwfl_getthread_frames(s->dwfl, tid, look_at_frame, &w);
	if (w.unsafe || w.frames == 0)
		return SAFE_NO;
	return w.ended ? SAFE_YES : SAFE_BROKEN;
}
