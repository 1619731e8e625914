/*
 * elf_lookup.h - dlsym(RTLD_NEXT) without dlsym: finds functions in the symbol tables that the loader has mapped.
 *
 * dlsym may allocate (and so come back into malloc before malloc is found), takes its order from whoever calls it, and is
 * wrapped by some programs. Reading DT_GNU_HASH or DT_HASH directly does none of that. Among several versions of a symbol
 * the default one is taken, as the linker does. Indirect functions are resolved.
 *
 * Calls dl_iterate_phdr (the loader's lock, recursive) and nothing else. No allocation, no errno. Any thread.
 */
#ifndef MS_PRELOAD_ELF_LOOKUP_H
#define MS_PRELOAD_ELF_LOOKUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ms_lookup {
	const char *name;
	void *address;     /* filled when found; one that is not NULL is left alone */
};

/*
 * Looks for each name in the modules that were loaded after this library, in load order. everywhere: in all modules but this one
 * (for what came with dlopen).
 */
void ms_lookup(struct ms_lookup *wanted, size_t count, bool everywhere);

struct dl_phdr_info;
/* The function of this name in one module, indirect ones aside. False: it defines none that others may use. */
bool ms_lookup_in(const struct dl_phdr_info *module, const char *name, uint64_t *address, uint64_t *bytes);

#endif
