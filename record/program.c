#include "program.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "options.h"

#define SCRIPT_LEVELS 5          /* interpreters of interpreters that Linux follows */
#define SEARCH_DEFAULT "/bin:/usr/bin" /* as in execvp without $PATH */

/* ---- ELF --------------------------------------------------------------------------------------------------------- */

static bool read_at(int fd, void *buffer, size_t size, uint64_t offset)
{
	return offset <= INT64_MAX && pread(fd, buffer, size, (off_t)offset) == (ssize_t)size;
}

/* A dynamic linker started as a program (ld.so ./app) has no interpreter but a name of its own (DT_SONAME). */
static bool has_soname(int fd, uint64_t offset, uint64_t bytes)
{
	Elf64_Dyn d;

	for (uint64_t i = 0; i + sizeof d <= bytes && i < 4096 * sizeof d; i += sizeof d) {
		if (!read_at(fd, &d, sizeof d, offset + i) || d.d_tag == DT_NULL)
			return false;
		if (d.d_tag == DT_SONAME)
			return true;
	}
	return false;
}

/* Where the byte at a virtual address stands in the file; UINT64_MAX = nowhere. */
static uint64_t file_offset(int fd, const Elf64_Ehdr *h, uint64_t address)
{
	for (unsigned i = 0; i < h->e_phnum; i++) {
		Elf64_Phdr p;

		if (!read_at(fd, &p, sizeof p, h->e_phoff + (uint64_t)i * h->e_phentsize))
			break;
		if (p.p_type == PT_LOAD && address - p.p_vaddr < p.p_filesz)
			return p.p_offset + (address - p.p_vaddr);
	}
	return UINT64_MAX;
}

/* Is one of the libraries that it names the run time of AddressSanitizer or ThreadSanitizer? */
static bool needs_sanitizer(int fd, const Elf64_Ehdr *h, uint64_t offset, uint64_t bytes)
{
	static const char *const prefixes[] = {"libasan.so", "libhwasan.so", "libtsan.so", "libclang_rt.asan",
	                                       "libclang_rt.hwasan", "libclang_rt.tsan"};
	uint64_t names = UINT64_MAX;
	Elf64_Dyn d;

	if (bytes > 4096 * sizeof d)
		bytes = 4096 * sizeof d;
	for (uint64_t i = 0; i + sizeof d <= bytes && read_at(fd, &d, sizeof d, offset + i) && d.d_tag != DT_NULL; i += sizeof d)
		if (d.d_tag == DT_STRTAB)
			names = file_offset(fd, h, d.d_un.d_ptr);
	if (names == UINT64_MAX)
		return false;
	for (uint64_t i = 0; i + sizeof d <= bytes && read_at(fd, &d, sizeof d, offset + i) && d.d_tag != DT_NULL; i += sizeof d) {
		char name[32];

		if (d.d_tag != DT_NEEDED || names > INT64_MAX - d.d_un.d_val || !read_at(fd, name, sizeof name, names + d.d_un.d_val))
			continue;
		for (size_t k = 0; k < sizeof prefixes / sizeof *prefixes; k++)
			if (strncmp(name, prefixes[k], strlen(prefixes[k])) == 0)
				return true;
	}
	return false;
}

static enum program_kind probe_elf(int fd, const Elf64_Ehdr *h)
{
	bool named = false, interpreted = false, sanitized = false;

	if (h->e_ident[EI_CLASS] != ELFCLASS64 || h->e_machine != EM_X86_64)
		return PROGRAM_FOREIGN;
	for (unsigned i = 0; i < h->e_phnum; i++) {
		Elf64_Phdr p;

		if (h->e_phentsize < sizeof p || !read_at(fd, &p, sizeof p, h->e_phoff + (uint64_t)i * h->e_phentsize))
			return PROGRAM_UNKNOWN;
		if (p.p_type == PT_INTERP)
			interpreted = true;
		if (p.p_type == PT_DYNAMIC) {
			named = has_soname(fd, p.p_offset, p.p_filesz);
			sanitized = needs_sanitizer(fd, h, p.p_offset, p.p_filesz);
		}
	}
	if (interpreted && sanitized)
		return PROGRAM_SANITIZED;
	return interpreted || named ? PROGRAM_DYNAMIC : PROGRAM_STATIC;
}

