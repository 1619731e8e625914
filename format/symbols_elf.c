/* symbols_elf.c - see symbols_elf.h: finds the files of a module. Its function symbols are in symbols_table.c. */
#include "format/symbols_elf.h"

#include <elfutils/libdwelf.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "format/errors.h"
#include "format/symbols_table.h"

/*
 * Small files are read, not mapped: a file that is cut short while it is mapped (a build that writes in place) would
 * kill us with SIGBUS. Beyond this size the memory matters more.
 */
#define MAP_FROM_BYTES (512ll << 20)

static const struct symbols_file no_file = {.fd = -1};

static void file_close(struct symbols_file *f)
{
	elf_end(f->elf);
	if (f->fd >= 0)
		close(f->fd);
	free(f->path);
	*f = no_file;
}

/* Takes fd over. False when it is no ELF object. */
static bool file_open_fd(struct symbols_file *f, int fd, const char *path)
{
	struct stat st;

	*f = no_file;
	if (fd < 0)
		return false;
	f->fd = fd;
	f->path = strdup(path);
	if (!f->path || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		goto fail;
	f->elf = elf_begin(fd, st.st_size >= MAP_FROM_BYTES ? ELF_C_READ_MMAP : ELF_C_READ, NULL);
	if (!f->elf || elf_kind(f->elf) != ELF_K_ELF)
		goto fail;
	return true;
fail:
	file_close(f);
	return false;
}

static bool file_open(struct symbols_file *f, const char *path)
{
	/* the path comes from a trace: it may name a FIFO or a terminal by now */
	return file_open_fd(f, open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), path);
}

static bool has_build_id(Elf *elf, const uint8_t *build_id, size_t build_id_bytes)
{
	const void *found = NULL;
	ssize_t n = dwelf_elf_gnu_build_id(elf, &found);

	if (n <= 0)
		return build_id_bytes == 0;
	return (size_t)n == build_id_bytes && memcmp(found, build_id, build_id_bytes) == 0;
}

/* DIRECTORY/.build-id/ab/cdef….debug; "" when the build-id is too short for it */
static void build_id_path(char *path, size_t size, const char *directory, const uint8_t *build_id, size_t bytes)
{
	int n;

	path[0] = '\0';
	if (bytes < 2 || bytes > 64)
		return;
	n = snprintf(path, size, "%s/.build-id/%02x/", directory, build_id[0]);
	if (n < 0 || (size_t)n + 2 * bytes + sizeof ".debug" > size) {
		path[0] = '\0';
		return;
	}
	for (size_t i = 1; i < bytes; i++)
		n += snprintf(path + n, size - (size_t)n, "%02x", build_id[i]);
	snprintf(path + n, size - (size_t)n, ".debug");
}

static bool open_by_build_id(struct symbols_file *f, const uint8_t *build_id, size_t bytes,
                             const struct symbols_search *search)
{
	char path[4096];

	if (!bytes)
		return false;
	build_id_path(path, sizeof path, search->debug_directory, build_id, bytes);
	if (path[0] && file_open(f, path)) {
		if (has_build_id(f->elf, build_id, bytes))
			return true;
		file_close(f);
	}
	return false;
}

/* The last resort: takes long when a server is asked. */
static bool open_from_server(struct symbols_file *f, const uint8_t *build_id, size_t bytes,
                             const struct symbols_search *search)
{
	if (!bytes || !search->debuginfod ||
	    !file_open_fd(f, symbols_debuginfod_find(search->debuginfod, build_id, bytes), "debuginfod"))
		return false;
	if (has_build_id(f->elf, build_id, bytes))
		return true;
	file_close(f);
	return false;
}

/* CRC-32 (IEEE 802.3, reflected) of a whole file, as .gnu_debuglink names it. */
static bool file_crc(int fd, uint32_t *out)
{
	uint32_t table[256], crc = ~0u;
	uint8_t buffer[16384];
	off_t position = 0;
	ssize_t n;

	for (uint32_t i = 0; i < 256; i++) {
		uint32_t c = i;

		for (int bit = 0; bit < 8; bit++)
			c = (c >> 1) ^ (c & 1 ? 0xedb88320u : 0);
		table[i] = c;
	}
	while ((n = pread(fd, buffer, sizeof buffer, position)) > 0) {
		for (ssize_t i = 0; i < n; i++)
			crc = table[(crc ^ buffer[i]) & 0xff] ^ (crc >> 8);
		position += n;
	}
	*out = ~crc;
	return n == 0;
}

