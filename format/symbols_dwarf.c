/* symbols_dwarf.c - see symbols_dwarf.h. */
#include "format/symbols_dwarf.h"

#include <dwarf.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/demangle.h"
#include "format/errors.h"

/* Trees of real programs are less than 200 deep; the walk is recursive and the file may be hostile. */
#define DEPTH_MAX 1000u
#define NO_SCOPE UINT32_MAX

/*
 * A function or an inlined call. A unit's scopes stand in the order of its tree, so the scopes within scope i are
 * i + 1 .. end - 1; lexical blocks are left out, what they contain belongs to the scope around them.
 */
struct scope {
	Dwarf_Die die;
	uint32_t end;
	uint32_t first_range, range_count; /* in unit.ranges */
	bool inlined;
	bool named;                      /* the names are filled in */
	const char *linkage_name;        /* of the file; "" = none */
	const char *function;            /* demangled, or a name of the file */
	char *demangled;                 /* owned; function when not NULL */
};

struct unit {
	Dwarf_Die lines_die;             /* has the line table */
	Dwarf_Die tree_die;              /* has the functions: another one with split debug information */
	bool loaded;
	struct scope *scopes;
	size_t scope_count, scope_capacity;
	struct symbols_range *ranges;
	size_t range_count, range_capacity;
	struct symbols_intervals functions; /* -> index of a scope */
};

struct path {
	const char *raw;                 /* as libdw gives it; NULL = free */
	char *full;
};

struct symbols_dwarf {
	const struct symbols_elf *elf;
	struct unit *units;
	size_t unit_count, unit_capacity;
	struct symbols_intervals unit_ranges; /* -> index of a unit */
	struct ms_symbol_line *lines;
	uint32_t *chain;
	size_t line_capacity;
	struct path *paths;              /* hash table, capacity a power of two */
	size_t path_count, path_capacity;
};

/* Room for one more element; the new capacity doubles. */
static int reserve(void *array, size_t *capacity, size_t count, size_t size)
{
	void **pointer = array, *grown;
	size_t wanted = *capacity ? *capacity * 2 : 64;

	if (count < *capacity)
		return MS_OK;
	grown = realloc(*pointer, wanted * size);
	if (!grown)
		return MS_E_NOMEM;
	*pointer = grown;
	*capacity = wanted;
	return MS_OK;
}

/* ---- units ----------------------------------------------------------------------------------------------------- */

static int add_unit(struct symbols_dwarf *d, Dwarf_Die *lines_die, Dwarf_Die *tree_die)
{
	Dwarf_Addr base, low, high;
	ptrdiff_t at = 0;
	bool any = false;
	int code;

	while ((at = dwarf_ranges(lines_die, at, &base, &low, &high)) > 0) {
		/* the linker leaves functions that it dropped at address 0 or -1 */
		if (!symbols_elf_is_code(d->elf, low, high))
			continue;
		code = symbols_intervals_add(&d->unit_ranges, low, high, (uint32_t)d->unit_count, 0);
		if (code)
			return code;
		any = true;
	}
	if (!any)
		return MS_OK;
	code = reserve(&d->units, &d->unit_capacity, d->unit_count, sizeof *d->units);
	if (code)
		return code;
	d->units[d->unit_count++] = (struct unit){.lines_die = *lines_die, .tree_die = *tree_die};
	return MS_OK;
}

int symbols_dwarf_open(struct symbols_dwarf **out, const struct symbols_elf *elf)
{
	struct symbols_dwarf *d = calloc(1, sizeof *d);
	Dwarf_CU *cu = NULL;
	Dwarf_Die die, split;
	Dwarf_Half version;
	uint8_t type;
	int code = MS_OK;

	*out = NULL;
	if (!d)
		return MS_E_NOMEM;
	d->elf = elf;
	while (!code && dwarf_get_units(elf->dwarf, cu, &cu, &version, &type, &die, &split) == 0) {
		if (type == DW_UT_compile)
			code = add_unit(d, &die, &die);
		else if (type == DW_UT_skeleton)
			code = add_unit(d, &die, dwarf_tag(&split) == DW_TAG_compile_unit ? &split : &die);
	}
	if (!code)
		code = symbols_intervals_build(&d->unit_ranges);
	if (code) {
		symbols_dwarf_close(d);
		return code;
	}
	*out = d;
	return MS_OK;
}

