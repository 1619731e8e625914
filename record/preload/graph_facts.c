/* graph_facts.c - see graph_facts.h. */
#include "graph_facts.h"

#include <link.h>

#include "graph_threads.h"
#include "real.h"

#define STATIC_TLS_MAX (UINT64_C(16) << 20) /* further from the thread pointer lies dynamic thread-local storage */

struct ms_graph_facts ms_graph_facts;

static int look_at(struct dl_phdr_info *info, size_t bytes, void *context)
{
	struct ms_graph_facts *f = context;
	uint64_t start = UINT64_MAX, end = 0, tls_bytes = 0, tp = ms_thread_pointer(), tls = 0;
	uint64_t ours = (uint64_t)(uintptr_t)&ms_graph_facts, allocator = (uint64_t)(uintptr_t)ms_real_allocator;

	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];

		if (p->p_type == PT_LOAD) {
			start = info->dlpi_addr + p->p_vaddr < start ? info->dlpi_addr + p->p_vaddr : start;
			end = info->dlpi_addr + p->p_vaddr + p->p_memsz > end ? info->dlpi_addr + p->p_vaddr + p->p_memsz : end;
		} else if (p->p_type == PT_TLS) {
			tls_bytes = p->p_memsz;
		}
	}
	if (bytes >= offsetof(struct dl_phdr_info, dlpi_tls_data) + sizeof(info->dlpi_tls_data))
		tls = (uint64_t)(uintptr_t)info->dlpi_tls_data;
	if (tls_bytes > 0 && tls < tp && tp - tls < STATIC_TLS_MAX && tp - tls > f->static_tls_bytes)
		f->static_tls_bytes = tp - tls;
	if (allocator >= start && allocator < end) {
		f->allocator_start = start;
		f->allocator_end = end;
	}
	if (ours >= start && ours < end && info->dlpi_name != NULL && info->dlpi_name[0] != '\0') {
		f->own_start = start & ~UINT64_C(4095);
		f->own_end = (end + 4095) & ~UINT64_C(4095);
		if (tls_bytes > 0 && tls != 0 && tls < tp) {
			f->own_tls_offset = (int64_t)(tls - tp);
			f->own_tls_bytes = tls_bytes;
		}
	}
	return 0;
}

void ms_graph_facts_find(void)
{
	if (ms_graph_facts.found)
		return;
	dl_iterate_phdr(look_at, &ms_graph_facts);
	ms_graph_facts.found = true;
}
