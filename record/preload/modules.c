/*
 * modules.c - module records: path, load bias, range and build-id of everything that is mapped as code.
 */
#include "modules.h"

#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <link.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/auxv.h>

#include "process.h"
#include "raw.h"
#include "real.h"
#include "ring.h"

#define MODULES_MAX 4096u
#define PAGE_BYTES 4096u

/*
 * Claims: which record belongs to the module that starts at an address. 0 = never used, CLAIM_GONE = unloaded. Claimed by
 * CAS in order of the index; the record's state says when it is filled. Process-private: an index is unique within the
 * arena because images start after what the image before them has claimed.
 */
#define CLAIM_GONE 1u
enum record_state { RECORD_EMPTY, RECORD_FILLED, RECORD_ANNOUNCED };
static _Atomic uint64_t claims[MODULES_MAX];
static _Atomic uint8_t states[MODULES_MAX];  /* enum record_state; release when filled */
static _Atomic uint32_t due;                 /* records that are filled and not announced */
static uint32_t first_index;                 /* records before it are those of earlier images */

/* One module, as the loader tells it. */
struct module_facts {
	uint64_t start, end, bias;
	const char *name;
	const ElfW(Phdr) * headers;
	unsigned header_count;
};

static void append(char *text, size_t room, const char *more)
{
	size_t used = strlen(text);
	size_t length = strlen(more);

	if (length > room - 1 - used)
		length = room - 1 - used;
	memcpy(text + used, more, length);
	text[used + length] = '\0';
}

/* The executable has no name of its own; a library may have been found through a relative path. */
static void set_path(char path[MS_MODULE_PATH_BYTES], const char *name)
{
	path[0] = '\0';
	if (name[0] == '\0') {
		long length = ms_raw(SYS_readlinkat, -100 /* AT_FDCWD */, (long)"/proc/self/exe", (long)path,
				     MS_MODULE_PATH_BYTES - 1, 0, 0);

		if (!ms_raw_failed(length)) {
			path[length] = '\0';
			return;
		}
		name = (const char *)getauxval(AT_EXECFN);
		if (name == NULL)
			return;
	}
	if (strncmp(name, "linux-vdso", 10) == 0)
		return;
	if (name[0] != '/') {
		long length = ms_raw(SYS_getcwd, (long)path, MS_MODULE_PATH_BYTES - 1, 0, 0, 0, 0);

		if (ms_raw_failed(length) || path[0] != '/')
			path[0] = '\0';
		else
			append(path, MS_MODULE_PATH_BYTES, "/");
	}
	append(path, MS_MODULE_PATH_BYTES, name);
}

/* The GNU build-id stands in a note inside a mapped segment. */
static void set_build_id(struct ms_module_record *record, const struct module_facts *facts)
{
	for (unsigned i = 0; i < facts->header_count; i++) {
		const ElfW(Phdr) *header = &facts->headers[i];
		uint64_t at = facts->bias + header->p_vaddr;
		uint64_t end = at + header->p_memsz;

		if (header->p_type != PT_NOTE || at < facts->start || end > facts->end)
			continue;
		while (end - at >= sizeof(ElfW(Nhdr))) {
			const ElfW(Nhdr) *note = (const void *)(uintptr_t)at;
			uint64_t name_bytes = ((uint64_t)note->n_namesz + 3) & ~(uint64_t)3;
			uint64_t body_bytes = ((uint64_t)note->n_descsz + 3) & ~(uint64_t)3;
			const char *name = (const char *)(note + 1);

			if (name_bytes + body_bytes > end - at - sizeof(*note))
				break;
			if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4 && memcmp(name, "GNU", 4) == 0 &&
			    note->n_descsz <= sizeof(record->build_id)) {
				memcpy(record->build_id, name + name_bytes, note->n_descsz);
				record->build_id_bytes = (uint8_t)note->n_descsz;
				return;
			}
			at += sizeof(*note) + name_bytes + body_bytes;
		}
	}
}

/* The index that is now the caller's to fill; -1 when the module is known or there is no room. */
static int64_t claim(uint64_t start)
{
	uint32_t capacity = ms_process.header->module_capacity;

	if (capacity > MODULES_MAX)
		capacity = MODULES_MAX;
	for (uint32_t i = first_index; i < capacity; i++) {
		uint64_t owner = atomic_load_explicit(&claims[i], memory_order_relaxed);

		if (owner == 0 && atomic_compare_exchange_strong(&claims[i], &owner, start))
			return i;
		if (owner == start)
			return -1;
	}
	return -1;
}

static void raise_count(uint32_t count)
{
	uint32_t seen = atomic_load_explicit(&ms_process.header->module_count, memory_order_relaxed);

	while (seen < count && !atomic_compare_exchange_weak_explicit(&ms_process.header->module_count, &seen, count,
								      memory_order_release, memory_order_relaxed))
		;
}