/* A debug file belongs to the module when the build-ids are equal; without one, when the checksum is the linked one. */
static bool matches_link(const struct symbols_file *f, const uint8_t *build_id, size_t bytes, uint32_t crc)
{
	uint32_t found;

	if (bytes)
		return has_build_id(f->elf, build_id, bytes);
	return file_crc(f->fd, &found) && found == crc;
}

static bool open_by_link(struct symbols_file *f, const struct symbols_file *main, const uint8_t *build_id, size_t bytes,
                         const struct symbols_search *search)
{
	const char *slash = strrchr(main->path, '/');
	const char *folder = slash ? main->path : ".";
	int directory = slash ? (int)(slash - main->path) : 1;
	GElf_Word crc = 0;
	const char *link = dwelf_elf_gnu_debuglink(main->elf, &crc);
	char path[4096];

	/* a bare name: a path in it would lead anywhere */
	if (!link || !*link || strchr(link, '/'))
		return false;
	for (int place = 0; place < 3; place++) {
		int n;

		if (place == 2)
			n = snprintf(path, sizeof path, "%s%.*s/%s", search->debug_directory, directory, folder, link);
		else
			n = snprintf(path, sizeof path, "%.*s/%s%s", directory, folder, place ? ".debug/" : "", link);
		if (n < 0 || (size_t)n >= sizeof path || strcmp(path, main->path) == 0 || !file_open(f, path))
			continue;
		if (matches_link(f, build_id, bytes, crc))
			return true;
		file_close(f);
	}
	return false;
}

static bool has_debug_information(Elf *elf)
{
	size_t names;
	Elf_Scn *section = NULL;

	if (elf_getshdrstrndx(elf, &names) < 0)
		return false;
	while ((section = elf_nextscn(elf, section)) != NULL) {
		GElf_Shdr header;
		const char *name;

		if (!gelf_getshdr(section, &header) || header.sh_type == SHT_NOBITS)
			continue;
		name = elf_strptr(elf, names, header.sh_name);
		if (name && (strcmp(name, ".debug_info") == 0 || strcmp(name, ".zdebug_info") == 0))
			return true;
	}
	return false;
}

/* DT_SONAME of the file; NULL when it has none. Borrowed. */
static const char *soname_of(Elf *elf)
{
	Elf_Scn *section = NULL;

	while ((section = elf_nextscn(elf, section)) != NULL) {
		GElf_Shdr header;
		Elf_Data *data;
		GElf_Dyn entry;

		if (!gelf_getshdr(section, &header) || header.sh_type != SHT_DYNAMIC || !(data = elf_getdata(section, NULL)))
			continue;
		for (int i = 0; gelf_getdyn(data, i, &entry) && entry.d_tag != DT_NULL; i++)
			if (entry.d_tag == DT_SONAME)
				return elf_strptr(elf, header.sh_link, entry.d_un.d_val);
	}
	return NULL;
}

static bool is_c_library(Elf *elf)
{
	static const char *const names[] = {
		"libc.so.6", "ld-linux-x86-64.so.2", "libm.so.6", "libpthread.so.0", "libdl.so.2", "librt.so.1", "libresolv.so.2",
	};
	const char *soname = soname_of(elf);

	for (size_t i = 0; soname && i < sizeof names / sizeof *names; i++)
		if (strcmp(soname, names[i]) == 0)
			return true;
	return false;
}

