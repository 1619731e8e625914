#include "attach_target.h"

#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#define GADGET_WINDOW 65536
#define BEGIN_NAPS 200
#define BEGIN_NAP_NS 5000000 /* 200 times: a second */

/* ---- texts of /proc ------------------------------------------------------------------------------------------------------- */

static size_t read_text(pid_t pid, const char *what, char *text, size_t bytes)
{
	char path[64];
	ssize_t n, used = 0;
	int fd;

	snprintf(path, sizeof path, "/proc/%ld/%s", (long)pid, what);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		while ((size_t)used < bytes - 1 && (n = read(fd, text + used, bytes - 1 - (size_t)used)) > 0)
			used += n;
		close(fd);
	}
	text[used] = '\0';
	return (size_t)used;
}

static void read_link(pid_t pid, const char *what, char *target, size_t bytes)
{
	char path[64];
	ssize_t n;

	snprintf(path, sizeof path, "/proc/%ld/%s", (long)pid, what);
	n = readlink(path, target, bytes - 1);
	target[n > 0 ? n : 0] = '\0';
}

/* The value behind "name:" in a status text, as a number; def when it is not there. */
static long status_number(const char *status, const char *name, long def)
{
	size_t length = strlen(name);

	for (const char *line = status; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, name, length) == 0 && line[length] == ':')
			return strtol(line + length + 1, NULL, 10);
		if (*line == '\0')
			break;
	}
	return def;
}

static char state_of(const char *stat)
{
	const char *p = strrchr(stat, ')');

	return p && p[1] == ' ' ? p[2] : '?';
}

/* Of the process or of one of its threads. The kernel writes zeros when there is no memory any more: a thread that has left. */
static uint64_t image_from(pid_t pid, const char *file)
{
	char stat[1024], *p;
	uint64_t start_code = 0, end_code = 0, start_stack = 0;

	read_text(pid, file, stat, sizeof stat);
	p = strrchr(stat, ')');
	if (!p || sscanf(p, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %*u %*u %*d %*u "
	                 "%" SCNu64 " %" SCNu64 " %" SCNu64, &start_code, &end_code, &start_stack) != 3)
		return 0;
	return (start_code ^ end_code << 1) * UINT64_C(0x9e3779b97f4a7c15) ^ start_stack;
}

/* The main thread may leave by pthread_exit while others go on. */
uint64_t attach_target_image(pid_t pid)
{
	uint64_t image = image_from(pid, "stat");
	char path[64];
	struct dirent *entry;
	DIR *folder;

	if (image != 0)
		return image;
	snprintf(path, sizeof path, "/proc/%ld/task", (long)pid);
	folder = opendir(path);
	while (folder && image == 0 && (entry = readdir(folder))) {
		snprintf(path, sizeof path, "task/%ld/stat", strtol(entry->d_name, NULL, 10));
		image = image_from(pid, path);
	}
	if (folder)
		closedir(folder);
	return image;
}

size_t attach_target_threads(pid_t pid, pid_t *threads, size_t most)
{
	char path[64], stat[512];
	struct dirent *entry;
	size_t count = 0;
	DIR *folder;

	snprintf(path, sizeof path, "/proc/%ld/task", (long)pid);
	folder = opendir(path);
	if (!folder)
		return 0;
	while (count < most && (entry = readdir(folder))) {
		long tid = strtol(entry->d_name, NULL, 10);

		snprintf(path, sizeof path, "task/%ld/stat", tid);
		if (tid <= 0 || read_text(pid, path, stat, sizeof stat) == 0 || !strchr("RS", state_of(stat)))
			continue;
		threads[count++] = (pid_t)tid;
	}
	closedir(folder);
	return count;
}

/* ---- files of the process --------------------------------------------------------------------------------------------------- */

static int open_of(pid_t pid, const char *path)
{
	char whole[PATH_MAX + 64];

	snprintf(whole, sizeof whole, "/proc/%ld/root%s", (long)pid, path);
	return open(whole, O_RDONLY | O_CLOEXEC);
}

