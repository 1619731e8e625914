/* cfi_find.c - from a code address to its FDE and CIE. See cfi.h. */
#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <sys/auxv.h>

#include "cfi.h"
#include "stack_bounds.h"

/* DW_EH_PE_*: low 4 bits the format, next 3 what it is relative to, top bit "indirect". */
enum {
	PE_ABSPTR = 0x00,
	PE_ULEB128 = 0x01,
	PE_UDATA2 = 0x02,
	PE_UDATA4 = 0x03,
	PE_UDATA8 = 0x04,
	PE_SLEB128 = 0x09,
	PE_SDATA2 = 0x0a,
	PE_SDATA4 = 0x0b,
	PE_SDATA8 = 0x0c,
	PE_FORMAT = 0x0f,
	PE_PCREL = 0x10,
	PE_DATAREL = 0x30,
	PE_RELATIVE = 0x70,
	PE_INDIRECT = 0x80,
	PE_OMIT = 0xff,
};

#define HDR_TABLE_ENCODING (PE_DATAREL | PE_SDATA4) /* what every linker writes */

bool ms_cfi_module(uint64_t address, struct cfi_module *module)
{
	struct dl_find_object found;

	if (_dl_find_object((void *)address, &found) != 0)
		return false;
	module->map_start = (uint64_t)found.dlfo_map_start;
	module->map_end = (uint64_t)found.dlfo_map_end;
	module->link_map = found.dlfo_link_map;
	module->eh_frame_hdr = found.dlfo_eh_frame;
	return true;
}

/* Program headers of a module, and up to where its segments may lie. */
struct headers {
	const Elf64_Phdr *at;
	unsigned count;
	uint64_t limit;
};

/*
 * They are in the first page of every module that a linker makes. That page is probed: the loader rounds map_start down to the
 * segment's alignment, where nothing need be mapped. But of an executable that the kernel mapped with holes between its segments,
 * glibc finds each segment as a module of its own: then they are those that the kernel handed over.
 */
static bool headers_of(const struct cfi_module *module, struct headers *h)
{
	const Elf64_Ehdr *elf = (const Elf64_Ehdr *)module->map_start;
	uint64_t bias = ((const struct link_map *)module->link_map)->l_addr;

	*h = (struct headers){(const Elf64_Phdr *)getauxval(AT_PHDR), (unsigned)getauxval(AT_PHNUM), UINT64_MAX};
	for (unsigned i = 0; h->at != NULL && getauxval(AT_PHENT) == sizeof(*h->at) && i < h->count; i++)
		if (h->at[i].p_type == PT_LOAD && h->at[i].p_vaddr + bias == module->map_start &&
		    module->map_start + h->at[i].p_memsz == module->map_end)
			return true;
	if (module->map_start % 4096 == 0 && module->map_end - module->map_start >= sizeof(*elf) && ms_memory_readable(module->map_start) &&
	    __builtin_memcmp(elf->e_ident, ELFMAG, SELFMAG) == 0 && elf->e_phentsize == sizeof(Elf64_Phdr) && elf->e_phoff % 8 == 0 &&
	    elf->e_phoff <= 4096 - sizeof(Elf64_Phdr) && elf->e_phnum <= (4096 - elf->e_phoff) / sizeof(Elf64_Phdr)) {
		*h = (struct headers){(const Elf64_Phdr *)(module->map_start + elf->e_phoff), elf->e_phnum, module->map_end};
		return true;
	}
	return false;
}

/* A module, and its segment that was read last: all that is read of one row stands in one, nearly always. */
struct view {
	const struct cfi_module *module;
	struct cfi_bytes segment;
};

/* Moves to the loaded, readable segment that holds an address. A module's mapped range may have holes that fault, so reads stay within one
   segment. */
static bool move_to(struct view *view, const uint8_t *address)
{
	const struct cfi_module *module = view->module;
	uint64_t bias = ((const struct link_map *)module->link_map)->l_addr;
	struct headers h;

	if (address >= view->segment.start && address < view->segment.end)
		return true;
	if (!headers_of(module, &h))
		return false;
	for (unsigned i = 0; i < h.count; i++) {
		const Elf64_Phdr *header = &h.at[i];
		uint64_t start = header->p_vaddr + bias;

		if (header->p_type == PT_LOAD && (header->p_flags & PF_R) && (uint64_t)address - start < header->p_filesz &&
		    start + header->p_filesz <= h.limit) {
			view->segment.start = (const uint8_t *)start;
			view->segment.end = view->segment.start + header->p_filesz;
			return true;
		}
	}
	return false;
}

