/* got_slots.c - see got_slots.h. */
#include "got_slots.h"

#include <elf.h>
#include <link.h>
#include <linux/futex.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/auxv.h>
#include <sys/mman.h>

#include "record/preload/elf_lookup.h"
#include "record/preload/raw.h"
#include "record/preload/stack_bounds.h"

#define PAGE UINT64_C(4096)
#define SLOTS (UINT64_C(1) << 16)   /* places of the table; a process with more slots keeps the rest unhooked */
#define HASH_BITS 9

/* This library's own dynamic section. */
extern ElfW(Dyn) _DYNAMIC[] __attribute__((visibility("hidden")));

/* ---- what is hooked ---------------------------------------------------------------------------------------------- */

/*
 * Not hooked although libmemscope-preload.so exports it: limits (the arena is not hidden from them here), the program's own end and prctl
 * (they only serve the graph at exit and guards), and the annotations, whose absence a program may have tested already.
 */
#define NOT_HOOKED(name) \
	(equal(name, "getrlimit") || equal(name, "setrlimit") || equal(name, "prlimit") || equal(name, "getrlimit64") || \
	 equal(name, "setrlimit64") || equal(name, "prlimit64") || equal(name, "_exit") || equal(name, "_Exit") || \
	 equal(name, "prctl") || equal(name, "abort") || starts_with(name, "memscope_"))

#define X(name) extern const char hook_of_##name[] __asm__(#name) __attribute__((visibility("hidden")));
#include "hook_names.h"
#undef X
extern const char hook_of_dlsym[] __asm__("ms_late_dlsym") __attribute__((visibility("hidden")));
/* Where ms_late_dlsym goes on. */
const void *ms_late_real_dlsym __attribute__((visibility("hidden")));

static struct hook {
	const char *name;
	const char *hook;
	_Atomic(const void *) real;
	uint16_t next;                  /* + 1, of the same hash */
} hooks[] = {
#define X(name) {#name, hook_of_##name, NULL, 0},
#include "hook_names.h"
#undef X
	{"dlsym", hook_of_dlsym, NULL, 0},
};
#define HOOKS (sizeof hooks / sizeof hooks[0])
static uint16_t by_hash[1u << HASH_BITS];
static bool hashed;

static bool equal(const char *a, const char *b)
{
	while (*a != '\0' && *a == *b)
		a++, b++;
	return *a == *b;
}

static bool starts_with(const char *text, const char *start)
{
	while (*start != '\0' && *text == *start)
		text++, start++;
	return *start == '\0';
}

static uint32_t hash_of(const char *name)
{
	uint32_t h = 5381;

	for (; *name != '\0'; name++)
		h = h * 33 + (unsigned char)*name;
	return (h ^ h >> HASH_BITS) & ((1u << HASH_BITS) - 1);
}

static struct hook *find(const char *name)
{
	for (uint16_t i = by_hash[hash_of(name)]; i != 0; i = hooks[i - 1].next)
		if (equal(hooks[i - 1].name, name))
			return &hooks[i - 1];
	return NULL;
}

void got_resolve(void)
{
	struct ms_lookup wanted[HOOKS];
	size_t count = 0;

	for (size_t i = 0; i < HOOKS; i++) {
		if (!hashed && !NOT_HOOKED(hooks[i].name)) {
			uint32_t h = hash_of(hooks[i].name);

			hooks[i].next = by_hash[h];
			by_hash[h] = (uint16_t)(i + 1);
		}
		if (atomic_load_explicit(&hooks[i].real, memory_order_relaxed) == NULL)
			wanted[count++] = (struct ms_lookup){hooks[i].name, NULL};
	}
	hashed = true;
	ms_lookup(wanted, count, true);
	count = 0;
	for (size_t i = 0; i < HOOKS; i++)
		if (atomic_load_explicit(&hooks[i].real, memory_order_relaxed) == NULL)
			atomic_store_explicit(&hooks[i].real, wanted[count++].address, memory_order_relaxed);
	ms_late_real_dlsym = atomic_load_explicit(&hooks[HOOKS - 1].real, memory_order_relaxed);
}

/* ---- the table of changed slots ---------------------------------------------------------------------------------- */

static struct slot {
	uint64_t address;               /* 0 = empty */
	uint64_t old;
	const char *hook;
} *slots;
static uint64_t slot_count;
static _Atomic uint32_t locked;