/* ---- scopes of a unit ------------------------------------------------------------------------------------------ */

/* What can contain code, directly or deeper; types do because a method or a closure may stand in one. */
static bool is_container(int tag)
{
	switch (tag) {
	case DW_TAG_subprogram:
	case DW_TAG_inlined_subroutine:
	case DW_TAG_lexical_block:
	case DW_TAG_namespace:
	case DW_TAG_module:
	case DW_TAG_structure_type:
	case DW_TAG_class_type:
	case DW_TAG_union_type:
	case DW_TAG_interface_type:
	case DW_TAG_enumeration_type:
	case DW_TAG_try_block:
	case DW_TAG_catch_block:
	case DW_TAG_with_stmt:
	case DW_TAG_common_block:
	case DW_TAG_entry_point:
		return true;
	}
	return false;
}

/* Adds a scope for the DIE when it has code; *index = NO_SCOPE when not. */
static int add_scope(struct symbols_dwarf *d, struct unit *u, Dwarf_Die *die, bool inlined, uint32_t *index)
{
	Dwarf_Addr base, low, high;
	ptrdiff_t at = 0;
	size_t first = u->range_count;
	int code;

	*index = NO_SCOPE;
	while ((at = dwarf_ranges(die, at, &base, &low, &high)) > 0) {
		if (!symbols_elf_is_code(d->elf, low, high))
			continue;
		code = reserve(&u->ranges, &u->range_capacity, u->range_count, sizeof *u->ranges);
		if (code)
			return code;
		u->ranges[u->range_count++] = (struct symbols_range){.low = low, .high = high};
		if (!inlined) {
			code = symbols_intervals_add(&u->functions, low, high, (uint32_t)u->scope_count, 0);
			if (code)
				return code;
		}
	}
	if (u->range_count == first)
		return MS_OK;
	code = reserve(&u->scopes, &u->scope_capacity, u->scope_count, sizeof *u->scopes);
	if (code)
		return code;
	*index = (uint32_t)u->scope_count;
	u->scopes[u->scope_count++] = (struct scope){
	        .die = *die,
	        .inlined = inlined,
	        .first_range = (uint32_t)first,
	        .range_count = (uint32_t)(u->range_count - first),
	        .linkage_name = "",
	        .function = "",
	};
	return MS_OK;
}

static int walk(struct symbols_dwarf *d, struct unit *u, Dwarf_Die *parent, unsigned depth)
{
	Dwarf_Die die;
	int code = MS_OK;

	if (depth > DEPTH_MAX || dwarf_child(parent, &die) != 0)
		return MS_OK;
	for (;;) {
		int tag = dwarf_tag(&die);
		uint32_t index = NO_SCOPE;
		Dwarf_Die next;

		if (tag == DW_TAG_subprogram || tag == DW_TAG_inlined_subroutine)
			code = add_scope(d, u, &die, tag == DW_TAG_inlined_subroutine, &index);
		if (!code && is_container(tag))
			code = walk(d, u, &die, depth + 1);
		if (code)
			return code;
		if (index != NO_SCOPE)
			u->scopes[index].end = (uint32_t)u->scope_count;
		/* a sibling stands behind; a damaged reference back would go round for ever */
		if (dwarf_siblingof(&die, &next) != 0 || (const char *)next.addr <= (const char *)die.addr)
			return MS_OK;
		die = next;
	}
}

static int load_unit(struct symbols_dwarf *d, struct unit *u)
{
	int code;

	if (u->loaded)
		return MS_OK;
	u->loaded = true;
	/* the assembler describes each alias as a function of its own: the symbol table knows which name is the best */
	if (dwarf_srclang(&u->tree_die) == DW_LANG_Mips_Assembler)
		return MS_OK;
	code = walk(d, u, &u->tree_die, 0);
	if (!code)
		code = symbols_intervals_build(&u->functions);
	if (code) { /* half a tree is no tree */
		symbols_intervals_free(&u->functions);
		u->scope_count = 0;
	}
	return code;
}

static bool covers(const struct unit *u, const struct scope *s, uint64_t address)
{
	const struct symbols_range *r = &u->ranges[s->first_range];

	for (uint32_t i = 0; i < s->range_count; i++)
		if (address >= r[i].low && address < r[i].high)
			return true;
	return false;
}

