/*
 * got_slots.h - slots of global offset tables: which of them call a function that we hook, and the change there and back.
 *
 * A slot is a word that the dynamic linker filled because of a relocation that names a symbol (JUMP_SLOT, GLOB_DAT, or an address in
 * data). It is changed when it holds the function behind the hook, or nothing bound yet; a slot that holds anything else belongs to
 * another definition and stays. Words are written whole, so threads that call through them see the old or the new function.
 * Slots in memory that is read-only after relocation are made writable for the moment of the change.
 *
 * Every change is remembered by the address of the slot, and taken back only where the hook still stands.
 *
 * One thread at a time changes slots: got_lock does not wait. No allocation, no errno. Source: System V gABI, x86-64 psABI.
 */
#ifndef MS_PRELOAD_GOT_SLOTS_H
#define MS_PRELOAD_GOT_SLOTS_H

#include <stdbool.h>
#include <stdint.h>

bool got_lock(void);
void got_unlock(void);

/* Finds the functions behind the hooks that are not known yet. Takes the dynamic linker's lock. Under got_lock. */
void got_resolve(void);
/* All modules. The dynamic linker's lock. Under got_lock. Returns how many slots hold a hook. */
long got_hook_all(void);
/* One module: dynamic section, load bias. Under got_lock. No lock of the dynamic linker's. */
void got_hook_module(const void *dynamic, uint64_t bias);
/* All slots. Under got_lock. Returns how many were changed back. */
long got_restore_all(void);
/* Were modules loaded or unloaded since the last got_hook_all? The dynamic linker's lock. */
bool got_modules_changed(void);

#endif