uint64_t ms_cfi_pointer(struct cfi_reader *r, uint8_t encoding, uint64_t data_base)
{
	uint64_t here = (uint64_t)r->at, value;

	switch (encoding & PE_FORMAT) {
	case PE_ABSPTR:
	case PE_UDATA8:
	case PE_SDATA8:
		value = cfi_fixed(r, 8);
		break;
	case PE_ULEB128:
		value = cfi_uleb(r);
		break;
	case PE_SLEB128:
		value = (uint64_t)cfi_sleb(r);
		break;
	case PE_UDATA2:
		value = cfi_fixed(r, 2);
		break;
	case PE_SDATA2:
		value = (uint64_t)(int64_t)(int16_t)cfi_fixed(r, 2);
		break;
	case PE_UDATA4:
		value = cfi_fixed(r, 4);
		break;
	case PE_SDATA4:
		value = (uint64_t)(int64_t)(int32_t)cfi_fixed(r, 4);
		break;
	default:
		r->bad = true;
		return 0;
	}
	switch (encoding & PE_RELATIVE) {
	case 0:
		break;
	case PE_PCREL:
		value += here;
		break;
	case PE_DATAREL:
		value += data_base;
		break;
	default: /* text- and function-relative do not occur on this machine */
		r->bad = true;
		return 0;
	}
	return value;
}

/* The body of the CIE or FDE at r->at: after the length, without the id. id_at = address of the id field. */
static bool read_entry(struct cfi_reader *r, struct cfi_bytes *body, const uint8_t **id_at, uint64_t *id)
{
	uint64_t length = cfi_fixed(r, 4);

	if (length == 0xffffffff)
		length = cfi_fixed(r, 8);
	if (r->bad || length < 4 || (uint64_t)(r->end - r->at) < length) {
		r->bad = true;
		return false;
	}
	*id_at = r->at;
	body->end = r->at + length;
	*id = cfi_fixed(r, 4);
	body->start = r->at;
	r->at = body->end;
	return true;
}

static bool parse_cie(struct view *view, const uint8_t *at, struct cfi_cie *cie)
{
	struct cfi_bytes body;
	struct cfi_reader r;
	const uint8_t *id_at, *augmentation;
	uint64_t id;
	uint8_t version;

	if (!move_to(view, at))
		return false;
	r = (struct cfi_reader){at, view->segment.end, false};
	if (!read_entry(&r, &body, &id_at, &id) || id != 0)
		return false;
	r = (struct cfi_reader){body.start, body.end, false};
	version = (uint8_t)cfi_fixed(&r, 1);
	if (version != 1 && version != 3)
		return false;
	augmentation = r.at;
	while (cfi_fixed(&r, 1) != 0)
		;
	if (r.bad)
		return false;
	*cie = (struct cfi_cie){.fde_encoding = PE_ABSPTR};
	cie->code_align = cfi_uleb(&r);
	cie->data_align = cfi_sleb(&r);
	if ((version == 1 ? cfi_fixed(&r, 1) : cfi_uleb(&r)) != CFI_RA)
		return false;
	if (*augmentation == 'z') {
		struct cfi_bytes data = cfi_block(&r);
		struct cfi_reader d = {data.start, data.end, false};

		cie->has_augmentation = true;
		for (const uint8_t *letter = augmentation + 1; *letter && !r.bad; letter++) {
			if (*letter == 'R')
				cie->fde_encoding = (uint8_t)cfi_fixed(&d, 1);
			else if (*letter == 'L')
				(void)cfi_fixed(&d, 1);
			else if (*letter == 'P')
				(void)ms_cfi_pointer(&d, (uint8_t)(cfi_fixed(&d, 1) & (PE_FORMAT | PE_PCREL)), 0);
			else if (*letter == 'S')
				cie->signal_frame = true;
			else if (*letter != 'B') /* an unknown letter hides only what follows it in the block */
				break;
		}
		if (d.bad)
			return false;
	} else if (*augmentation != 0) {
		return false;
	}
	cie->instructions = (struct cfi_bytes){r.at, r.end};
	return !r.bad;
}