/* ---- names and lines ------------------------------------------------------------------------------------------- */

static const char *string_attribute(Dwarf_Die *die, unsigned name)
{
	Dwarf_Attribute attribute;
	const char *s = dwarf_formstring(dwarf_attr_integrate(die, name, &attribute));

	return s ? s : "";
}

static void name_scope(struct scope *s)
{
	if (s->named)
		return;
	s->named = true;
	s->linkage_name = string_attribute(&s->die, DW_AT_linkage_name);
	if (!*s->linkage_name)
		s->linkage_name = string_attribute(&s->die, DW_AT_MIPS_linkage_name);
	s->demangled = ms_demangle(s->linkage_name);
	s->function = s->demangled ? s->demangled : string_attribute(&s->die, DW_AT_name);
	if (!*s->function)
		s->function = s->linkage_name;
}

/* Bucket of a path of libdw (by its pointer, which lives as long as the file is open). */
static struct path *path_bucket(struct path *paths, size_t capacity, const char *raw)
{
	size_t at = (size_t)(((uintptr_t)raw >> 3) * 0x9e3779b97f4a7c15u >> 20) & (capacity - 1);

	while (paths[at].raw && paths[at].raw != raw)
		at = (at + 1) & (capacity - 1);
	return &paths[at];
}

/* The entry for `raw`, new ones empty; NULL without memory. */
static struct path *path_entry(struct symbols_dwarf *d, const char *raw)
{
	struct path *entry;

	if (2 * d->path_count >= d->path_capacity) {
		size_t capacity = d->path_capacity ? 2 * d->path_capacity : 256;
		struct path *grown = calloc(capacity, sizeof *grown);

		if (!grown)
			return NULL;
		for (size_t i = 0; i < d->path_capacity; i++)
			if (d->paths[i].raw)
				*path_bucket(grown, capacity, d->paths[i].raw) = d->paths[i];
		free(d->paths);
		d->paths = grown;
		d->path_capacity = capacity;
	}
	entry = path_bucket(d->paths, d->path_capacity, raw);
	if (!entry->raw) {
		entry->raw = raw;
		d->path_count++;
	}
	return entry;
}

/* A relative path is relative to the directory of the compilation, which libdw prepends in some cases only. */
static const char *full_path(struct symbols_dwarf *d, struct unit *u, const char *raw)
{
	const char *directory;
	struct path *entry;
	size_t length;

	if (!raw || strcmp(raw, "???") == 0)
		return "";
	if (raw[0] == '/')
		return raw;
	entry = path_entry(d, raw);
	if (!entry || entry->full)
		return entry ? entry->full : raw;
	directory = string_attribute(&u->lines_die, DW_AT_comp_dir);
	length = strlen(directory);
	if (!length || (strncmp(raw, directory, length) == 0 && raw[length] == '/') ||
	    asprintf(&entry->full, "%s/%s", directory, raw) < 0)
		entry->full = strdup(raw);
	return entry->full ? entry->full : raw;
}

static void line_of(struct symbols_dwarf *d, struct unit *u, uint64_t address, struct ms_symbol_line *line)
{
	Dwarf_Line *found = dwarf_getsrc_die(&u->lines_die, address);
	bool end = false;
	int number = 0;

	if (!found || dwarf_lineendsequence(found, &end) != 0 || end)
		return;
	line->file = full_path(d, u, dwarf_linesrc(found, NULL, NULL));
	if (dwarf_lineno(found, &number) == 0 && number > 0)
		line->line = (uint32_t)number;
}

/* Where the inlined call stands in the function around it. */
static void call_site(struct symbols_dwarf *d, struct unit *u, struct scope *s, struct ms_symbol_line *line)
{
	Dwarf_Attribute attribute;
	Dwarf_Word number;
	Dwarf_Die unit;
	Dwarf_Files *files;
	size_t n;

	if (dwarf_formudata(dwarf_attr(&s->die, DW_AT_call_line, &attribute), &number) == 0 && number <= UINT32_MAX)
		line->line = (uint32_t)number;
	if (dwarf_formudata(dwarf_attr(&s->die, DW_AT_call_file, &attribute), &number) == 0 &&
	    dwarf_diecu(&s->die, &unit, NULL, NULL) && dwarf_getsrcfiles(&unit, &files, &n) == 0 && number < n)
		line->file = full_path(d, u, dwarf_filesrc(files, number, NULL, NULL));
}