bool got_lock(void)
{
	uint32_t open = 0;

	return atomic_compare_exchange_strong_explicit(&locked, &open, 1, memory_order_acquire, memory_order_relaxed);
}

void got_unlock(void)
{
	atomic_store_explicit(&locked, 0, memory_order_release);
}

/* The place of the slot, taken if it is new. NULL: the table is full. */
static struct slot *place_of(uint64_t address)
{
	uint64_t at = (address >> 3) * UINT64_C(0x9e3779b97f4a7c15) >> 48;

	if (slots == NULL) {
		slots = ms_raw_memory(SLOTS * sizeof *slots);
		if (slots == NULL)
			return NULL;
	}
	if (slot_count >= SLOTS - SLOTS / 8)
		return NULL;
	while (slots[at].address != 0 && slots[at].address != address)
		at = (at + 1) & (SLOTS - 1);
	if (slots[at].address == 0) {
		slots[at].address = address;
		slot_count++;
	}
	return &slots[at];
}

/* ---- pages that are read-only after relocation -------------------------------------------------------------------- */

/*
 * Can the word be written? The kernel adds 0 to it, in one step, or answers EFAULT. Which pages are read-only is not taken from the program
 * headers: a module that another thread is just loading has them writable still, and must not find them read-only too early.
 */
static bool is_writable(uint64_t address)
{
	static uint32_t nobody;
	long result = ms_raw(SYS_futex, (long)&nobody, FUTEX_WAKE_OP_PRIVATE, 0, 0, (long)(address & ~UINT64_C(3)),
			     FUTEX_OP(FUTEX_OP_ADD, 0, FUTEX_OP_CMP_LT, 0));

	return !ms_raw_failed(result);
}

/* The page that is writable for the moment, 0 = none. */
struct opened {
	uint64_t page;
};

static void close_page(struct opened *o)
{
	if (o->page != 0)
		ms_raw(SYS_mprotect, (long)o->page, PAGE, PROT_READ, 0, 0, 0);
	o->page = 0;
}

static bool open_page(struct opened *o, uint64_t address)
{
	uint64_t page = address & ~(PAGE - 1);

	if (page == o->page)
		return true;
	close_page(o);
	if (is_writable(address))
		return true;
	if (ms_raw_failed(ms_raw(SYS_mprotect, (long)page, PAGE, PROT_READ | PROT_WRITE, 0, 0, 0)))
		return false;
	o->page = page;
	return true;
}

/* ---- there ---------------------------------------------------------------------------------------------------------- */

struct module {
	uint64_t bias;
	const ElfW(Sym) *symbols;
	const char *strings;
	const ElfW(Rela) *data, *calls;
	uint64_t data_bytes, calls_bytes;
};

static bool read_dynamic(struct module *m, const ElfW(Dyn) *dynamic)
{
	bool rela = true;

	for (; dynamic->d_tag != DT_NULL; dynamic++) {
		uint64_t value = dynamic->d_un.d_val;
		const void *at = (const void *)(uintptr_t)(value < m->bias ? value + m->bias : value);

		switch (dynamic->d_tag) {
		case DT_SYMTAB:
			m->symbols = at;
			break;
		case DT_STRTAB:
			m->strings = at;
			break;
		case DT_RELA:
			m->data = at;
			break;
		case DT_RELASZ:
			m->data_bytes = value;
			break;
		case DT_JMPREL:
			m->calls = at;
			break;
		case DT_PLTRELSZ:
			m->calls_bytes = value;
			break;
		case DT_PLTREL:
			rela = value == DT_RELA;
			break;
		}
	}
	return rela && m->symbols != NULL && m->strings != NULL;
}

/* Nothing is bound yet: a call goes through the module's own procedure linkage table to the dynamic linker. */
static bool is_unbound(const struct module *m, const ElfW(Sym) *symbol, uint64_t type, uint64_t value)
{
	struct dl_find_object there, here;

	return type == R_X86_64_JUMP_SLOT && symbol->st_shndx == SHN_UNDEF && value != 0 &&
	       _dl_find_object((void *)(uintptr_t)value, &there) == 0 &&
	       _dl_find_object((void *)(uintptr_t)(const void *)m->symbols, &here) == 0 &&
	       there.dlfo_link_map == here.dlfo_link_map;
}