/* The record is filled: from now on it counts. */
static void file(uint32_t index)
{
	atomic_store_explicit(&ms_process.modules[index].unloaded, 0, memory_order_relaxed);
	raise_count(index + 1);
	atomic_store_explicit(&states[index], RECORD_FILLED, memory_order_release);
	atomic_fetch_add_explicit(&due, 1, memory_order_release);
	ms_ring_disturb();
}

static void add(const struct module_facts *facts)
{
	int64_t index = claim(facts->start);
	struct ms_module_record *record;

	if (index < 0)
		return;
	record = &ms_process.modules[index];
	record->load_bias = facts->bias;
	record->start = facts->start;
	record->end = facts->end;
	record->image = ms_process.image;
	record->build_id_bytes = 0;
	set_path(record->path, facts->name);
	set_build_id(record, facts);
	file((uint32_t)index);
}

static int add_loaded(struct dl_phdr_info *info, size_t bytes, void *context)
{
	struct module_facts facts = {.start = UINT64_MAX, .bias = info->dlpi_addr, .name = info->dlpi_name,
				     .headers = info->dlpi_phdr, .header_count = info->dlpi_phnum};

	(void)bytes;
	(void)context;
	for (unsigned i = 0; i < facts.header_count; i++) {
		const ElfW(Phdr) *header = &facts.headers[i];
		uint64_t start = facts.bias + header->p_vaddr;

		if (header->p_type != PT_LOAD)
			continue;
		start &= ~(uint64_t)(PAGE_BYTES - 1);
		if (start < facts.start)
			facts.start = start;
		if (facts.bias + header->p_vaddr + header->p_memsz > facts.end)
			facts.end = facts.bias + header->p_vaddr + header->p_memsz;
	}
	facts.end = (facts.end + PAGE_BYTES - 1) & ~(uint64_t)(PAGE_BYTES - 1);
	if (facts.start < facts.end)
		add(&facts);
	return 0;
}

static void forget_claims(void)
{
	for (uint32_t i = 0; i < MODULES_MAX; i++) {
		if (i >= first_index && atomic_load_explicit(&claims[i], memory_order_relaxed) == 0)
			break; /* claimed in order: the rest was never touched */
		atomic_store_explicit(&claims[i], 0, memory_order_relaxed);
		atomic_store_explicit(&states[i], RECORD_EMPTY, memory_order_relaxed);
	}
	atomic_store_explicit(&due, 0, memory_order_relaxed);
	first_index = atomic_load_explicit(&ms_process.header->module_count, memory_order_acquire);
}

void ms_modules_start(void)
{
	forget_claims();
	dl_iterate_phdr(add_loaded, NULL);
}

struct ms_modules_saved {
	size_t bytes;
	uint32_t count;
	struct ms_module_record records[];
};

struct ms_modules_saved *ms_modules_save(void)
{
	uint32_t end = atomic_load_explicit(&ms_process.header->module_count, memory_order_acquire);
	struct ms_modules_saved *saved;
	size_t bytes;

	if (end > MODULES_MAX || end > ms_process.header->module_capacity || end < first_index)
		return NULL;
	bytes = sizeof(*saved) + (end - first_index) * sizeof(saved->records[0]);
	saved = ms_raw_memory(bytes);
	if (saved == NULL)
		return NULL;
	saved->bytes = bytes;
	for (uint32_t i = first_index; i < end; i++) {
		const struct ms_module_record *record = &ms_process.modules[i];

		if (atomic_load_explicit(&states[i], memory_order_relaxed) != RECORD_EMPTY &&
		    atomic_load_explicit(&record->unloaded, memory_order_relaxed) == 0)
			memcpy(&saved->records[saved->count++], record, sizeof(*record));
	}
	return saved;
}

void ms_modules_inherit(struct ms_modules_saved *saved)
{
	forget_claims();
	for (uint32_t i = 0; i < saved->count; i++) {
		int64_t index = claim(saved->records[i].start);

		if (index < 0)
			continue;
		memcpy(&ms_process.modules[index], &saved->records[i], sizeof(saved->records[i]));
		ms_process.modules[index].image = ms_process.image;
		file((uint32_t)index);
	}
	ms_raw_munmap(saved, saved->bytes);
}

/* Inside a stack walk: no lock, no allocation. The program headers follow the ELF header, which the linker maps at the
   start of the module; where it does not, there is no build-id. */
/* Where the kernel left holes between the segments of an executable, glibc finds each segment as an object of its own. */
static bool is_segment_of_known(const struct module_facts *facts)
{
	for (uint32_t i = first_index; i < MODULES_MAX; i++) {
		const struct ms_module_record *record = &ms_process.modules[i];
		uint64_t owner = atomic_load_explicit(&claims[i], memory_order_relaxed);

		if (owner == 0)
			return false;
		if (owner != CLAIM_GONE && atomic_load_explicit(&states[i], memory_order_acquire) != RECORD_EMPTY &&
		    record->load_bias == facts->bias && record->start <= facts->start && facts->end <= record->end)
			return true;
	}
	return false;
}

