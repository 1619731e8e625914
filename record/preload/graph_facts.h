/*
 * graph_facts.h - what the heap graph has to know about the process before it stops it: found at start, when the loader may
 * still be asked.
 *
 * ms_graph_facts_find calls dl_iterate_phdr (the loader's lock), once; later calls do nothing. Constant afterwards.
 */
#ifndef MS_PRELOAD_GRAPH_FACTS_H
#define MS_PRELOAD_GRAPH_FACTS_H

#include <stdbool.h>
#include <stdint.h>

struct ms_graph_facts {
	bool found;
	uint64_t static_tls_bytes;     /* of the modules loaded at start, below a thread pointer */
	int64_t own_tls_offset;        /* of our thread-local variables, from a thread pointer */
	uint64_t own_tls_bytes;        /* 0: not known */
	uint64_t own_start, own_end;   /* our module; equal: we are part of the program itself */
	uint64_t allocator_start, allocator_end; /* the module that defines malloc */
};

extern struct ms_graph_facts ms_graph_facts;

void ms_graph_facts_find(void);

#endif
