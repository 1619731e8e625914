/* symbols.c - see symbols.h: one open module per (path, build-id), its debug information before its symbol tables. */
#include "format/symbols.h"

#include <stdlib.h>
#include <string.h>

#include "format/demangle.h"
#include "format/symbols_dwarf.h"
#include "format/symbols_elf.h"
#include "format/symbols_table.h"
#include "format/symbols_variables.h"

#define DEFAULT_DEBUG_DIRECTORY "/usr/lib/debug"
#define BUCKETS 256u                     /* a process has tens of modules, rarely thousands */

struct open_module {
	struct open_module *next;
	char *path;
	uint8_t build_id[64];
	size_t build_id_bytes;
	struct symbols_elf *elf;         /* NULL: no usable file */
	struct symbols_dwarf *dwarf;     /* NULL: symbol tables only */
	struct symbols_objects data, tls;
	bool has_objects;                /* both have been read */
};

struct ms_symbolizer {
	struct symbols_search search;
	char *debug_directory;
	struct open_module *modules[BUCKETS];
	struct ms_symbol_line single;    /* answer from the symbol tables */
	char *demangled, *linkage;       /* owned, of the answer before */
};

int ms_symbolizer_open(struct ms_symbolizer **out, const struct ms_symbolizer_options *options, struct ms_error *err)
{
	struct ms_symbolizer *s = calloc(1, sizeof *s);
	const char *directory = options && options->debug_directory ? options->debug_directory : DEFAULT_DEBUG_DIRECTORY;

	*out = NULL;
	if (!s)
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for the symbolizer");
	s->debug_directory = strdup(directory);
	if (!s->debug_directory) {
		free(s);
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for the symbolizer");
	}
	s->search.debug_directory = s->debug_directory;
	s->search.tables_only = options && options->tables_only;
	s->search.c_library_by_name = options && options->c_library_by_name;
	if (options && options->debuginfod)
		s->search.debuginfod = symbols_debuginfod_open();
	*out = s;
	return MS_OK;
}

static struct open_module **bucket_of(struct ms_symbolizer *s, const struct ms_module *m)
{
	uint32_t hash = 2166136261u; /* FNV-1a */

	for (const char *p = m->path; *p; p++)
		hash = (hash ^ (uint8_t)*p) * 16777619u;
	for (size_t i = 0; i < m->build_id_bytes; i++)
		hash = (hash ^ m->build_id[i]) * 16777619u;
	return &s->modules[hash % BUCKETS];
}

/* NULL when there is no memory. */
static struct open_module *find_module(struct ms_symbolizer *s, const struct ms_module *wanted)
{
	struct open_module **bucket = bucket_of(s, wanted), *m;

	for (m = *bucket; m; m = m->next)
		if (m->build_id_bytes == wanted->build_id_bytes && strcmp(m->path, wanted->path) == 0 &&
		    (!m->build_id_bytes || memcmp(m->build_id, wanted->build_id, m->build_id_bytes) == 0))
			return m;
	m = calloc(1, sizeof *m);
	if (!m)
		return NULL;
	m->path = strdup(wanted->path);
	if (!m->path) {
		free(m);
		return NULL;
	}
	m->build_id_bytes = wanted->build_id_bytes;
	if (m->build_id_bytes)
		memcpy(m->build_id, wanted->build_id, m->build_id_bytes);
	if (symbols_elf_open(&m->elf, m->path, m->build_id, m->build_id_bytes, &s->search) == MS_OK && m->elf->dwarf)
		symbols_dwarf_open(&m->dwarf, m->elf);
	m->next = *bucket;
	*bucket = m;
	return m;
}

/* The function symbol at the address, into line; a version suffix ("@@GLIBC_2.34") is no part of the name. */
static void name_from_table(struct ms_symbolizer *s, const struct symbols_elf *elf, uint64_t address,
                            struct ms_symbol_line *line)
{
	const char *name = symbols_elf_function(elf, address);
	const char *at = name ? strchr(name + 1, '@') : NULL;

	free(s->demangled);
	s->demangled = NULL;
	if (!name)
		return;
	if (at) {
		s->demangled = strndup(name, (size_t)(at - name));
		line->function = s->demangled ? s->demangled : name;
		return;
	}
	s->demangled = ms_demangle(name);
	line->function = s->demangled ? s->demangled : name;
	line->linkage_name = s->demangled ? name : "";
}

/*
 * gcc gives instances over local types ("std::function" of a lambda) no linkage name in the debug information, only the bare
 * "_M_invoke"; the symbol table has the whole name. A copy's suffix (".cold") goes, as the debug information has none.
 */
static const char *mangled_name_of(struct ms_symbolizer *s, const struct symbols_elf *elf, uint64_t address)
{
	const char *name = symbols_elf_function(elf, address);

	free(s->linkage);
	s->linkage = NULL;
	if (!name || name[0] != '_' || name[1] != 'Z')
		return NULL;
	s->linkage = strndup(name, strcspn(name, ".@"));
	return s->linkage;
}