/* Room for chain[count] and lines[count]. */
static int reserve_lines(struct symbols_dwarf *d, size_t count)
{
	size_t lines = d->line_capacity, chain = d->line_capacity;
	int code = reserve(&d->lines, &lines, count, sizeof *d->lines);

	if (!code)
		code = reserve(&d->chain, &chain, count, sizeof *d->chain);
	if (!code)
		d->line_capacity = chain;
	return code;
}

/* The scopes around the address, outermost first, into d->chain. */
static int find_chain(struct symbols_dwarf *d, struct unit *u, uint64_t address, size_t *n)
{
	uint32_t at = symbols_intervals_find(&u->functions, address);
	uint32_t i;

	*n = 0;
	if (at == SYMBOLS_NO_VALUE)
		return MS_OK;
	for (i = at + 1;; i++) {
		int code = reserve_lines(d, *n);

		if (code)
			return code;
		d->chain[(*n)++] = at;
		/* the inlined call within it that covers the address; functions within functions are found by themselves */
		while (i < u->scopes[at].end && !(u->scopes[i].inlined && covers(u, &u->scopes[i], address)))
			i = u->scopes[i].end;
		if (i >= u->scopes[at].end)
			return MS_OK;
		at = i;
	}
}

int symbols_dwarf_resolve(struct symbols_dwarf *d, uint64_t address, struct ms_symbol_line **lines, size_t *n)
{
	uint32_t index = symbols_intervals_find(&d->unit_ranges, address);
	struct unit *u;
	size_t depth;
	int code;

	*n = 0;
	*lines = NULL;
	if (index == SYMBOLS_NO_VALUE)
		return MS_OK;
	u = &d->units[index];
	code = load_unit(d, u);
	if (!code)
		code = reserve_lines(d, 0);
	if (!code)
		code = find_chain(d, u, address, &depth);
	if (code)
		return code;
	for (size_t i = 0; i < (depth ? depth : 1); i++)
		d->lines[i] = (struct ms_symbol_line){.function = "", .linkage_name = "", .file = "", .line = 0};
	line_of(d, u, address, &d->lines[0]);
	for (size_t i = 0; i < depth; i++) {
		struct scope *s = &u->scopes[d->chain[depth - 1 - i]];

		name_scope(s);
		d->lines[i].function = s->function;
		d->lines[i].linkage_name = strcmp(s->linkage_name, s->function) == 0 ? "" : s->linkage_name;
		if (i + 1 < depth)
			call_site(d, u, s, &d->lines[i + 1]);
	}
	*lines = d->lines;
	*n = depth ? depth : (d->lines[0].line || *d->lines[0].file) ? 1 : 0;
	return MS_OK;
}

size_t symbols_dwarf_scopes(struct symbols_dwarf *d, uint64_t address, Dwarf_Die *unit, Dwarf_Die *scopes, size_t most)
{
	uint32_t index = symbols_intervals_find(&d->unit_ranges, address);
	struct unit *u;
	size_t depth = 0;

	if (index == SYMBOLS_NO_VALUE)
		return 0;
	u = &d->units[index];
	if (load_unit(d, u) != MS_OK || find_chain(d, u, address, &depth) != MS_OK)
		return 0;
	*unit = u->tree_die;
	if (depth > most)
		depth = most;
	for (size_t i = 0; i < depth; i++)
		scopes[i] = u->scopes[d->chain[depth - 1 - i]].die;
	return depth;
}

void symbols_dwarf_close(struct symbols_dwarf *d)
{
	if (!d)
		return;
	for (size_t i = 0; i < d->unit_count; i++) {
		struct unit *u = &d->units[i];

		for (size_t s = 0; s < u->scope_count; s++)
			free(u->scopes[s].demangled);
		free(u->scopes);
		free(u->ranges);
		symbols_intervals_free(&u->functions);
	}
	for (size_t i = 0; i < d->path_capacity; i++)
		free(d->paths[i].full);
	free(d->paths);
	free(d->units);
	symbols_intervals_free(&d->unit_ranges);
	free(d->lines);
	free(d->chain);
	free(d);
}