uint64_t attach_target_symbol(pid_t pid, const struct target_library *library, const char *name)
{
	int fd = open_of(pid, library->path);
	uint64_t address = 0;
	Elf_Scn *section = NULL;
	GElf_Shdr header;
	Elf *elf;

	if (fd < 0)
		return 0;
	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	while (elf && address == 0 && (section = elf_nextscn(elf, section))) {
		Elf_Data *data;
		GElf_Sym symbol;

		if (!gelf_getshdr(section, &header) || header.sh_type != SHT_DYNSYM || !(data = elf_getdata(section, NULL)))
			continue;
		for (int i = 0; address == 0 && gelf_getsym(data, i, &symbol); i++) {
			const char *text = symbol.st_shndx != SHN_UNDEF ? elf_strptr(elf, header.sh_link, symbol.st_name) : NULL;

			if (text && strcmp(text, name) == 0)
				address = library->bias + symbol.st_value;
		}
	}
	elf_end(elf);
	close(fd);
	return address;
}

/* Virtual address of the file's first byte, less what the mapping rounds away. */
static bool first_address(pid_t pid, const char *path, uint64_t *address)
{
	int fd = open_of(pid, path);
	Elf64_Ehdr h;
	Elf64_Phdr p;
	bool found = false;

	if (fd < 0)
		return false;
	if (pread(fd, &h, sizeof h, 0) == (ssize_t)sizeof h && memcmp(h.e_ident, ELFMAG, SELFMAG) == 0 &&
	    h.e_ident[EI_CLASS] == ELFCLASS64 && h.e_phentsize == sizeof p)
		for (unsigned i = 0; i < h.e_phnum && !found; i++)
			if (pread(fd, &p, sizeof p, (off_t)(h.e_phoff + i * sizeof p)) == (ssize_t)sizeof p && p.p_type == PT_LOAD) {
				*address = p.p_vaddr - p.p_offset;
				found = true;
			}
	close(fd);
	return found;
}

/* "0f 05" in the executable mapping. */
static uint64_t find_gadget(const struct attach_target *t)
{
	uint8_t code[GADGET_WINDOW];

	for (uint64_t at = t->libc.code_start; at < t->libc.code_end; at += sizeof code - 1) {
		uint64_t bytes = t->libc.code_end - at < sizeof code ? t->libc.code_end - at : sizeof code;

		if (pread(t->memory, code, bytes, (off_t)at) != (ssize_t)bytes)
			return 0;
		for (uint64_t i = 0; i + 1 < bytes; i++)
			if (code[i] == 0x0f && code[i + 1] == 0x05)
				return at + i;
	}
	return 0;
}

/* ---- mappings ------------------------------------------------------------------------------------------------------------------ */

struct maps {
	struct target_library libc, libdl, linker, musl, sanitizer, preload, ours;
	bool has_libc;
};

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static bool begins(const char *text, const char *start)
{
	return strncmp(text, start, strlen(start)) == 0;
}

static void note(struct target_library *l, const char *path, uint64_t start, uint64_t end, uint64_t offset, bool code)
{
	if (l->path[0] == '\0') {
		snprintf(l->path, sizeof l->path, "%s", path);
		l->bias = start - offset;
	}
	if (code && l->code_end == 0) {
		l->code_start = start;
		l->code_end = end;
		l->code_offset = offset;
	}
}

static bool read_maps(pid_t pid, const struct stat *library, struct maps *m)
{
	char path[64], line[PATH_MAX + 256], name[PATH_MAX];
	FILE *f;

	memset(m, 0, sizeof *m);
	snprintf(path, sizeof path, "/proc/%ld/maps", (long)pid);
	f = fopen(path, "re");
	if (!f)
		return false;
	while (fgets(line, sizeof line, f)) {
		uint64_t start, end, offset, inode;
		unsigned major_, minor_;
		char rights[5];
		const char *base;
		bool code;

		name[0] = '\0';
		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %x:%x %" SCNu64 " %4095[^\n]", &start, &end, rights, &offset,
		           &major_, &minor_, &inode, name) < 7 || name[0] != '/')
			continue;
		base = base_name(name);
		code = rights[2] == 'x';
		if (strcmp(base, "libc.so.6") == 0 || (begins(base, "libc-2.") && strstr(base, ".so")))
			note(&m->libc, name, start, end, offset, code);
		else if (strcmp(base, "libdl.so.2") == 0 || begins(base, "libdl-2."))
			note(&m->libdl, name, start, end, offset, code);
		else if (begins(base, "ld-linux") || begins(base, "ld-2."))
			note(&m->linker, name, start, end, offset, code);
		else if (begins(base, "ld-musl-") || begins(base, "libc.musl-"))
			note(&m->musl, name, start, end, offset, code);
		else if (begins(base, "libasan.so") || begins(base, "libtsan.so") || begins(base, "libhwasan.so") ||
		         begins(base, "libclang_rt.asan") || begins(base, "libclang_rt.tsan") || begins(base, "libclang_rt.hwasan"))
			note(&m->sanitizer, name, start, end, offset, code);
		else if (begins(base, "libmemscope-preload.so") || begins(base, "libmemscope-guard.so"))
			note(&m->preload, name, start, end, offset, code);
		/* The same file, not one of the same name: a library that was replaced since has other addresses. */
		if (inode == library->st_ino && makedev(major_, minor_) == library->st_dev)
			note(&m->ours, name, start, end, offset, code);
	}
	fclose(f);
	return true;
}

