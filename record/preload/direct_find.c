/*
 * direct_find.c - which allocator functions a module has (direct.h).
 *
 * Names that others may use stand in the module's dynamic symbols. An executable has more of them in its file: what was linked statically is
 * in its symbol table, unless that was stripped. A name alone proves nothing: a program may have a my_malloc, and call it
 * mi_malloc. So a family counts only when several names that belong together are there.
 */
#include <elf.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "direct.h"
#include "elf_lookup.h"
#include "raw.h"

#define AT_FDCWD_ (-100)
#define FILE_MAX (UINT64_C(4) << 30)
#define BUCKETS 1024u
_Static_assert(BUCKETS > 2 * MS_DIRECT_ROWS_MAX, "half empty");

/* What jemalloc's functions are called when they shall not be malloc and free; the first is none. */
static const char *const prefixes[] = {"", "je_", "_rjem_", "jemalloc_", "rjem_"};
#define PREFIXES (sizeof prefixes / sizeof *prefixes)

/* Names by row and prefix (rows of other groups: the first only). */
struct names {
	uint64_t address[MS_DIRECT_ROWS_MAX][PREFIXES], size[MS_DIRECT_ROWS_MAX][PREFIXES];
	bool twice[MS_DIRECT_ROWS_MAX][PREFIXES]; /* two functions of this name */
	uint64_t visit;
	bool complete;                   /* the symbol table of the file was read, too */
	uint16_t bucket[BUCKETS];        /* 1 + row */
};

static uint32_t hash(const char *name, size_t bytes)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < bytes; i++)
		h = (h ^ (unsigned char)name[i]) * 16777619u;
	return h % BUCKETS;
}

static void fill_buckets(struct names *n)
{
	for (uint32_t row = 0; row < ms_direct_row_count; row++) {
		uint32_t b = hash(ms_direct_rows[row].name, strlen(ms_direct_rows[row].name));

		while (n->bucket[b] != 0)
			b = (b + 1) % BUCKETS;
		n->bucket[b] = (uint16_t)(row + 1);
	}
}

static void note(struct names *n, uint32_t row, uint32_t prefix, uint64_t address, uint64_t size)
{
	uint64_t known = n->address[row][prefix];

	if (known != 0 && known != address)
		n->twice[row][prefix] = true;
	if (known == 0 || (known == address && n->size[row][prefix] == 0)) {
		n->address[row][prefix] = address;
		n->size[row][prefix] = size;
	}
}

static bool has_prefixes(uint32_t row)
{
	return ms_direct_rows[row].group <= MS_DIRECT_GROUP_JE;
}

/* ---- dynamic symbols --------------------------------------------------------------------------------------------- */

static void look_up(struct names *n, const struct dl_phdr_info *info)
{
	char name[64];
	uint64_t address, size;

	for (uint32_t row = 0; row < ms_direct_row_count; row++) {
		for (uint32_t p = 0; p < (has_prefixes(row) ? PREFIXES : 1); p++) {
			size_t before = strlen(prefixes[p]), length = strlen(ms_direct_rows[row].name);

			if (before + length >= sizeof name)
				continue;
			memcpy(name, prefixes[p], before);
			memcpy(name + before, ms_direct_rows[row].name, length + 1);
			if (ms_lookup_in(info, name, &address, &size))
				note(n, row, p, address, size);
		}
	}
	if (ms_lookup_in(info, "mi_heap_visit_blocks", &address, &size))
		n->visit = address;
}

static bool defines_one_of(const struct dl_phdr_info *info, const char *const *names, size_t count)
{
	uint64_t address, size;

	for (size_t i = 0; i < count; i++)
		if (ms_lookup_in(info, names[i], &address, &size))
			return true;
	return false;
}

/* Most modules have nothing to do with it: a few names say so. */
static bool is_worth_it(const struct dl_phdr_info *info)
{
	static const char *const signs[] = {"mallocx", "mi_malloc", "tc_malloc", "je_malloc", "_rjem_malloc", "jemalloc_malloc", "rjem_malloc"};

	return defines_one_of(info, signs, sizeof signs / sizeof *signs);
}

/* The run time of a sanitizer replaces malloc in its own way, and may not be touched. */
static bool is_sanitized(const struct dl_phdr_info *info)
{
	static const char *const signs[] = {"__asan_init", "__tsan_init", "__msan_init", "__hwasan_init", "__lsan_init"};

	return defines_one_of(info, signs, sizeof signs / sizeof *signs);
}

/* ---- the symbol table of the executable -------------------------------------------------------------------------- */