void ms_module_seen(uint64_t map_start, uint64_t map_end, const void *link_map)
{
	const struct link_map *map = link_map;
	const ElfW(Ehdr) *elf = (const void *)(uintptr_t)map_start;
	struct module_facts facts = {.start = map_start & ~(uint64_t)(PAGE_BYTES - 1),
				     .end = (map_end + PAGE_BYTES - 1) & ~(uint64_t)(PAGE_BYTES - 1),
				     .name = ""};

	if (ms_process.header == NULL || map == NULL)
		return;
	facts.bias = map->l_addr;
	if (is_segment_of_known(&facts))
		return;
	if (ms_late_module != NULL)
		ms_late_module(map);
	facts.name = map->l_name != NULL ? map->l_name : "";
	if (memcmp(elf->e_ident, ELFMAG, SELFMAG) == 0 && elf->e_phentsize == sizeof(ElfW(Phdr)) &&
	    elf->e_phoff + (uint64_t)elf->e_phnum * sizeof(ElfW(Phdr)) <= PAGE_BYTES) {
		facts.headers = (const void *)(uintptr_t)(map_start + elf->e_phoff);
		facts.header_count = elf->e_phnum;
	}
	add(&facts);
}

bool ms_modules_due(void)
{
	return atomic_load_explicit(&due, memory_order_acquire) != 0;
}

bool ms_modules_take(uint32_t *index)
{
	for (uint32_t i = first_index; i < MODULES_MAX; i++) {
		uint8_t state = RECORD_FILLED;

		if (atomic_load_explicit(&claims[i], memory_order_relaxed) == 0)
			return false;
		if (atomic_compare_exchange_strong(&states[i], &state, RECORD_ANNOUNCED)) {
			atomic_fetch_sub_explicit(&due, 1, memory_order_relaxed);
			*index = i;
			return true;
		}
	}
	return false;
}

void ms_module_name_at(const void *address, char *name, uint32_t bytes)
{
	struct dl_find_object module;
	char path[MS_MODULE_PATH_BYTES];
	const char *base;

	name[0] = '\0';
	if (_dl_find_object((void *)(uintptr_t)address, &module) != 0 || module.dlfo_link_map == NULL)
		return;
	set_path(path, module.dlfo_link_map->l_name != NULL ? module.dlfo_link_map->l_name : "");
	base = strrchr(path, '/');
	append(name, bytes, base != NULL ? base + 1 : path);
}

/* Is the module of the record still where it was? */
static bool is_mapped(const struct ms_module_record *record, uint64_t start)
{
	struct dl_find_object module;
	uint64_t map_start;

	if (record->path[0] == '\0')
		return true; /* the vDSO: the loader does not know it as an object */
	if (_dl_find_object((void *)(uintptr_t)(start + (record->end - start) / 2), &module) != 0 && /* else a hole is there */
	    _dl_find_object((void *)(uintptr_t)start, &module) != 0)
		return false;
	map_start = (uint64_t)(uintptr_t)module.dlfo_map_start & ~(uint64_t)(PAGE_BYTES - 1);
	return map_start == start || /* or a segment of it, as ms_module_seen is told */
	       (module.dlfo_link_map != NULL && module.dlfo_link_map->l_addr == record->load_bias && map_start > start &&
		(uint64_t)(uintptr_t)module.dlfo_map_end <= record->end);
}

static void forget_unloaded(void)
{
	for (uint32_t i = first_index; i < MODULES_MAX; i++) {
		struct ms_module_record *record = &ms_process.modules[i];
		uint64_t start = atomic_load_explicit(&claims[i], memory_order_relaxed);

		if (start == 0)
			return;
		if (start == CLAIM_GONE || atomic_load_explicit(&states[i], memory_order_acquire) == RECORD_EMPTY ||
		    is_mapped(record, start))
			continue;
		if (!atomic_compare_exchange_strong(&claims[i], &start, CLAIM_GONE))
			continue;
		atomic_store_explicit(&record->unloaded, 1, memory_order_release);
		ms_rows_forget(record->start, record->end);
		ms_trie_retire(&ms_process.trie, record->start, record->end);
		ms_emit_args(MS_EV_MODULE_UNLOAD, 1, i);
	}
}

/* Between the real dlclose and the end of this another thread may map another module at the same place and allocate from
   it: its stacks may then name the old module. */
int ms_hook_dlclose(const struct ms_real *real, void *handle)
{
	int result = real->dlclose(handle);
	int saved_errno = errno;

	if (atomic_load_explicit(&ms_process.phase, memory_order_acquire) == MS_PHASE_RECORDING &&
	    !ms_process_forked())
		forget_unloaded();
	errno = saved_errno;
	return result;
}