/* A program that has just begun gets its C library within a moment. */
static bool read_maps_complete(pid_t pid, const struct stat *library, struct maps *m)
{
	bool read = read_maps(pid, library, m);

	for (int i = 0; i < BEGIN_NAPS && read && m->linker.path[0] && !m->libc.path[0]; i++) {
		nanosleep(&(struct timespec){.tv_nsec = BEGIN_NAP_NS}, NULL);
		read = read_maps(pid, library, m);
	}
	return read;
}

/* ---- what speaks against it ------------------------------------------------------------------------------------------------------ */

static int refuse(struct ms_error *err, pid_t pid, const char *reason)
{
	return ms_fail(err, MS_E_UNSUPPORTED, MS_NO_OFFSET, "process %ld cannot be attached to: %s", (long)pid, reason);
}

static int check_state(pid_t pid, struct ms_error *err)
{
	char stat[1024], status[4096], own[4096], reason[128];
	long tracer, group;

	if (read_text(pid, "status", status, sizeof status) == 0 || read_text(pid, "stat", stat, sizeof stat) == 0)
		return ms_fail(err, MS_E_NOT_FOUND, MS_NO_OFFSET, "there is no process %ld", (long)pid);
	group = status_number(status, "Tgid", pid);
	if (group != pid) {
		snprintf(reason, sizeof reason, "that is the number of a thread of process %ld", group);
		return refuse(err, pid, reason);
	}
	tracer = status_number(status, "TracerPid", 0);
	switch (state_of(stat)) {
	case 'Z':
	case 'X':
		return refuse(err, pid, "it has ended already, and waits for its parent to notice (a zombie)");
	case 'T':
		snprintf(reason, sizeof reason, "it is stopped; kill -CONT %ld lets it run", (long)pid);
		return refuse(err, pid, reason);
	}
	if (tracer != 0) {
		snprintf(reason, sizeof reason, "process %ld traces it (a debugger, strace?)", tracer);
		return refuse(err, pid, reason);
	}
	read_text(getpid(), "status", own, sizeof own);
	/* A filter that we have, too, is one of the container around both. */
	if (status_number(status, "Seccomp", 0) == 1 ||
	    status_number(status, "Seccomp_filters", status_number(status, "Seccomp", 0)) >
	    status_number(own, "Seccomp_filters", status_number(own, "Seccomp", 0)))
		return refuse(err, pid, "it forbids itself system calls (seccomp), and loading a library could kill it");
	return MS_OK;
}

static int check_image(struct attach_target *t, struct ms_error *err)
{
	char path[64];
	unsigned char ident[20] = {0};
	int fd;

	snprintf(path, sizeof path, "/proc/%ld/exe", (long)t->pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		char reason[128];

		if (errno == ENOENT)
			return refuse(err, t->pid, "it has no program (a thread of the kernel)");
		snprintf(reason, sizeof reason, "it may not be looked at: %s", strerror(errno));
		return refuse(err, t->pid, reason);
	}
	(void)!pread(fd, ident, sizeof ident, 0);
	close(fd);
	if (memcmp(ident, ELFMAG, SELFMAG) != 0 || ident[EI_CLASS] != ELFCLASS64 || ident[18] != EM_X86_64)
		return refuse(err, t->pid, "its program is not one for 64-bit x86");
	return MS_OK;
}

