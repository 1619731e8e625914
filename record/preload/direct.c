/* direct.c - see direct.h. */
#include "direct.h"

#include <string.h>

#include "modules.h"
#include "process.h"
#include "raw.h"
#include "real.h"

/* This library's own dynamic section; the linker defines it. */
extern ElfW(Dyn) _DYNAMIC[] __attribute__((visibility("hidden")));

struct work {
	struct ms_direct_module module;
	uint64_t moved[MS_DIRECT_ROWS_MAX];
	struct ms_arena_header *header;
	bool at_executable;              /* the first module that the loader tells */
	bool reports;
};

static bool is_ours(const struct dl_phdr_info *info)
{
	for (unsigned i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_DYNAMIC &&
		    info->dlpi_addr + info->dlpi_phdr[i].p_vaddr == (uint64_t)(uintptr_t)_DYNAMIC)
			return true;
	return false;
}

static void report(struct ms_arena_header *header, const struct ms_direct_module *m, enum ms_direct_state state)
{
	struct ms_direct_entry *e;

	if (header->direct_count >= MS_DIRECT_ENTRIES)
		return;
	e = &header->direct[header->direct_count];
	e->state = (uint8_t)state;
	e->family = m->family;
	e->executable = m->executable;
	e->functions = (uint16_t)m->count;
	ms_module_name_at((const void *)m->found[0].address, e->module, sizeof e->module);
	header->direct_count++;
}

static int look_at(struct dl_phdr_info *info, size_t bytes, void *context)
{
	struct work *w = context;
	struct ms_direct_module *m = &w->module;
	enum ms_direct_state state;

	(void)bytes;
	memset(m, 0, sizeof *m);
	m->info = info;
	m->executable = w->at_executable;
	w->at_executable = false;
	if (is_ours(info) || !ms_direct_find(m))
		return 0;
	state = ms_is_late()                            ? MS_DIRECT_LATE
		: w->header->guard.mode != MS_GUARD_OFF ? MS_DIRECT_GUARD
		: !ms_direct_claim(m)                 ? MS_DIRECT_TWICE
						      : ms_direct_patch(m, w->moved);
	/* Constructors of libraries ran before us, and may have blocks of the executable's allocator. */
	if (m->executable || state != MS_DIRECT_HOOKED)
		atomic_store_explicit(&w->header->births_unseen, 1, memory_order_relaxed);
	if (state == MS_DIRECT_HOOKED || (m->executable && state != MS_DIRECT_LATE))
		ms_direct_under(m, state == MS_DIRECT_HOOKED ? w->moved : NULL);
	if (w->reports)
		report(w->header, m, state);
	return 0;
}

void ms_direct_start(struct ms_arena_header *header, bool first)
{
	static bool started; /* a forked child has what its parent has */
	struct work *w = ms_raw_memory(sizeof *w);

	if (w == NULL)
		return;
	w->header = header;
	w->at_executable = true;
	w->reports = first;
	if (!started || ms_is_late()) {
		started = !ms_is_late();
		dl_iterate_phdr(look_at, w);
	}
	ms_raw_munmap(w, sizeof *w);
}