/* Will the kernel run it with more rights than ours? Then the dynamic linker is in its secure mode. */
static bool gains_rights(int fd)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return false;
	if ((st.st_mode & S_ISUID) && st.st_uid != getuid())
		return true;
	if ((st.st_mode & S_ISGID) && (st.st_mode & S_IXGRP) && st.st_gid != getgid())
		return true;
	return getuid() != 0 && fgetxattr(fd, "security.capability", NULL, 0) > 0;
}

/* The interpreter of a script's first line ("#! /bin/sh -e" -> "/bin/sh"); false when there is none. */
static bool interpreter(char *line, char *path, size_t path_bytes)
{
	char *start = line + 2 + strspn(line + 2, " \t");
	size_t length = strcspn(start, " \t\r\n");

	if (length == 0 || length >= path_bytes)
		return false;
	memcpy(path, start, length);
	path[length] = '\0';
	return true;
}

void program_probe(struct program *p)
{
	snprintf(p->image, sizeof p->image, "%s", p->path);
	p->kind = PROGRAM_UNKNOWN;
	for (int level = 0; level <= SCRIPT_LEVELS; level++) {
		union {
			Elf64_Ehdr elf;
			char text[256];
		} head;
		int fd = open(p->image, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
		ssize_t n;

		if (fd < 0)
			return; /* executable but not readable: assume that it can be recorded */
		memset(&head, 0, sizeof head);
		n = pread(fd, &head, sizeof head - 1, 0);
		if (n >= (ssize_t)sizeof head.elf && memcmp(head.elf.e_ident, ELFMAG, SELFMAG) == 0) {
			p->kind = probe_elf(fd, &head.elf);
			if (p->kind == PROGRAM_DYNAMIC && gains_rights(fd))
				p->kind = PROGRAM_PRIVILEGED;
			close(fd);
			return;
		}
		close(fd);
		if (n < 2 || head.text[0] != '#' || head.text[1] != '!' ||
		    !interpreter(head.text, p->image, sizeof p->image))
			return;
	}
}

const char *program_obstacle(enum program_kind kind)
{
	switch (kind) {
	case PROGRAM_STATIC:
		return "it is statically linked, so no library can be preloaded into it";
	case PROGRAM_FOREIGN:
		return "it is not an x86-64 program";
	case PROGRAM_PRIVILEGED:
		return "it runs with other rights than yours (set-user-ID, set-group-ID or file capabilities), so the dynamic "
		       "linker ignores LD_PRELOAD";
	case PROGRAM_SANITIZED:
		return "it is built with a sanitizer, which must be the first library of its process";
	case PROGRAM_DYNAMIC:
	case PROGRAM_UNKNOWN:
		break;
	}
	return "";
}

/* ---- lookup ------------------------------------------------------------------------------------------------------ */

/* 0: can be executed; else an errno. */
static int executable(const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return errno;
	if (S_ISDIR(st.st_mode))
		return EISDIR;
	if (!S_ISREG(st.st_mode))
		return EACCES;
	return access(path, X_OK) == 0 ? 0 : errno;
}

static int refuse(char *message, size_t bytes, const char *command, int error)
{
	bool missing = error == ENOENT || error == ENOTDIR;

	snprintf(message, bytes, "%s: %s", command, missing ? "not found" : strerror(error));
	return missing ? MS_EXIT_NOT_FOUND : MS_EXIT_NOT_EXECUTABLE;
}

int program_resolve(struct program *p, const char *command, const char *search, char *message, size_t message_bytes)
{
	int error = ENOENT;

	if (!*command)
		return refuse(message, message_bytes, "''", ENOENT);
	if (strchr(command, '/')) {
		if ((size_t)snprintf(p->path, sizeof p->path, "%s", command) >= sizeof p->path)
			error = ENAMETOOLONG;
		else
			error = executable(p->path);
	} else {
		if (!search)
			search = SEARCH_DEFAULT;
		for (const char *at = search;; at++) {
			int length = (int)strcspn(at, ":");
			int found;

			/* An empty element is the current folder. */
			if ((size_t)snprintf(p->path, sizeof p->path, "%.*s%s%s", length, at, length ? "/" : "./", command) <
			    sizeof p->path) {
				found = executable(p->path);
				if (found == 0) {
					error = 0;
					break;
				}
				if (found == EACCES)
					error = EACCES;
			}
			at += length;
			if (!*at)
				break;
		}
	}
	if (error != 0)
		return refuse(message, message_bytes, command, error);
	program_probe(p);
	return 0;
}