static int find_functions(struct attach_target *t, const struct maps *m, struct ms_error *err)
{
	uint64_t first = 0;

	if (m->musl.path[0])
		return refuse(err, t->pid, "it uses musl; the library that records needs glibc");
	if (m->sanitizer.path[0])
		return refuse(err, t->pid, "it is built with a sanitizer, which has an allocator of its own");
	if (m->preload.path[0])
		return refuse(err, t->pid, "it was started by memscope-record; memscope-record --control talks to that recording");
	if (!m->libc.path[0])
		return refuse(err, t->pid, m->linker.path[0] ? "it has no C library yet; try again" :
		                                               "it is linked statically: there is nothing to load a library with");
	t->libc = m->libc;
	if (!first_address(t->pid, t->libc.path, &first))
		return refuse(err, t->pid, "its C library cannot be read (replaced by an update since it started?)");
	t->libc.bias -= first;
	t->dlopen = attach_target_symbol(t->pid, &t->libc, "dlopen");
	t->dlsym = attach_target_symbol(t->pid, &t->libc, "dlsym");
	t->dlerror = attach_target_symbol(t->pid, &t->libc, "dlerror");
	t->errno_location = attach_target_symbol(t->pid, &t->libc, "__errno_location");
	if (!t->dlopen && m->libdl.path[0]) { /* before glibc 2.34 */
		struct target_library l = m->libdl;

		if (first_address(t->pid, l.path, &first))
			l.bias -= first;
		t->dlopen = attach_target_symbol(t->pid, &l, "dlopen");
		t->dlsym = attach_target_symbol(t->pid, &l, "dlsym");
		t->dlerror = attach_target_symbol(t->pid, &l, "dlerror");
	}
	if (!t->dlopen) {
		t->dlopen = attach_target_symbol(t->pid, &t->libc, "__libc_dlopen_mode");
		t->dlsym = attach_target_symbol(t->pid, &t->libc, "__libc_dlsym");
		t->dlerror = 0;
		t->private_dlopen = true;
	}
	t->gadget = find_gadget(t);
	if (!t->dlopen || !t->dlsym || !t->gadget)
		return refuse(err, t->pid, "its C library has no function that loads libraries");
	return MS_OK;
}

int attach_target_open(struct attach_target *t, pid_t pid, const char *library, struct ms_error *err)
{
	struct maps *maps = NULL;
	struct rlimit limit;
	struct stat st = {0};
	char path[64], stat_[1024], *p;
	uint64_t first = 0;
	long parent = 0;
	size_t n;
	int status;

	memset(t, 0, sizeof *t);
	t->pid = pid;
	t->memory = -1;
	if (pid == getpid())
		return refuse(err, pid, "that is this very memscope-record");
	status = check_state(pid, err);
	if (status != MS_OK)
		return status;
	status = check_image(t, err);
	if (status != MS_OK)
		return status;
	snprintf(path, sizeof path, "/proc/%ld/mem", (long)pid);
	t->memory = open(path, O_RDWR | O_CLOEXEC);
	maps = malloc(sizeof *maps);
	if (!maps) {
		status = ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "out of memory");
		goto fail;
	}
	if (t->memory < 0 || stat(library, &st) != 0 || !read_maps_complete(pid, &st, maps)) {
		snprintf(path, sizeof path, "not permitted (%s)", strerror(errno));
		status = refuse(err, pid, path);
		goto fail;
	}
	status = find_functions(t, maps, err);
	if (status != MS_OK)
		goto fail;
	t->ours = maps->ours;
	if (t->ours.path[0] && first_address(getpid(), library, &first))
		t->ours.bias -= first;
	read_link(pid, "exe", t->executable, sizeof t->executable);
	read_link(pid, "cwd", t->directory, sizeof t->directory);
	read_text(pid, "comm", t->name, sizeof t->name);
	t->name[strcspn(t->name, "\n")] = '\0';
	for (char *c = t->name; *c; c++)
		if (*c == '/')
			*c = '_'; /* it becomes part of a file name */
	n = read_text(pid, "cmdline", t->command_line, sizeof t->command_line);
	for (size_t i = 0; i < n && t->command_count < sizeof t->command / sizeof *t->command; i += strlen(t->command_line + i) + 1)
		t->command[t->command_count++] = t->command_line + i;
	/* A program that writes its title over its arguments leaves zeros behind it. */
	while (t->command_count > 1 && t->command[t->command_count - 1][0] == '\0')
		t->command_count--;
	read_text(pid, "stat", stat_, sizeof stat_);
	p = strrchr(stat_, ')');
	if (p && sscanf(p, ") %*c %ld", &parent) == 1)
		t->parent = (pid_t)parent;
	t->image = attach_target_image(pid);
	t->address_space_limited = prlimit(pid, RLIMIT_AS, NULL, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
	free(maps);
	return MS_OK;

fail:
	free(maps);
	attach_target_close(t);
	return status;
}

void attach_target_close(struct attach_target *t)
{
	if (t->memory >= 0)
		close(t->memory);
	t->memory = -1;
}