/* The file that dwz moved common parts into: without it the names of many functions are missing. */
static void open_alternate(struct symbols_elf *e, const struct symbols_file *owner, const struct symbols_search *search)
{
	struct symbols_file *f = &e->alternate;
	const char *name = NULL, *slash;
	const void *build_id = NULL;
	ssize_t bytes = dwelf_dwarf_gnu_debugaltlink(e->dwarf, &name, &build_id);
	char path[4096];
	int n;

	if (bytes <= 0)
		return;
	if (!open_by_build_id(f, build_id, (size_t)bytes, search)) {
		slash = strrchr(owner->path, '/');
		n = snprintf(path, sizeof path, "%.*s%s", name[0] == '/' || !slash ? 0 : (int)(slash + 1 - owner->path),
		             owner->path, name);
		if (n > 0 && (size_t)n < sizeof path && file_open(f, path) && !has_build_id(f->elf, build_id, (size_t)bytes))
			file_close(f);
	}
	if (!f->elf && !open_from_server(f, build_id, (size_t)bytes, search))
		return;
	e->alternate_dwarf = dwarf_begin_elf(f->elf, DWARF_C_READ, NULL);
	if (e->alternate_dwarf)
		dwarf_setalt(e->dwarf, e->alternate_dwarf);
}

static int read_segments(struct symbols_elf *e)
{
	size_t n;

	if (elf_getphdrnum(e->main.elf, &n) < 0)
		return MS_OK;
	e->code = calloc(n ? n : 1, sizeof *e->code);
	if (!e->code)
		return MS_E_NOMEM;
	for (size_t i = 0; i < n; i++) {
		GElf_Phdr header;

		if (gelf_getphdr(e->main.elf, (int)i, &header) && header.p_type == PT_LOAD && (header.p_flags & PF_X) &&
		    header.p_vaddr + header.p_memsz > header.p_vaddr)
			e->code[e->code_count++] =
			        (struct symbols_range){.low = header.p_vaddr, .high = header.p_vaddr + header.p_memsz};
	}
	return MS_OK;
}

int symbols_elf_open(struct symbols_elf **out, const char *path, const uint8_t *build_id, size_t build_id_bytes,
                     const struct symbols_search *search)
{
	struct symbols_elf *e = calloc(1, sizeof *e);
	const struct symbols_file *owner;
	int code = MS_E_NOT_FOUND;

	*out = NULL;
	if (!e)
		return MS_E_NOMEM;
	e->main = e->debug = e->alternate = no_file;
	elf_version(EV_CURRENT);
	if (file_open(&e->main, path) && !has_build_id(e->main.elf, build_id, build_id_bytes))
		file_close(&e->main);
	if (!e->main.elf && !open_by_build_id(&e->main, build_id, build_id_bytes, search) &&
	    !open_from_server(&e->main, build_id, build_id_bytes, search))
		goto fail;
	owner = &e->main;
	if (!has_debug_information(e->main.elf) && (open_by_build_id(&e->debug, build_id, build_id_bytes, search) ||
	                                            open_by_link(&e->debug, &e->main, build_id, build_id_bytes, search) ||
	                                            open_from_server(&e->debug, build_id, build_id_bytes, search)))
		owner = &e->debug;
	code = read_segments(e);
	if (!code)
		code = symbols_table_read(e);
	if (code)
		goto fail;
	e->c_library = owner == &e->debug && is_c_library(e->main.elf);
	if (!search->tables_only && !(search->c_library_by_name && e->c_library) && has_debug_information(owner->elf))
		e->dwarf = dwarf_begin_elf(owner->elf, DWARF_C_READ, NULL);
	if (e->dwarf)
		open_alternate(e, owner, search);
	*out = e;
	return MS_OK;
fail:
	symbols_elf_close(e);
	return code;
}

bool symbols_elf_is_code(const struct symbols_elf *e, uint64_t low, uint64_t high)
{
	for (size_t i = 0; i < e->code_count; i++)
		if (low >= e->code[i].low && high <= e->code[i].high)
			return low < high;
	return false;
}

void symbols_elf_close(struct symbols_elf *e)
{
	if (!e)
		return;
	dwarf_end(e->dwarf);
	dwarf_end(e->alternate_dwarf);
	file_close(&e->alternate);
	file_close(&e->debug);
	file_close(&e->main);
	free(e->code);
	free(e->functions);
	symbols_intervals_free(&e->function_ranges);
	free(e);
}
