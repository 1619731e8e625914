/*
 * symbols_table.c - see symbols_table.h.
 *
 * A symbol with a size covers exactly that; one without (assembly labels) reaches to the next symbol of its section.
 * An address between symbols has no name: the symbol before it would be a guess.
 */
#include "format/symbols_table.h"

#include <gelf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "format/errors.h"
#include "format/symbols_elf.h"

struct symbol {
	uint64_t low, high;              /* high = low: no size */
	uint64_t limit;                  /* end of the section */
	uint32_t rank;                   /* of the names of one address, the lowest is shown */
	const char *name;
};

struct symbol_list {
	struct symbol *v;
	size_t n, capacity;
	enum symbols_kind kind;          /* what is wanted */
};

/* Functions before labels, plain names before __internal ones, global before weak before local, short before long. */
static uint32_t rank_of(const GElf_Sym *symbol, const char *name)
{
	unsigned type = GELF_ST_TYPE(symbol->st_info), bind = GELF_ST_BIND(symbol->st_info);
	size_t underscores = strspn(name, "_"), length = strcspn(name, "@");
	uint32_t rank = type == STT_NOTYPE;

	if (underscores == 1 && (name[1] == 'Z' || name[1] == 'R'))
		underscores = 0; /* mangled */
	rank = rank * 8 + (uint32_t)(underscores < 7 ? underscores : 7);
	rank = rank * 4 + (bind == STB_GLOBAL ? 0 : bind == STB_WEAK ? 1 : 2);
	return rank * 4096 + (uint32_t)(length < 4095 ? length : 4095);
}

static bool is_wanted(enum symbols_kind kind, const GElf_Sym *symbol, const char *name)
{
	unsigned type = GELF_ST_TYPE(symbol->st_info);

	if (symbol->st_shndx == SHN_UNDEF || !name || !*name)
		return false;
	if (kind != SYMBOLS_FUNCTIONS)
		return type == (kind == SYMBOLS_TLS ? STT_TLS : STT_OBJECT) && symbol->st_size > 0;
	if (type == STT_FUNC || type == STT_GNU_IFUNC)
		return true;
	return type == STT_NOTYPE && name[0] != '$' && name[0] != '.' && strncmp(name, "__start_", 8) != 0 &&
	       strncmp(name, "__stop_", 7) != 0;
}

static int add(struct symbol_list *list, const struct symbol *symbol)
{
	if (list->n == list->capacity) {
		size_t capacity = list->capacity ? list->capacity * 2 : 1024;
		struct symbol *grown = realloc(list->v, capacity * sizeof *grown);

		if (!grown)
			return MS_E_NOMEM;
		list->v = grown;
		list->capacity = capacity;
	}
	list->v[list->n++] = *symbol;
	return MS_OK;
}

/* The section at `index`; false when it is none that holds symbols of this kind. */
static bool wanted_section(enum symbols_kind kind, Elf *elf, size_t index, GElf_Shdr *out)
{
	Elf_Scn *section = elf_getscn(elf, index);

	if (!section || !gelf_getshdr(section, out))
		return false;
	switch (kind) {
	case SYMBOLS_FUNCTIONS:
		return out->sh_flags & SHF_EXECINSTR;
	case SYMBOLS_DATA:
		return (out->sh_flags & SHF_ALLOC) && !(out->sh_flags & SHF_TLS);
	case SYMBOLS_TLS:
		/* values are offsets in the TLS segment, not addresses */
		out->sh_addr = 0;
		out->sh_size = UINT64_MAX;
		return out->sh_flags & SHF_TLS;
	}
	return false;
}

static int read_table(struct symbol_list *list, Elf *elf, Elf_Scn *table, const GElf_Shdr *header, Elf_Data *wide_index)
{
	Elf_Data *data = elf_getdata(table, NULL);
	size_t n = data && header->sh_entsize ? data->d_size / header->sh_entsize : 0;
	size_t known = SIZE_MAX; /* section whose header is in `code` */
	bool has_some = false;
	GElf_Shdr code = {0};

	for (size_t i = 1; i < n && i <= INT32_MAX; i++) {
		GElf_Sym symbol;
		Elf32_Word wide = 0;
		size_t section;
		const char *name;

		if (!gelf_getsymshndx(data, wide_index, (int)i, &symbol, &wide))
			break;
		section = symbol.st_shndx == SHN_XINDEX ? wide : symbol.st_shndx;
		if (symbol.st_shndx >= SHN_LORESERVE && symbol.st_shndx != SHN_XINDEX)
			continue;
		if (section != known) {
			has_some = wanted_section(list->kind, elf, section, &code);
			known = section;
		}
		if (!has_some || symbol.st_value < code.sh_addr || symbol.st_value - code.sh_addr >= code.sh_size)
			continue;
		name = elf_strptr(elf, header->sh_link, symbol.st_name);
		if (!is_wanted(list->kind, &symbol, name))
			continue;
		uint64_t limit = code.sh_addr + code.sh_size;
		uint64_t room = limit - symbol.st_value;
		struct symbol s = {
		        .low = symbol.st_value,
		        .high = symbol.st_value + (symbol.st_size < room ? symbol.st_size : room),
		        .limit = limit,
		        .rank = rank_of(&symbol, name),
		        .name = name,
		};
		if (add(list, &s))
			return MS_E_NOMEM;
	}
	return MS_OK;
}

