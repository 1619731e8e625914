#include "attach_safe.h"

#include <elfutils/libdwfl.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FRAMES_MOST 1000

/* Code of functions that nothing may be done in. By address: a function has many names, and a stripped library only some of them. */
struct code {
	Dwarf_Addr start, end;
};

struct safe {
	Dwfl *dwfl;
	pid_t pid;
	struct code *unsafe;
	size_t count, capacity;
	bool out_of_memory;
};

static const char *const unsafe_functions[] = {
	"malloc", "calloc", "realloc", "reallocarray", "free", "cfree", "memalign", "aligned_alloc", "posix_memalign", "valloc", "pvalloc",
	"malloc_trim", "malloc_usable_size", "mallopt", "mallinfo", "mallinfo2", "malloc_stats", "malloc_info", "sdallocx", "mallocx",
	"rallocx", "xallocx", "dallocx", "nallocx", "mallctl", "mallctlbymib", "free_sized", "free_aligned_sized",
	"fork", "_Fork", "__libc_fork", "vfork", "exit", "quick_exit", "_exit", "__cxa_finalize", "__cxa_atexit", "__cxa_at_quick_exit",
	"__cxa_thread_atexit_impl", "dlopen", "dlmopen", "dlclose", "dlsym", "dlvsym", "dladdr", "dladdr1", "dlinfo", "dlerror",
	"dl_iterate_phdr", "__libc_dlopen_mode", "__libc_dlsym", "__libc_dlclose", "_dl_addr", "__tls_get_addr",
	"pthread_create", "pthread_exit", "pthread_join", "pthread_detach", "pthread_cancel", "pthread_atfork", "__register_atfork",
	"pthread_key_create", "pthread_key_delete", "__libc_freeres", "thrd_create", "thrd_exit",
	"setuid", "setgid", "seteuid", "setegid", "setreuid", "setregid", "setresuid", "setresgid", "setgroups", "initgroups",
};
static const char *const unsafe_prefixes[] = {"je_", "mi_", "tc_", "_mi_", "_rjem_je_", "__libc_malloc", "__libc_free", "__libc_calloc",
                                              "__libc_realloc", "__libc_memalign", "__nptl_"};
static const char *const unsafe_modules[] = {"ld-linux", "ld-2.", "libjemalloc", "libtcmalloc", "libmimalloc", "libmemscope-"};
static const char *const system_modules[] = {"libc.so", "libc-2.", "libpthread", "[vdso", "linux-vdso"};

#define COUNT(list) (sizeof(list) / sizeof *(list))

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

/* ---- modules ----------------------------------------------------------------------------------------------------------------- */

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

static void add_code(struct safe *s, Dwarf_Addr start, Dwarf_Addr bytes)
{
	if (s->count == s->capacity) {
		size_t capacity = s->capacity ? s->capacity * 2 : 256;
		struct code *unsafe = realloc(s->unsafe, capacity * sizeof *unsafe);

		s->out_of_memory |= !unsafe;
		if (!unsafe)
			return;
		s->unsafe = unsafe;
		s->capacity = capacity;
	}
	s->unsafe[s->count++] = (struct code){start, start + bytes};
}

static int collect(Dwfl_Module *module, void **user, const char *name, Dwarf_Addr start, void *context)
{
	struct safe *s = context;
	int count = dwfl_module_getsymtab(module);

	(void)user, (void)name, (void)start;
	for (int i = 1; i < count; i++) {
		GElf_Sym symbol;
		GElf_Addr address;
		const char *text = dwfl_module_getsym_info(module, i, &symbol, &address, NULL, NULL, NULL);

		if (text && GELF_ST_TYPE(symbol.st_info) == STT_FUNC && symbol.st_shndx != SHN_UNDEF && symbol.st_size > 0 &&
		    (listed(text, unsafe_functions, COUNT(unsafe_functions)) || begins_with_one(text, unsafe_prefixes, COUNT(unsafe_prefixes))))
			add_code(s, address, symbol.st_size);
	}
	return DWARF_CB_OK;
}

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
	dwfl_getmodules(s->dwfl, collect, s, 0);
	if (s->out_of_memory || dwfl_linux_proc_attach(s->dwfl, pid, true) != 0)
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
	if (s)
		free(s->unsafe);
	free(s);
}

/* ---- frames ------------------------------------------------------------------------------------------------------------------ */

struct walk {
	struct safe *safe;
	unsigned frames;
	bool waits;
	bool unsafe;
	bool program;                    /* a frame of the program or of a library other than the C library */
};

static bool is_unsafe(const struct safe *s, Dwarf_Addr pc)
{
	for (size_t i = 0; i < s->count; i++)
		if (pc >= s->unsafe[i].start && pc < s->unsafe[i].end)
			return true;
	return false;
}

static bool has_name(Dwfl_Module *module, Dwarf_Addr pc)
{
	GElf_Off offset;
	GElf_Sym symbol;

	return dwfl_module_addrinfo(module, pc, &offset, &symbol, NULL, NULL, NULL) && offset < symbol.st_size;
}

static int look_at_frame(Dwfl_Frame *frame, void *context)
{
	struct walk *w = context;
	Dwarf_Addr pc;
	bool activation;
	Dwfl_Module *module;
	const char *path, *base;

	if (!dwfl_frame_pc(frame, &pc, &activation) || ++w->frames > FRAMES_MOST)
		return DWARF_CB_ABORT;
	if (!activation)
		pc--;
	module = dwfl_addrmodule(w->safe->dwfl, pc);
	if (!module) /* generated code, or a module that was loaded since */
		return DWARF_CB_OK;
	path = dwfl_module_info(module, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
	base = path && strrchr(path, '/') ? strrchr(path, '/') + 1 : path ? path : "";
	w->unsafe = begins_with_one(base, unsafe_modules, COUNT(unsafe_modules)) || is_unsafe(w->safe, pc);
	if (!begins_with_one(base, system_modules, COUNT(system_modules)))
		w->program = true;
	else if (!w->program && !w->waits)
		w->unsafe |= !has_name(module, pc);
	return w->unsafe ? DWARF_CB_ABORT : DWARF_CB_OK;
}

enum safe_answer safe_place(struct safe *s, pid_t tid, bool waits)
{
	struct walk w = {.safe = s, .waits = waits};
	bool whole = dwfl_getthread_frames(s->dwfl, tid, look_at_frame, &w) == 0;

	/* A thread that begins or ends is in the C library alone, and holds locks of its list of threads. */
	if (w.unsafe || !w.program)
		return SAFE_NO;
	return whole ? SAFE_YES : SAFE_BROKEN;
}
