/* embedded_suppressions.c - see embedded_suppressions.h. */
#include "embedded_suppressions.h"

#include <gelf.h>
#include <string.h>

#include "format/bytes.h"
#include "format/symbols_elf.h"
#include "format/trace_reader.h"

#define FUNCTION "__lsan_default_suppressions"

/* Skips the bytes if they stand there. */
static bool skip(const uint8_t **at, const uint8_t *end, const char *bytes, size_t n)
{
	if ((size_t)(end - *at) < n || memcmp(*at, bytes, n) != 0)
		return false;
	*at += n;
	return true;
}

uint64_t ms_returned_constant(const uint8_t *code, size_t size, uint64_t address)
{
	const uint8_t *at = code, *end = code + size;
	uint64_t value;
	bool frame;

	skip(&at, end, "\xf3\x0f\x1e\xfa", 4);             /* endbr64 */
	frame = skip(&at, end, "\x55\x48\x89\xe5", 4);     /* push rbp; mov rbp, rsp */
	if (skip(&at, end, "\x48\x8d\x05", 3)) {           /* lea rax, [rip + x] */
		if (end - at < 4)
			return 0;
		value = address + (uint64_t)(at + 4 - code) + (uint64_t)(int64_t)(int32_t)ms_load32(at);
	} else if (skip(&at, end, "\xb8", 1) || skip(&at, end, "\x48\xc7\xc0", 3)) { /* mov eax or rax, x */
		if (end - at < 4)
			return 0;
		value = ms_load32(at);
	} else {
		return 0;
	}
	at += 4;
	if (frame && !skip(&at, end, "\x5d", 1))           /* pop rbp */
		return 0;
	return skip(&at, end, "\xc3", 1) ? value : 0;      /* ret */
}

static bool find_function(Elf *elf, uint64_t *address)
{
	for (Elf_Scn *section = elf_nextscn(elf, NULL); section; section = elf_nextscn(elf, section)) {
		GElf_Shdr header;
		Elf_Data *data;

		if (!gelf_getshdr(section, &header) || (header.sh_type != SHT_SYMTAB && header.sh_type != SHT_DYNSYM) ||
		    header.sh_entsize == 0 || !(data = elf_getdata(section, NULL)))
			continue;
		for (size_t i = 0; i < header.sh_size / header.sh_entsize && i < INT32_MAX; i++) {
			GElf_Sym symbol;
			const char *name;

			if (!gelf_getsym(data, (int)i, &symbol))
				break;
			name = elf_strptr(elf, header.sh_link, symbol.st_name);
			if (name && strcmp(name, FUNCTION) == 0 && symbol.st_shndx != SHN_UNDEF) {
				*address = symbol.st_value;
				return true;
			}
		}
	}
	return false;
}

/* The bytes of the file at an address, and how many follow in the same segment. NULL: none. */
static const uint8_t *at_address(Elf *elf, uint64_t address, size_t *size)
{
	size_t file_size, count;
	const char *file = elf_rawfile(elf, &file_size);

	if (!file || elf_getphdrnum(elf, &count))
		return NULL;
	for (size_t i = 0; i < count && i < INT32_MAX; i++) {
		GElf_Phdr p;

		if (!gelf_getphdr(elf, (int)i, &p) || p.p_type != PT_LOAD || address - p.p_vaddr >= p.p_filesz ||
		    p.p_offset > file_size || p.p_filesz > file_size - p.p_offset)
			continue;
		*size = p.p_filesz - (address - p.p_vaddr);
		return (const uint8_t *)file + p.p_offset + (address - p.p_vaddr);
	}
	return NULL;
}

static const char *find_text(struct symbols_elf *e)
{
	const uint8_t *code, *text;
	uint64_t address, string;
	size_t size;

	if (!e->main.elf || !(find_function(e->main.elf, &address) || (e->debug.elf && find_function(e->debug.elf, &address))))
		return NULL;
	code = at_address(e->main.elf, address, &size);
	string = code ? ms_returned_constant(code, size, address) : 0;
	text = string ? at_address(e->main.elf, string, &size) : NULL;
	return text && memchr(text, '\0', size) ? (const char *)text : NULL;
}

int ms_suppressions_embedded(struct ms_suppressions *s, const struct ms_trace *trace, struct ms_error *err)
{
	const struct ms_process *p = ms_trace_process(trace);
	const struct symbols_search search = {.debug_directory = "/usr/lib/debug", .tables_only = true};
	int rc = MS_OK;

	for (uint32_t id = 1; p->executable && id <= ms_trace_module_count(trace); id++) {
		const struct ms_module *m = ms_trace_module(trace, id);
		struct symbols_elf *e = NULL;
		const char *text;

		if (m->build_id_bytes == 0 || strcmp(m->path, p->executable) != 0)
			continue;
		rc = symbols_elf_open(&e, m->path, m->build_id, m->build_id_bytes, &search);
		/* A debug file alone has the symbols, but not the bytes. */
		text = rc == MS_OK && e->main.path && strcmp(e->main.path, m->path) == 0 ? find_text(e) : NULL;
		rc = text ? ms_suppressions_parse(s, FUNCTION " of the program", text, err) : MS_OK;
		symbols_elf_close(e);
		break;
	}
	return rc;
}