static void hook_table(const struct module *m, const ElfW(Rela) *table, uint64_t bytes, struct opened *pages)
{
	for (uint64_t i = 0; i < bytes / sizeof *table; i++) {
		uint64_t type = ELF64_R_TYPE(table[i].r_info), address = m->bias + table[i].r_offset, value;
		const ElfW(Sym) *symbol = &m->symbols[ELF64_R_SYM(table[i].r_info)];
		const void *real;
		struct hook *hook;
		struct slot *slot;

		if (ELF64_R_SYM(table[i].r_info) == 0 || address % 8 != 0 ||
		    (type != R_X86_64_JUMP_SLOT && type != R_X86_64_GLOB_DAT && !(type == R_X86_64_64 && table[i].r_addend == 0)))
			continue;
		hook = find(m->strings + symbol->st_name);
		real = hook != NULL ? atomic_load_explicit(&hook->real, memory_order_relaxed) : NULL;
		if (real == NULL)
			continue;
		value = __atomic_load_n((uint64_t *)(uintptr_t)address, __ATOMIC_RELAXED);
		if (value == (uint64_t)(uintptr_t)hook->hook ||
		    (value != (uint64_t)(uintptr_t)real && !is_unbound(m, symbol, type, value)))
			continue;
		slot = place_of(address);
		if (slot == NULL || !open_page(pages, address))
			continue;
		slot->old = value;
		slot->hook = hook->hook;
		__atomic_store_n((uint64_t *)(uintptr_t)address, (uint64_t)(uintptr_t)hook->hook, __ATOMIC_RELEASE);
	}
	close_page(pages);
}

void got_hook_module(const void *dynamic, uint64_t bias)
{
	struct opened pages = {0};
	struct module m = {.bias = bias};

	/* The dynamic linker has its own ways to the allocator; the vDSO has no calls. */
	if (dynamic == NULL || dynamic == _DYNAMIC || bias == getauxval(AT_BASE) || bias == getauxval(AT_SYSINFO_EHDR) ||
	    !read_dynamic(&m, dynamic))
		return;
	if (m.data != NULL)
		hook_table(&m, m.data, m.data_bytes, &pages);
	if (m.calls != NULL)
		hook_table(&m, m.calls, m.calls_bytes, &pages);
}

static unsigned long long seen_loads, seen_unloads;

static int hook_loaded(struct dl_phdr_info *info, size_t bytes, void *context)
{
	const void *dynamic = NULL;

	(void)bytes;
	(void)context;
	for (unsigned i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_DYNAMIC)
			dynamic = (const void *)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);
	got_hook_module(dynamic, info->dlpi_addr);
	seen_loads = info->dlpi_adds;
	seen_unloads = info->dlpi_subs;
	return 0;
}

long got_hook_all(void)
{
	dl_iterate_phdr(hook_loaded, NULL);
	return (long)slot_count;
}

static int compare_counts(struct dl_phdr_info *info, size_t bytes, void *context)
{
	(void)bytes;
	*(bool *)context = info->dlpi_adds != seen_loads || info->dlpi_subs != seen_unloads;
	return 1;
}

bool got_modules_changed(void)
{
	bool changed = false;

	dl_iterate_phdr(compare_counts, &changed);
	return changed;
}

/* ---- and back ------------------------------------------------------------------------------------------------------- */

/* The slot may be gone with its module. */
static bool restore(struct slot *slot)
{
	struct opened page = {0};
	uint64_t *at = (uint64_t *)(uintptr_t)slot->address;
	bool back = false;

	if (!ms_memory_readable(slot->address) || __atomic_load_n(at, __ATOMIC_RELAXED) != (uint64_t)(uintptr_t)slot->hook)
		return false;
	if (open_page(&page, slot->address)) {
		__atomic_store_n(at, slot->old, __ATOMIC_RELEASE);
		back = true;
	}
	close_page(&page);
	return back;
}

long got_restore_all(void)
{
	long restored = 0;

	for (uint64_t i = 0; slots != NULL && i < SLOTS; i++)
		if (slots[i].address != 0)
			restored += restore(&slots[i]);
	if (slots != NULL)
		ms_raw_madvise(slots, SLOTS * sizeof *slots, MADV_DONTNEED); /* reads zero again */
	slot_count = 0;
	return restored;
}
