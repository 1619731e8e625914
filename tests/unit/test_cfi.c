/*
 * test_cfi.c - unwind rules of real libraries equal libdw's, address by address; expressions; damaged tables.
 */
#include <dlfcn.h>
#include <dwarf.h>
#include <elf.h>
#include <elfutils/libdw.h>
#include <fcntl.h>
#include <gelf.h>
#include <link.h>
#include <unistd.h>

#include "record/preload/cfi_full.h"
#include "record/preload/cfi_rows.h"
#include "tests/unit/stack_fixture.h"

static struct cfi_work work;

/* ---- real libraries against libdw ------------------------------------------------------------------------------------ */

/* libdw's opinion as our rule. 0 = cannot be compared. */
static int rule_of_libdw(Dwarf_Frame *frame, int number, struct cfi_rule *rule)
{
	Dwarf_Op memory[3], *ops;
	size_t count;

	if (dwarf_frame_register(frame, number, memory, &ops, &count) != 0)
		return 0;
	*rule = (struct cfi_rule){.kind = CFI_SAME};
	if (count == 0) {
		rule->kind = ops == NULL ? CFI_SAME : CFI_UNDEFINED;
		return 1;
	}
	if (ops[0].atom != DW_OP_call_frame_cfa)
		return 0;
	if (count == 1) {
		rule->kind = CFI_AT_CFA;
		return 1;
	}
	if (ops[1].atom == DW_OP_stack_value) {
		rule->kind = CFI_IS_CFA;
		return 1;
	}
	if (ops[1].atom != DW_OP_plus_uconst)
		return 0;
	rule->kind = count == 3 && ops[2].atom == DW_OP_stack_value ? CFI_IS_CFA : CFI_AT_CFA;
	rule->value = (int64_t)ops[1].number;
	return count == 2 || rule->kind == CFI_IS_CFA;
}

struct comparison {
	uint64_t addresses, simple, rules;
};

static void compare_at(Dwarf_CFI *cfi, const struct cfi_module *module, uint64_t bias, uint64_t address,
		       struct comparison *counts)
{
	static const int interesting[] = {3, CFI_RBP, 12, 13, 14, 15, CFI_RA};
	enum cfi_status status = ms_cfi_find(module, address, &work);
	Dwarf_Frame *frame = NULL;
	int found = dwarf_cfi_addrframe(cfi, address - bias, &frame);
	Dwarf_Op *ops;
	size_t count;

	assert_int_not_equal(status, CFI_BAD);
	counts->addresses++;
	if (status != CFI_OK || found != 0) {
		assert_int_equal(status == CFI_OK, found == 0);
		return;
	}
	assert_int_equal(dwarf_frame_cfa(frame, &ops, &count), 0);
	if (count == 1 && ops[0].atom == DW_OP_bregx) {
		cfi_row row = ms_row_pack(&work.rules, work.signal_frame);

		assert_null(work.rules.cfa_expression.start);
		assert_int_equal(work.rules.cfa_register, ops[0].number);
		assert_int_equal(work.rules.cfa_offset, (int64_t)ops[0].number2);
		if ((row & ROW_KIND) == ROW_SIMPLE) {
			counts->simple++;
			assert_int_equal(row_cfa_offset(row), (int64_t)ops[0].number2);
			assert_int_equal(row & ROW_BASE_RBP ? CFI_RBP : CFI_RSP, ops[0].number);
		}
	} else {
		assert_non_null(work.rules.cfa_expression.start);
	}
	for (unsigned i = 0; i < sizeof(interesting) / sizeof(interesting[0]); i++) {
		struct cfi_rule theirs, *ours = &work.rules.registers[interesting[i]];

		if (ours->kind > CFI_IS_CFA || !rule_of_libdw(frame, interesting[i], &theirs))
			continue;
		if (ours->kind == CFI_SAME && theirs.kind == CFI_UNDEFINED)
			continue; /* libdw takes the ABI's word for registers that nothing is said about */
		counts->rules++;
		assert_int_equal(ours->kind, theirs.kind);
		assert_int_equal(ours->value, theirs.value);
	}
	free(frame);
}

