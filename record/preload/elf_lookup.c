/*
 * elf_lookup.c - symbol lookup over the mapped dynamic sections (System V gABI, "Dynamic Linking"; GNU hash tables as
 * written by binutils' --hash-style=gnu).
 */
#include "elf_lookup.h"

#include <elf.h>
#include <link.h>
#include <stdint.h>
#include <sys/auxv.h>

/* This library's own dynamic section; the linker defines it. */
extern ElfW(Dyn) _DYNAMIC[] __attribute__((visibility("hidden")));

#define HIDDEN_VERSION 0x8000u

struct symbols {
	uintptr_t bias;
	const ElfW(Sym) * table;
	const char *strings;
	const uint16_t *versions; /* NULL = unversioned */
	const uint32_t *gnu_hash; /* one of the two may be missing */
	const uint32_t *sysv_hash;
	const ElfW(Sym) * *found; /* NULL, or: the symbol itself is wanted; indirect functions are not asked */
};

struct search {
	struct ms_lookup *wanted;
	size_t count;
	bool everywhere;
	bool past_us;
};

static bool equal(const char *a, const char *b)
{
	while (*a != '\0' && *a == *b)
		a++, b++;
	return *a == *b;
}

/* The loader adds the bias in place, but not where the section is read-only (the vDSO). */
static const void *pointer(const struct symbols *s, uintptr_t value)
{
	return (const void *)(value < s->bias ? value + s->bias : value);
}

static bool read_dynamic(struct symbols *s, const ElfW(Dyn) *dynamic)
{
	for (; dynamic->d_tag != DT_NULL; dynamic++) {
		const void *at = pointer(s, dynamic->d_un.d_ptr);

		switch (dynamic->d_tag) {
		case DT_SYMTAB:
			s->table = at;
			break;
		case DT_STRTAB:
			s->strings = at;
			break;
		case DT_VERSYM:
			s->versions = at;
			break;
		case DT_GNU_HASH:
			s->gnu_hash = at;
			break;
		case DT_HASH:
			s->sysv_hash = at;
			break;
		}
	}
	return s->table != NULL && s->strings != NULL && (s->gnu_hash != NULL || s->sysv_hash != NULL);
}

/* The symbol, if it is the one: its address, or what an indirect function says. */
static void *address_if(const struct symbols *s, uint32_t index, const char *name)
{
	const ElfW(Sym) *symbol = &s->table[index];
	unsigned type = ELF64_ST_TYPE(symbol->st_info);
	void *address = (void *)(s->bias + symbol->st_value);

	if (symbol->st_shndx == SHN_UNDEF || symbol->st_value == 0 || ELF64_ST_BIND(symbol->st_info) == STB_LOCAL ||
	    !equal(s->strings + symbol->st_name, name))
		return NULL;
	if (s->versions != NULL && (s->versions[index] & HIDDEN_VERSION) != 0)
		return NULL;
	if (s->found != NULL) {
		*s->found = type == STT_FUNC ? symbol : NULL;
		return address;
	}
	if (type == STT_GNU_IFUNC)
		return ((void *(*)(void))address)();
	return type == STT_FUNC || type == STT_NOTYPE ? address : NULL;
}

/* Header: buckets, first symbol, words of the Bloom filter, its shift; then filter, buckets, chains. */
static void *find_gnu(const struct symbols *s, const char *name)
{
	const uint32_t *h = s->gnu_hash;
	const uint32_t *buckets = h + 4 + 2 * h[2];
	const uint32_t *chains = buckets + h[0];
	uint32_t hash = 5381;
	uint32_t i;

	for (const char *c = name; *c != '\0'; c++)
		hash = hash * 33 + (unsigned char)*c;
	if (h[0] == 0 || (i = buckets[hash % h[0]]) < h[1])
		return NULL;
	for (;; i++) {
		uint32_t entry = chains[i - h[1]];

		if ((entry | 1) == (hash | 1)) {
			void *address = address_if(s, i, name);

			if (address != NULL)
				return address;
		}
		if ((entry & 1) != 0)
			return NULL;
	}
}

static void *find_sysv(const struct symbols *s, const char *name)
{
	const uint32_t *h = s->sysv_hash;
	uint32_t hash = 0;

	for (const char *c = name; *c != '\0'; c++) {
		uint32_t high;

		hash = (hash << 4) + (unsigned char)*c;
		high = hash & 0xf0000000;
		hash = (hash ^ (high >> 24)) & ~high;
	}
	if (h[0] == 0)
		return NULL;
	for (uint32_t i = h[2 + hash % h[0]]; i != 0; i = h[2 + h[0] + i]) {
		void *address = address_if(s, i, name);

		if (address != NULL)
			return address;
	}
	return NULL;
}

/* The kernel's library has functions by the names of libc's with other arguments, like getrandom: there only its own names count. */
static bool is_kernels(const char *name)
{
	for (const char *own = "__vdso_"; *own != '\0'; own++, name++)
		if (*name != *own)
			return false;
	return true;
}

static int look_into(struct dl_phdr_info *info, size_t bytes, void *context)
{
	struct symbols symbols = {.bias = info->dlpi_addr};
	struct search *search = context;
	const ElfW(Dyn) *dynamic = NULL;
	const uintptr_t kernels = getauxval(AT_SYSINFO_EHDR);
	const bool vdso = kernels != 0 && info->dlpi_addr == kernels;

	(void)bytes;
	for (unsigned i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_DYNAMIC)
			dynamic = (const void *)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);
	if (dynamic == _DYNAMIC) {
		search->past_us = true;
		return 0;
	}
	if (dynamic == NULL || !(search->past_us || search->everywhere) || !read_dynamic(&symbols, dynamic))
		return 0;
	for (size_t i = 0; i < search->count; i++) {
		struct ms_lookup *wanted = &search->wanted[i];

		if (wanted->address == NULL && (!vdso || is_kernels(wanted->name)))
			wanted->address = symbols.gnu_hash != NULL ? find_gnu(&symbols, wanted->name)
								   : find_sysv(&symbols, wanted->name);
	}
	return 0;
}

bool ms_lookup_in(const struct dl_phdr_info *module, const char *name, uint64_t *address, uint64_t *bytes)
{
	const ElfW(Sym) *symbol = NULL;
	struct symbols symbols = {.bias = module->dlpi_addr, .found = &symbol};

	for (unsigned i = 0; i < module->dlpi_phnum; i++) {
		const ElfW(Dyn) *dynamic = (const void *)(module->dlpi_addr + module->dlpi_phdr[i].p_vaddr);

		if (module->dlpi_phdr[i].p_type != PT_DYNAMIC || !read_dynamic(&symbols, dynamic))
			continue;
		if ((symbols.gnu_hash != NULL ? find_gnu(&symbols, name) : find_sysv(&symbols, name)) == NULL || symbol == NULL)
			return false;
		*address = module->dlpi_addr + symbol->st_value;
		*bytes = symbol->st_size;
		return true;
	}
	return false;
}

void ms_lookup(struct ms_lookup *wanted, size_t count, bool everywhere)
{
	struct search search = {.wanted = wanted, .count = count, .everywhere = everywhere};

	dl_iterate_phdr(look_into, &search);
}