static void match(struct names *n, const char *name, size_t length, uint64_t address, uint64_t size)
{
	uint32_t prefix = 0;

	if (length == 20 && memcmp(name, "mi_heap_visit_blocks", 20) == 0)
		n->visit = address;
	for (uint32_t p = 1; p < PREFIXES; p++)
		if (strncmp(name, prefixes[p], strlen(prefixes[p])) == 0)
			prefix = p;
	name += strlen(prefixes[prefix]);
	length -= strlen(prefixes[prefix]);
	for (uint32_t b = hash(name, length); n->bucket[b] != 0; b = (b + 1) % BUCKETS) {
		uint32_t row = n->bucket[b] - 1u;

		if (strcmp(ms_direct_rows[row].name, name) == 0) {
			if (prefix == 0 || has_prefixes(row))
				note(n, row, prefix, address, size);
			return;
		}
	}
}

static void read_symbols(struct names *n, const uint8_t *file, uint64_t bytes, uint64_t bias)
{
	const ElfW(Ehdr) *header = (const void *)file;
	const ElfW(Shdr) *sections;
	uint8_t first[256] = {0};

	if (bytes < sizeof *header || memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 || header->e_ident[EI_CLASS] != ELFCLASS64 ||
	    header->e_shentsize != sizeof *sections || header->e_shoff % 8 != 0 || header->e_shoff > bytes ||
	    (bytes - header->e_shoff) / sizeof *sections < header->e_shnum)
		return;
	for (uint32_t row = 0; row < ms_direct_row_count; row++)
		first[(unsigned char)ms_direct_rows[row].name[0]] = 1;
	for (uint32_t p = 1; p < PREFIXES; p++)
		first[(unsigned char)prefixes[p][0]] = 1;
	sections = (const void *)(file + header->e_shoff);
	for (unsigned i = 0; i < header->e_shnum; i++) {
		const ElfW(Shdr) *table = &sections[i], *strings;
		const ElfW(Sym) *symbols;
		const char *text;

		if (table->sh_type != SHT_SYMTAB || table->sh_link >= header->e_shnum || table->sh_offset % 8 != 0)
			continue;
		strings = &sections[table->sh_link];
		if (table->sh_offset > bytes || table->sh_size > bytes - table->sh_offset || strings->sh_offset > bytes ||
		    strings->sh_size > bytes - strings->sh_offset)
			continue;
		symbols = (const void *)(file + table->sh_offset);
		text = (const char *)(file + strings->sh_offset);
		n->complete = true;
		for (uint64_t k = 0; k < table->sh_size / sizeof *symbols; k++) {
			const ElfW(Sym) *s = &symbols[k];
			size_t room, length;

			if (ELF64_ST_TYPE(s->st_info) != STT_FUNC || s->st_shndx == SHN_UNDEF || s->st_shndx >= SHN_LORESERVE ||
			    s->st_name >= strings->sh_size || !first[(unsigned char)text[s->st_name]])
				continue;
			room = strings->sh_size - s->st_name;
			/* by hand: the guard's library exports strnlen, and would report this call */
			for (length = 0; length < room && length < 64 && text[s->st_name + length] != '\0';)
				length++;
			if (length < room && length < 64)
				match(n, text + s->st_name, length, bias + s->st_value, s->st_size);
		}
	}
}

static void read_executable(struct names *n, uint64_t bias)
{
	long fd = ms_raw(SYS_openat, AT_FDCWD_, (long)"/proc/self/exe", 02000000 /* O_CLOEXEC */, 0, 0, 0);
	struct stat st;
	long at;

	if (ms_raw_failed(fd))
		return;
	if (ms_raw(SYS_fstat, fd, (long)&st, 0, 0, 0, 0) == 0 && st.st_size > 0 && (uint64_t)st.st_size <= FILE_MAX) {
		at = ms_raw_mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, (int)fd, 0);
		if (!ms_raw_failed(at)) {
			fill_buckets(n);
			read_symbols(n, (const uint8_t *)at, (uint64_t)st.st_size, bias);
			ms_raw_munmap((void *)at, (size_t)st.st_size);
		}
	}
	ms_raw(SYS_close, fd, 0, 0, 0, 0, 0);
}

/* ---- which of them belong together ------------------------------------------------------------------------------- */

static uint64_t named(const struct names *n, uint32_t prefix, const char *name)
{
	for (uint32_t row = 0; row < ms_direct_row_count; row++)
		if (strcmp(ms_direct_rows[row].name, name) == 0)
			return n->address[row][prefix];
	return 0;
}