/* Runs the FDE whose entry starts at `at`, when it covers the address. */
static enum cfi_status run_fde(struct view *view, const uint8_t *at, uint64_t address,
			       struct cfi_work *work)
{
	struct cfi_bytes body;
	struct cfi_reader r;
	struct cfi_cie cie;
	const uint8_t *id_at;
	uint64_t id, start, length;

	if (!move_to(view, at))
		return CFI_BAD;
	r = (struct cfi_reader){at, view->segment.end, false};
	if (!read_entry(&r, &body, &id_at, &id) || id == 0 || !parse_cie(view, id_at - id, &cie))
		return CFI_BAD;
	r = (struct cfi_reader){body.start, body.end, false};
	start = ms_cfi_pointer(&r, cie.fde_encoding, 0);
	length = ms_cfi_pointer(&r, cie.fde_encoding & PE_FORMAT, 0);
	if (r.bad || (cie.fde_encoding & PE_INDIRECT))
		return CFI_BAD;
	if (address - start >= length)
		return CFI_NO_FDE;
	if (cie.has_augmentation)
		(void)cfi_block(&r);
	if (r.bad)
		return CFI_BAD;
	work->signal_frame = cie.signal_frame;
	return ms_cfi_run(&cie, (struct cfi_bytes){r.at, r.end}, start, address, work);
}

/* Without a sorted table: all entries of .eh_frame in turn. */
static enum cfi_status scan_frames(struct view *view, const uint8_t *frames, uint64_t address,
				   struct cfi_work *work)
{
	struct cfi_bytes body;
	struct cfi_reader r;
	const uint8_t *id_at;
	uint64_t id;

	if (!move_to(view, frames))
		return CFI_BAD;
	r = (struct cfi_reader){frames, view->segment.end, false};
	for (;;) {
		const uint8_t *entry = r.at;
		enum cfi_status status;

		if (!read_entry(&r, &body, &id_at, &id)) /* a zero length ends the section */
			return CFI_NO_FDE;
		if (id == 0)
			continue;
		status = run_fde(view, entry, address, work);
		if (status == CFI_OK)
			return CFI_OK;
	}
}

/* One row of the sorted table: both offsets count from the start of .eh_frame_hdr. */
struct hdr_row {
	int32_t start, fde;
};

static struct hdr_row hdr_row(const uint8_t *table, uint64_t index)
{
	struct hdr_row row;

	__builtin_memcpy(&row, table + index * sizeof(row), sizeof(row));
	return row;
}

enum cfi_status ms_cfi_find(const struct cfi_module *module, uint64_t address, struct cfi_work *work)
{
	const uint8_t *hdr = module->eh_frame_hdr, *table;
	struct view view = {.module = module};
	struct cfi_reader r;
	uint8_t frames_encoding, count_encoding, table_encoding;
	uint64_t frames, count, low, high;
	int64_t wanted;

	if (!hdr)
		return CFI_NO_FDE;
	if (!move_to(&view, hdr))
		return CFI_BAD;
	r = (struct cfi_reader){hdr, view.segment.end, false};
	if (cfi_fixed(&r, 1) != 1)
		return CFI_BAD;
	frames_encoding = (uint8_t)cfi_fixed(&r, 1);
	count_encoding = (uint8_t)cfi_fixed(&r, 1);
	table_encoding = (uint8_t)cfi_fixed(&r, 1);
	if (frames_encoding == PE_OMIT)
		return CFI_NO_FDE;
	frames = ms_cfi_pointer(&r, frames_encoding, (uint64_t)hdr);
	if (r.bad || (frames_encoding & PE_INDIRECT))
		return CFI_BAD;
	if (count_encoding == PE_OMIT || table_encoding != HDR_TABLE_ENCODING)
		return scan_frames(&view, (const uint8_t *)frames, address, work);
	count = ms_cfi_pointer(&r, count_encoding, (uint64_t)hdr);
	if (r.bad || count > (uint64_t)(r.end - r.at) / sizeof(struct hdr_row))
		return CFI_BAD;

	table = r.at;
	wanted = (int64_t)(address - (uint64_t)hdr);
	for (low = 0, high = count; low < high;) { /* first row that starts after the address */
		uint64_t middle = low + (high - low) / 2;

		if (hdr_row(table, middle).start <= wanted)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0)
		return CFI_NO_FDE;
	return run_fde(&view, hdr + hdr_row(table, low - 1).fde, address, work);
}