static int read_tables(struct symbol_list *list, Elf *elf)
{
	Elf_Scn *section = NULL;
	Elf_Data *wide_index = NULL;
	int code = MS_OK;

	while ((section = elf_nextscn(elf, section)) != NULL) {
		GElf_Shdr header;

		if (gelf_getshdr(section, &header) && header.sh_type == SHT_SYMTAB_SHNDX)
			wide_index = elf_getdata(section, NULL);
	}
	while (!code && (section = elf_nextscn(elf, section)) != NULL) {
		GElf_Shdr header;

		if (gelf_getshdr(section, &header) && (header.sh_type == SHT_SYMTAB || header.sh_type == SHT_DYNSYM))
			code = read_table(list, elf, section, &header, header.sh_type == SHT_SYMTAB ? wide_index : NULL);
	}
	return code;
}

static int compare(const void *pa, const void *pb)
{
	const struct symbol *a = pa, *b = pb;

	if (a->low != b->low)
		return a->low < b->low ? -1 : 1;
	if (a->rank != b->rank)
		return a->rank < b->rank ? -1 : 1;
	return strcmp(a->name, b->name);
}

/* The symbols of one kind in all tables of the module, sorted. list->v is the caller's to free, also after an error. */
static int read_kind(struct symbol_list *list, const struct symbols_elf *e, enum symbols_kind kind)
{
	int code;

	*list = (struct symbol_list){.kind = kind};
	code = read_tables(list, e->main.elf);
	if (!code && e->debug.elf)
		code = read_tables(list, e->debug.elf);
	if (!code && list->n)
		qsort(list->v, list->n, sizeof *list->v, compare);
	return code;
}

int symbols_table_read_objects(const struct symbols_elf *e, enum symbols_kind kind, struct symbols_objects *out)
{
	struct symbol_list list;
	int code = read_kind(&list, e, kind);

	*out = (struct symbols_objects){0};
	if (code)
		goto done;
	out->v = malloc((list.n ? list.n : 1) * sizeof *out->v);
	if (!out->v) {
		code = MS_E_NOMEM;
		goto done;
	}
	for (size_t i = 0; i < list.n && !code; i++) {
		const struct symbol *s = &list.v[i];

		if (i > 0 && s->low == list.v[i - 1].low)
			continue; /* another name for the same; the best came first */
		out->v[out->n] = (struct symbols_object){.low = s->low, .high = s->high, .name = s->name};
		code = symbols_intervals_add(&out->ranges, s->low, s->high, (uint32_t)out->n++, 0);
	}
	if (!code)
		code = symbols_intervals_build(&out->ranges);
done:
	if (code)
		symbols_objects_free(out);
	free(list.v);
	return code;
}

void symbols_objects_free(struct symbols_objects *o)
{
	symbols_intervals_free(&o->ranges);
	free(o->v);
	*o = (struct symbols_objects){0};
}

int symbols_table_read(struct symbols_elf *e)
{
	struct symbol_list list;
	uint64_t covered = 0; /* end of the functions with a size so far */
	int code = read_kind(&list, e, SYMBOLS_FUNCTIONS);

	if (code)
		goto done;
	e->functions = malloc((list.n ? list.n : 1) * sizeof *e->functions);
	if (!e->functions) {
		code = MS_E_NOMEM;
		goto done;
	}
	for (size_t i = 0; i < list.n && !code;) {
		struct symbol *s = &list.v[i]; /* the best name of its address */
		uint64_t next, high = s->high;
		size_t j = i + 1;

		for (; j < list.n && list.v[j].low == s->low; j++)
			if (list.v[j].high > high)
				high = list.v[j].high;
		next = j < list.n && list.v[j].low < s->limit ? list.v[j].low : s->limit;
		i = j;
		if (high == s->low) {
			if (s->low < covered)
				continue; /* a label inside a function */
			high = next;
		} else if (high > covered) {
			covered = high;
		}
		e->functions[e->function_count].name = s->name;
		code = symbols_intervals_add(&e->function_ranges, s->low, high, (uint32_t)e->function_count, 0);
		e->function_count++;
	}
	if (!code)
		code = symbols_intervals_build(&e->function_ranges);
done:
	free(list.v);
	return code;
}

const char *symbols_elf_function(const struct symbols_elf *e, uint64_t address)
{
	uint32_t index = symbols_intervals_find(&e->function_ranges, address);

	return index == SYMBOLS_NO_VALUE ? NULL : e->functions[index].name;
}