/* Functions of no more than a module's code. */
static bool in_code(const struct dl_phdr_info *info, uint64_t address, uint64_t size)
{
	for (unsigned i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *h = &info->dlpi_phdr[i];
		uint64_t start = info->dlpi_addr + h->p_vaddr;

		if (h->p_type == PT_LOAD && (h->p_flags & PF_X) != 0 && address >= start && address - start < h->p_filesz &&
		    size <= h->p_filesz - (address - start))
			return true;
	}
	return false;
}

static void add(struct ms_direct_module *m, const struct names *n, uint32_t row, uint32_t prefix, bool *usable)
{
	uint64_t address = n->address[row][prefix], size = n->size[row][prefix];
	uint32_t i = 0;

	if (address == 0)
		return;
	if (m->alias[row] != 0) {
		*usable &= m->found[m->alias[row] - 1].address == address;
		return;
	}
	if (n->twice[row][prefix] || !in_code(m->info, address, size))
		*usable = false;
	while (i < m->count && m->found[i].address != address)
		i++;
	if (i == m->count)
		m->found[m->count++] = (struct ms_direct_found){row, address, size};
	else if (ms_direct_rows[row].frees == 2 && ms_direct_rows[m->found[i].row].frees == 1)
		m->plain = true;
	m->alias[row] = (uint16_t)(i + 1);
}

static void add_group(struct ms_direct_module *m, const struct names *n, uint8_t group, uint32_t prefix, bool *usable)
{
	for (uint32_t row = 0; row < ms_direct_row_count; row++)
		if (ms_direct_rows[row].group == group)
			add(m, n, row, prefix, usable);
}

static void set_range(struct ms_direct_module *m)
{
	m->start = UINT64_MAX;
	m->end = 0;
	for (unsigned i = 0; i < m->info->dlpi_phnum; i++) {
		const ElfW(Phdr) *h = &m->info->dlpi_phdr[i];
		uint64_t start = m->info->dlpi_addr + h->p_vaddr;

		if (h->p_type != PT_LOAD)
			continue;
		m->start = start < m->start ? start : m->start;
		m->end = start + h->p_memsz > m->end ? start + h->p_memsz : m->end;
	}
}

bool ms_direct_find(struct ms_direct_module *m)
{
	struct names *n;
	bool usable = true;

	if (ms_direct_row_count > MS_DIRECT_ROWS_MAX || (!m->executable && !is_worth_it(m->info)) ||
	    is_sanitized(m->info))
		return false;
	n = ms_raw_memory(sizeof *n);
	if (n == NULL)
		return false;
	look_up(n, m->info);
	if (m->executable)
		read_executable(n, m->info->dlpi_addr);
	set_range(m);
	m->family = MS_DIRECT_OWN;
	/* Free first: where a delete is the same function, the free is what it is called. */
	if (m->executable && named(n, 0, "malloc") != 0 && named(n, 0, "free") != 0 &&
	    (named(n, 0, "calloc") != 0 || named(n, 0, "realloc") != 0))
		add_group(m, n, MS_DIRECT_GROUP_C, 0, &usable);
	for (uint32_t p = 0; p < PREFIXES; p++) {
		bool own = named(n, p, "mallocx") != 0 && named(n, p, "dallocx") != 0;

		/* Without a prefix malloc itself is interposed in libraries. */
		if (p > 0 && own && named(n, p, "malloc") != 0 && named(n, p, "free") != 0)
			add_group(m, n, MS_DIRECT_GROUP_C, p, &usable);
		if (own) {
			m->family = MS_DIRECT_JEMALLOC;
			add_group(m, n, MS_DIRECT_GROUP_JE, p, &usable);
		}
	}
	if (named(n, 0, "tc_malloc") != 0 && named(n, 0, "tc_free") != 0 && named(n, 0, "tc_posix_memalign") != 0) {
		m->family = MS_DIRECT_TCMALLOC;
		add_group(m, n, MS_DIRECT_GROUP_TC, 0, &usable);
	}
	if (named(n, 0, "mi_malloc") != 0 && named(n, 0, "mi_free") != 0 && named(n, 0, "mi_heap_malloc") != 0) {
		m->family = MS_DIRECT_MIMALLOC;
		m->visit = n->visit;
		add_group(m, n, MS_DIRECT_GROUP_MI, 0, &usable);
	}
	if (m->executable && m->count > 0)
		add_group(m, n, MS_DIRECT_GROUP_CXX, 0, &usable);
	m->obstacle = !usable ? MS_DIRECT_TWICE : m->executable && !n->complete ? MS_DIRECT_STRIPPED : MS_DIRECT_NONE;
	ms_raw_munmap(n, sizeof *n);
	return m->count > 0;
}