/* Every `stride` bytes of the module's code. */
static void compare_module(const void *inside, unsigned stride)
{
	struct comparison counts = {0};
	struct cfi_module module;
	const struct link_map *map;
	size_t headers;
	Dwarf_CFI *cfi;
	Elf *elf;
	int fd;

	assert_true(ms_cfi_module((uint64_t)inside, &module));
	map = module.link_map;
	fd = open(map->l_name[0] ? map->l_name : "/proc/self/exe", O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	assert_non_null(elf);
	cfi = dwarf_getcfi_elf(elf);
	assert_non_null(cfi);
	assert_int_equal(elf_getphdrnum(elf, &headers), 0);
	for (size_t i = 0; i < headers; i++) {
		GElf_Phdr header;

		gelf_getphdr(elf, (int)i, &header);
		if (header.p_type != PT_LOAD || !(header.p_flags & PF_X))
			continue;
		for (uint64_t at = header.p_vaddr; at < header.p_vaddr + header.p_filesz; at += stride)
			compare_at(cfi, &module, map->l_addr, map->l_addr + at, &counts);
	}
	assert_true(counts.addresses > 1000 / stride);
	assert_true(counts.simple > counts.addresses / 2);
	assert_true(counts.rules > counts.addresses);
	dwarf_cfi_end(cfi);
	elf_end(elf);
	close(fd);
}

static void rules_of_libc(void **state)
{
	(void)state;
	compare_module((const void *)qsort, 61);
}

static void rules_of_the_loader(void **state)
{
	(void)state;
	compare_module((const void *)_dl_find_object, 7);
}

static void rules_of_libdw(void **state)
{
	(void)state;
	compare_module((const void *)dwarf_cfi_addrframe, 31);
}

static void rules_of_libunwind(void **state)
{
	(void)state;
	compare_module((const void *)unw_flush_cache, 7);
}

/* ---- rows ---------------------------------------------------------------------------------------------------------------- */

static struct cfi_rules usual_rules(void)
{
	struct cfi_rules rules = {.cfa_register = CFI_RSP, .cfa_offset = 16};

	rules.registers[CFI_RA] = (struct cfi_rule){.kind = CFI_AT_CFA, .value = -8};
	return rules;
}

static void rows_pack(void **state)
{
	static const uint8_t realigned[] = {0x76, 0x78, 0x06}; /* breg6 -8, deref */
	static const uint8_t at_rbp[] = {0x76, 0x00};          /* breg6 0 */
	static const uint8_t other[] = {0x76, 0x78, 0x06, 0x23, 0x08};
	struct cfi_rules rules = usual_rules();
	cfi_row row = ms_row_pack(&rules, false);

	(void)state;
	assert_int_equal(row & 0xff, ROW_SIMPLE);
	assert_int_equal(row_cfa_offset(row), 16);

	rules.registers[CFI_RBP] = (struct cfi_rule){.kind = CFI_AT_CFA, .value = -16};
	rules.cfa_register = CFI_RBP;
	row = ms_row_pack(&rules, false);
	assert_int_equal(row & 0xff, ROW_SIMPLE | ROW_BASE_RBP | ROW_USES_FP | ROW_FP_SAVED);
	assert_int_equal(row_fp_offset(row), -16);
	assert_int_equal(row_cfa_offset(row), 16);

	rules.cfa_offset = INT32_MIN;
	rules.registers[CFI_RBP].value = -(1 << 23);
	row = ms_row_pack(&rules, false);
	assert_int_equal(row_cfa_offset(row), INT32_MIN);
	assert_int_equal(row_fp_offset(row), -(1 << 23));
	rules.cfa_offset = INT64_C(1) << 31;
	assert_int_equal(ms_row_pack(&rules, false) & ROW_KIND, ROW_FULL);
	rules.cfa_offset = 16;
	rules.registers[CFI_RBP].value = -20;
	assert_int_equal(ms_row_pack(&rules, false) & ROW_KIND, ROW_FULL);
	rules.registers[CFI_RBP].value = 0;
	assert_int_equal(ms_row_pack(&rules, false) & ROW_KIND, ROW_FULL);

	rules.cfa_expression = (struct cfi_bytes){realigned, realigned + sizeof(realigned)};
	rules.registers[CFI_RBP] =
		(struct cfi_rule){.kind = CFI_AT_EXPRESSION, .expression = {at_rbp, at_rbp + sizeof(at_rbp)}};
	row = ms_row_pack(&rules, false);
	assert_int_equal(row & 0xff,
			 ROW_ODD | ROW_DEREF | ROW_BASE_RBP | ROW_USES_FP | ROW_FP_SAVED | ROW_FP_AT_FP);
	assert_int_equal(row_cfa_offset(row), -8);
	assert_int_equal(row_fp_offset(row), 0);
	rules.cfa_expression = (struct cfi_bytes){other, other + sizeof(other)};
	assert_int_equal(ms_row_pack(&rules, false) & ROW_KIND, ROW_FULL);

	rules = usual_rules();
	rules.registers[CFI_RA].value = -16;
	assert_int_equal(ms_row_pack(&rules, false) & ROW_KIND, ROW_FULL);
	rules.registers[CFI_RA].kind = CFI_UNDEFINED;
	assert_int_equal(ms_row_pack(&rules, false) & ROW_KIND, ROW_END);
	rules = usual_rules();
	assert_int_equal(ms_row_pack(&rules, true) & ROW_KIND, ROW_SIGNAL);
	rules.cfa_register = 3;
	assert_int_equal(ms_row_pack(&rules, false) & ROW_KIND, ROW_FULL);
}

static void rows_are_cached_and_forgotten(void **state)
{
	uint64_t address = (uint64_t)rows_pack + 1, outside = 0x123456;
	struct cfi_module module;
	cfi_row row;

	(void)state;
	assert_true(ms_rows_init());
	row = ms_row_find(address, &work);
	assert_int_equal(row & ROW_KIND, ROW_SIMPLE);
	assert_int_equal(ms_row_find(address, &work), row);
	assert_int_equal(row_lookup(ms_row_slots, address), row);
	assert_true(ms_cfi_module(address, &module));
	ms_rows_forget(module.map_start, module.map_end);
	assert_int_equal(row_lookup(ms_row_slots, address), 0);
	assert_int_equal(ms_row_find(address, &work), row);
	/* Where no module is, one may come: not cached. */
	assert_int_equal(ms_row_find(outside, &work) & ROW_KIND, ROW_NONE);
	assert_int_equal(row_lookup(ms_row_slots, outside), 0);
}

/* ---- expressions ------------------------------------------------------------------------------------------------------------ */

static struct stack_bounds bounds;
static struct cfi_machine machine = {.bounds = &bounds};

/* The value of an expression, or 0xbad. */
static uint64_t evaluate(const uint8_t *code, size_t bytes, const uint64_t *cfa)
{
	uint64_t result;

	return ms_cfi_evaluate(&machine, (struct cfi_bytes){code, code + bytes}, cfa, &result) ? result : 0xbad;
}
#define EVALUATE(...)                                                                                                  \
	({                                                                                                             \
		static const uint8_t code_[] = {__VA_ARGS__};                                                          \
		evaluate(code_, sizeof(code_), NULL);                                                                  \
	})

static void expressions(void **state)
{
	static const uint8_t nop_only[] = {0x96};
	static uint64_t memory = 0x1122334455667788;
	const uint64_t cfa = 4711;

	(void)state;
	ms_bounds_init(&bounds);
	assert_true(ms_bounds_select(&bounds, (uint64_t)__builtin_frame_address(0)));
	machine.known = 1u << 7 | 1u << 16 | 1u << 3;
	machine.registers[7] = 1000;
	machine.registers[16] = 0x10b;
	machine.registers[3] = (uint64_t)&memory;
	assert_int_equal(EVALUATE(0x77, 8), 1008);                               /* breg7 8 */
	assert_int_equal(EVALUATE(0x92, 7, 0x78), 992);                          /* bregx 7 -8 */
	assert_int_equal(EVALUATE(0x76, 0), 0xbad);                              /* rbp is not known */
	assert_int_equal(EVALUATE(0x73, 0, 0x06), 0x1122334455667788);           /* deref */
	assert_int_equal(EVALUATE(0x73, 0, 0x94, 2), 0x7788);                    /* deref_size */
	assert_int_equal(EVALUATE(0x73, 0, 0x94, 9), 0xbad);
	assert_int_equal(EVALUATE(0x08, 0xff), 0xff);                            /* const1u */
	assert_int_equal(EVALUATE(0x09, 0xff), UINT64_MAX);                      /* const1s */
	assert_int_equal(EVALUATE(0x0a, 0xff, 0xff), 0xffff);
	assert_int_equal(EVALUATE(0x0b, 0xfe, 0xff), (uint64_t)-2);
	assert_int_equal(EVALUATE(0x0c, 1, 0, 0, 0x80), 0x80000001);
	assert_int_equal(EVALUATE(0x0d, 0, 0, 0, 0x80), (uint64_t)INT32_MIN);
	assert_int_equal(EVALUATE(0x0e, 1, 2, 3, 4, 5, 6, 7, 8), 0x0807060504030201);
	assert_int_equal(EVALUATE(0x10, 0x80, 0x01), 128);                       /* constu */
	assert_int_equal(EVALUATE(0x11, 0x7f), UINT64_MAX);                      /* consts */
	assert_int_equal(EVALUATE(0x33, 0x12, 0x1e), 9);                         /* 3 dup mul */
	assert_int_equal(EVALUATE(0x33, 0x34, 0x13), 3);                         /* drop */
	assert_int_equal(EVALUATE(0x33, 0x34, 0x14, 0x1c, 0x1c), 2);             /* 3 4 over - - */
	assert_int_equal(EVALUATE(0x33, 0x34, 0x35, 0x15, 2), 3);                /* pick 2 */
	assert_int_equal(EVALUATE(0x33, 0x34, 0x15, 2), 0xbad);
	assert_int_equal(EVALUATE(0x33, 0x34, 0x16, 0x1c), 1);                   /* swap minus */
	assert_int_equal(EVALUATE(0x31, 0x32, 0x33, 0x17), 2);                   /* 1 2 3 rot -> 3 1 2 */
	assert_int_equal(EVALUATE(0x31, 0x32, 0x33, 0x17, 0x13), 1);
	assert_int_equal(EVALUATE(0x11, 0x7b, 0x19), 5);                         /* -5 abs */
	assert_int_equal(EVALUATE(0x11, 0x7b, 0x32, 0x1b), (uint64_t)-2);        /* -5 / 2 */
	assert_int_equal(EVALUATE(0x35, 0x30, 0x1b), 0xbad);                     /* 5 / 0 */
	assert_int_equal(EVALUATE(0x35, 0x33, 0x1d), 2);                         /* mod */
	assert_int_equal(EVALUATE(0x35, 0x30, 0x1d), 0xbad);
	assert_int_equal(EVALUATE(0x35, 0x1f), (uint64_t)-5);                    /* neg */
	assert_int_equal(EVALUATE(0x30, 0x20), UINT64_MAX);                      /* not */
	assert_int_equal(EVALUATE(0x35, 0x33, 0x1a), 1);                         /* and */
	assert_int_equal(EVALUATE(0x35, 0x33, 0x21), 7);                         /* or */
	assert_int_equal(EVALUATE(0x35, 0x33, 0x27), 6);                         /* xor */
	assert_int_equal(EVALUATE(0x35, 0x23, 0x80, 1), 133);                    /* plus_uconst 128 */
	assert_int_equal(EVALUATE(0x35, 0x34, 0x24), 80);                        /* shl */
	assert_int_equal(EVALUATE(0x35, 0x08, 64, 0x24), 0);
	assert_int_equal(EVALUATE(0x35, 0x31, 0x25), 2);                         /* shr */
	assert_int_equal(EVALUATE(0x11, 0x78, 0x31, 0x26), (uint64_t)-4);        /* shra */
	assert_int_equal(EVALUATE(0x11, 0x78, 0x08, 99, 0x26), UINT64_MAX);
	assert_int_equal(EVALUATE(0x11, 0x7f, 0x31, 0x2d), 1);                   /* -1 lt 1 */
	assert_int_equal(EVALUATE(0x31, 0x31, 0x29), 1);                         /* eq */
	assert_int_equal(EVALUATE(0x31, 0x31, 0x2e), 0);                         /* ne */
	assert_int_equal(EVALUATE(0x32, 0x31, 0x2a), 1);                         /* ge */
	assert_int_equal(EVALUATE(0x32, 0x31, 0x2b), 1);                         /* gt */
	assert_int_equal(EVALUATE(0x32, 0x31, 0x2c), 0);                         /* le */
	assert_int_equal(EVALUATE(0x31, 0x28, 1, 0, 0x39, 0x35), 5);             /* 1 bra +1 lit9 lit5: top 5 */
	assert_int_equal(EVALUATE(0x35, 0x2f, 1, 0, 0x39), 5);                   /* skip over lit9 */
	assert_int_equal(EVALUATE(0x35, 0x2f, 5, 0), 0xbad);                     /* beyond the end */
	assert_int_equal(EVALUATE(0x35, 0x2f, 0xfb, 0xff), 0xbad);               /* before the start */
	assert_int_equal(EVALUATE(0x96, 0x2f, 0xfc, 0xff), 0xbad);               /* for ever */
	assert_int_equal(EVALUATE(0x35, 0x12, 0x2f, 0xfc, 0xff), 0xbad);         /* stack overflow */
	assert_int_equal(EVALUATE(0x22), 0xbad);                                 /* stack underflow */
	assert_int_equal(EVALUATE(0x13), 0xbad);
	assert_int_equal(EVALUATE(0x0c, 1, 2), 0xbad);                           /* cut short */
	assert_int_equal(EVALUATE(0x30, 0x06), 0xbad);                           /* *0 */
	assert_int_equal(EVALUATE(0x0e, 0, 0, 0, 0, 0, 0, 0, 0x80, 0x06), 0xbad);
	assert_int_equal(EVALUATE(0xf0), 0xbad);
	/* a PLT entry, interrupted behind its push: CFA = rsp + 8 + 8 */
	assert_int_equal(EVALUATE(0x77, 8, 0x80, 0, 0x3f, 0x1a, 0x3b, 0x2a, 0x33, 0x24, 0x22), 1016);
	machine.registers[16] = 0x10a;
	assert_int_equal(EVALUATE(0x77, 8, 0x80, 0, 0x3f, 0x1a, 0x3b, 0x2a, 0x33, 0x24, 0x22), 1008);
	assert_int_equal(evaluate(nop_only, 0, &cfa), 4711);
	assert_int_equal(evaluate(nop_only, 1, &cfa), 4711);
	assert_int_equal(evaluate(nop_only, 1, NULL), 0xbad);
}

/* ---- a module made by hand, then damaged ------------------------------------------------------------------------------------ */

#define IMAGE_BYTES 8192u
#define CODE 0x1000u
#define HDR 0x200u
#define FRAMES 0x240u

struct made_module {
	uint8_t *bytes; /* IMAGE_BYTES, right before a page that cannot be read */
	struct link_map map;
	struct cfi_module module;
	uint32_t used;
};

static void put(struct made_module *m, const void *data, size_t bytes)
{
	memcpy(m->bytes + m->used, data, bytes);
	m->used += (uint32_t)bytes;
}

static void put32(struct made_module *m, uint32_t value)
{
	put(m, &value, 4);
}

static const uint8_t cie_body[] = {
	0,    0,    0,    0, /* id */
	1,                   /* version */
	'z',  'R',  0,       /* augmentation */
	1,    0x78, 16,      /* code and data alignment, return address */
	1,    0x1b,          /* pcrel sdata4 */
	0x0c, 7,    8,       /* def_cfa rsp 8 */
	0x90, 1,             /* RA at CFA - 8 */
	0,    0,             /* padding */
};
static const uint8_t program[] = {
	0,                            /* no augmentation data */
	0x41, 0x0e, 16, 0x86, 2,      /* +1: CFA 16, rbp at -16 */
	0x43, 0x0d, 6,                /* +3: CFA register rbp */
	0x0a,                         /* remember */
	0x02, 60, 0xc6, 0x0c, 7, 8,   /* +60: restore rbp, def_cfa rsp 8 */
	0x41, 0x0b,                   /* +1: restore state */
	0x50, 0x10, 3, 2, 0x77, 8,    /* +16: rbx by expression */
	0x16, 12, 2, 0x77, 0,         /* r12 is an expression */
	0x0f, 3, 0x76, 0x78, 0x06,    /* CFA expression */
	0x2e, 4, 0x05, 13, 4, 0x09, 14, 13, 0x14, 15, 0, 0x11, 13, 0x7d, 0x08, 3, 0x07, 12, 0x06, 12,
};
#define LOCATIONS 82u

static struct made_module make_module(void)
{
	struct made_module m = {0};
	char *pages = mmap(NULL, IMAGE_BYTES + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	Elf64_Ehdr elf = {.e_phoff = sizeof(elf), .e_phentsize = sizeof(Elf64_Phdr), .e_phnum = 1};
	Elf64_Phdr header = {.p_type = PT_LOAD, .p_flags = PF_R | PF_X, .p_filesz = IMAGE_BYTES, .p_memsz = IMAGE_BYTES};
	uint32_t fde;

	assert_true(pages != MAP_FAILED);
	assert_int_equal(mprotect(pages + IMAGE_BYTES, 4096, PROT_NONE), 0);
	m.bytes = (uint8_t *)pages;
	m.map.l_addr = (uint64_t)pages;
	m.module = (struct cfi_module){.map_start = (uint64_t)pages, .map_end = (uint64_t)pages + IMAGE_BYTES,
				       .link_map = NULL, .eh_frame_hdr = m.bytes + HDR};
	memcpy(elf.e_ident, ELFMAG, SELFMAG);
	put(&m, &elf, sizeof(elf));
	put(&m, &header, sizeof(header));
	m.used = FRAMES;
	put32(&m, sizeof(cie_body));
	put(&m, cie_body, sizeof(cie_body));
	fde = m.used;
	put32(&m, 4 + 8 + sizeof(program));
	put32(&m, m.used - FRAMES);
	put32(&m, CODE - m.used);
	put32(&m, LOCATIONS + 20);
	put(&m, program, sizeof(program));
	put32(&m, 0);
	m.used = HDR;
	put32(&m, 0x3b031b01); /* version 1; pcrel sdata4, udata4, datarel sdata4 */
	put32(&m, FRAMES - m.used);
	put32(&m, 1);
	put32(&m, CODE - HDR);
	put32(&m, fde - HDR);
	m.used = fde + 16 + sizeof(program);
	return m;
}

static void made_module_gives_rules(void **state)
{
	struct made_module m = make_module();
	uint64_t code = (uint64_t)m.bytes + CODE;
	const struct cfi_rules *rules = &work.rules;

	(void)state;
	m.module.link_map = &m.map;
	assert_int_equal(ms_cfi_find(&m.module, code - 1, &work), CFI_NO_FDE);
	assert_int_equal(ms_cfi_find(&m.module, code + LOCATIONS + 20, &work), CFI_NO_FDE);
	assert_int_equal(ms_cfi_find(&m.module, code, &work), CFI_OK);
	assert_int_equal(rules->cfa_register, CFI_RSP);
	assert_int_equal(rules->cfa_offset, 8);
	assert_int_equal(rules->registers[CFI_RA].value, -8);
	assert_int_equal(ms_cfi_find(&m.module, code + 3, &work), CFI_OK);
	assert_int_equal(rules->cfa_offset, 16);
	assert_int_equal(rules->cfa_register, CFI_RSP);
	assert_int_equal(rules->registers[CFI_RBP].kind, CFI_AT_CFA);
	assert_int_equal(rules->registers[CFI_RBP].value, -16);
	assert_int_equal(ms_cfi_find(&m.module, code + 4, &work), CFI_OK);
	assert_int_equal(rules->cfa_register, CFI_RBP);
	assert_int_equal(ms_cfi_find(&m.module, code + 64, &work), CFI_OK);
	assert_int_equal(rules->cfa_register, CFI_RSP);
	assert_int_equal(rules->cfa_offset, 8);
	assert_int_equal(rules->registers[CFI_RBP].kind, CFI_SAME);
	assert_int_equal(ms_cfi_find(&m.module, code + 65, &work), CFI_OK);
	assert_int_equal(rules->cfa_register, CFI_RBP);
	assert_int_equal(rules->cfa_offset, 16);
	assert_int_equal(ms_cfi_find(&m.module, code + 81, &work), CFI_OK);
	assert_non_null(rules->cfa_expression.start);
	assert_int_equal(rules->registers[3].kind, CFI_SAME);
	assert_int_equal(rules->registers[12].kind, CFI_SAME);
	assert_int_equal(rules->registers[13].kind, CFI_AT_CFA);
	assert_int_equal(rules->registers[13].value, 24);
	assert_int_equal(rules->registers[14].kind, CFI_REGISTER);
	assert_int_equal(rules->registers[14].value, 13);
	assert_int_equal(rules->registers[15].kind, CFI_IS_CFA);
	/* The same without the sorted table. */
	m.bytes[HDR + 2] = 0xff;
	assert_int_equal(ms_cfi_find(&m.module, code + 4, &work), CFI_OK);
	assert_int_equal(rules->cfa_register, CFI_RBP);
	assert_int_equal(ms_cfi_find(&m.module, code - 1, &work), CFI_NO_FDE);
	munmap(m.bytes, IMAGE_BYTES + 4096);
}

/* Random damage, and tables that end at the end of memory: an answer, never a crash. */
static void damaged_modules(void **state)
{
	struct made_module m = make_module();
	uint8_t *original = malloc(IMAGE_BYTES);
	uint64_t random = 0x2545f4914f6cdd1d, code = (uint64_t)m.bytes + CODE;
	uint32_t ok = 0, not_ok = 0;

	(void)state;
	assert_non_null(original);
	m.module.link_map = &m.map;
	memcpy(original, m.bytes, IMAGE_BYTES);
	for (uint32_t round = 0; round < 60000; round++) {
		uint32_t damages = 1 + round % 4;

		for (uint32_t i = 0; i < damages; i++) {
			uint32_t at;

			random ^= random << 13, random ^= random >> 7, random ^= random << 17;
			/* mostly the tables, now and then the ELF headers */
			at = random >> 40 & 7 ? HDR + (uint32_t)(random >> 8) % (m.used - HDR) : (uint32_t)(random >> 8) % 120;
			m.bytes[at] = random >> 50 & 1 ? (uint8_t)(random >> 32) : m.bytes[at] ^ (uint8_t)(1u << (random >> 36 & 7));
		}
		if (ms_cfi_find(&m.module, code + round % LOCATIONS, &work) == CFI_OK) {
			uint64_t value;

			ok++;
			(void)ms_row_pack(&work.rules, work.signal_frame);
			machine.known = (1u << CFI_REGISTERS) - 1;
			if (work.rules.cfa_expression.start)
				(void)ms_cfi_evaluate(&machine, work.rules.cfa_expression, NULL, &value);
		} else {
			not_ok++;
		}
		memcpy(m.bytes, original, IMAGE_BYTES);
	}
	assert_true(ok > 1000 && not_ok > 1000);

	/* Cut short at every byte: the segment ends there and so does the memory. */
	for (uint32_t size = HDR; size < m.used; size++) {
		Elf64_Phdr *header = (Elf64_Phdr *)(void *)(m.bytes + sizeof(Elf64_Ehdr));

		header->p_filesz = size;
		assert_int_not_equal(ms_cfi_find(&m.module, code + 81, &work), CFI_OK);
	}
	free(original);
	munmap(m.bytes, IMAGE_BYTES + 4096);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules_of_libc),
		cmocka_unit_test(rules_of_the_loader),
		cmocka_unit_test(rules_of_libdw),
		cmocka_unit_test(rules_of_libunwind),
		cmocka_unit_test(rows_pack),
		cmocka_unit_test(rows_are_cached_and_forgotten),
		cmocka_unit_test(expressions),
		cmocka_unit_test(made_module_gives_rules),
		cmocka_unit_test(damaged_modules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