/* The lines of the debug information with the outermost function's name completed. */
static void complete_outermost(struct ms_symbolizer *s, const struct symbols_elf *elf, uint64_t address,
                               struct ms_symbol_line *line)
{
	const char *linkage = *line->linkage_name ? NULL : mangled_name_of(s, elf, address);
	char *demangled = linkage ? ms_demangle(linkage) : NULL;

	if (!demangled)
		return;
	free(s->demangled);
	s->demangled = demangled;
	line->function = demangled;
	line->linkage_name = linkage;
}

size_t ms_symbolizer_resolve(struct ms_symbolizer *s, const struct ms_module *module, uint64_t address,
                             const struct ms_symbol_line **lines)
{
	/* the call is the instruction before the return address */
	uint64_t in_file = address - 1 - module->load_bias;
	struct ms_symbol_line *chain = NULL;
	struct open_module *m;
	size_t n = 0;

	*lines = NULL;
	if (!module->path || module->build_id_bytes > sizeof m->build_id)
		return 0;
	m = find_module(s, module);
	if (!m || !m->elf)
		return 0;
	if (m->dwarf && symbols_dwarf_resolve(m->dwarf, in_file, &chain, &n) != MS_OK)
		n = 0;
	if (!n)
		chain = &s->single;
	if (n && m->elf->c_library) {
		/* Whether lines are wanted changes no name: frames are compared by name between traces. */
		chain[0] = chain[n - 1];
		chain[0].linkage_name = "";
		n = 1;
	}
	if (!n || m->elf->c_library || !*chain[n - 1].function) {
		/* no debug information here, a unit in assembly (lines without functions), or names that dwz moved into a file
		   that is not at hand */
		if (!n)
			s->single = (struct ms_symbol_line){.function = "", .linkage_name = "", .file = ""};
		name_from_table(s, m->elf, in_file, &chain[n ? n - 1 : 0]);
	} else {
		complete_outermost(s, m->elf, in_file, &chain[n - 1]);
	}
	*lines = chain;
	if (!n)
		n = *chain[0].function ? 1 : 0;
	return n;
}

/* The module with its data symbols read; NULL when it has none. */
static struct open_module *find_objects(struct ms_symbolizer *s, const struct ms_module *module)
{
	struct open_module *m;

	if (!module->path || module->build_id_bytes > sizeof m->build_id)
		return NULL;
	m = find_module(s, module);
	if (!m || !m->elf)
		return NULL;
	if (!m->has_objects) {
		/* without memory there are no names: no error, as with functions */
		(void)symbols_table_read_objects(m->elf, SYMBOLS_DATA, &m->data);
		(void)symbols_table_read_objects(m->elf, SYMBOLS_TLS, &m->tls);
		m->has_objects = true;
	}
	return m;
}

static bool name_object(struct ms_symbolizer *s, const struct symbols_objects *objects, uint64_t address, uint64_t bias,
                        struct ms_symbol_data *out)
{
	uint32_t index = symbols_intervals_find(&objects->ranges, address - bias);
	const struct symbols_object *object;
	size_t length;

	if (index == SYMBOLS_NO_VALUE)
		return false;
	object = &objects->v[index];
	length = strcspn(object->name, "@");
	free(s->linkage);
	free(s->demangled);
	s->demangled = NULL;
	s->linkage = strndup(object->name, length ? length : strlen(object->name));
	if (!s->linkage)
		return false;
	s->demangled = ms_demangle(s->linkage);
	*out = (struct ms_symbol_data){.name = s->demangled ? s->demangled : s->linkage,
	                               .address = object->low + bias,
	                               .size_bytes = object->high - object->low};
	return true;
}

bool ms_symbolizer_data(struct ms_symbolizer *s, const struct ms_module *module, uint64_t address,
                        struct ms_symbol_data *out)
{
	const struct open_module *m = find_objects(s, module);

	return m && name_object(s, &m->data, address, module->load_bias, out);
}

bool ms_symbolizer_tls(struct ms_symbolizer *s, const struct ms_module *module, uint64_t offset,
                       struct ms_symbol_data *out)
{
	const struct open_module *m = find_objects(s, module);

	return m && name_object(s, &m->tls, offset, 0, out);
}

const char *ms_symbolizer_variable_type(struct ms_symbolizer *s, const struct ms_module *module, uint64_t address, const char *name)
{
	struct open_module *m;

	if (!module->path || module->build_id_bytes > sizeof m->build_id)
		return NULL;
	m = find_module(s, module);
	if (!m || !m->dwarf)
		return NULL;
	free(s->demangled);
	s->demangled = symbols_variable_type(m->dwarf, address - 1 - module->load_bias, name);
	return s->demangled;
}

void ms_symbolizer_close(struct ms_symbolizer *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < BUCKETS; i++) {
		for (struct open_module *m = s->modules[i], *next; m; m = next) {
			next = m->next;
			symbols_dwarf_close(m->dwarf);
			symbols_objects_free(&m->data);
			symbols_objects_free(&m->tls);
			symbols_elf_close(m->elf);
			free(m->path);
			free(m);
		}
	}
	symbols_debuginfod_close(s->search.debuginfod);
	free(s->debug_directory);
	free(s->demangled);
	free(s->linkage);
	free(s);
}
