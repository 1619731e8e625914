/*
 * modules.h - the executables and libraries of the process, as records in the arena.
 *
 * All modules are found once at start; later ones when a walk first meets their code (dlopen is not interposed: the
 * dynamic linker looks at its caller). A record is claimed without a lock, filled, then announced by a MODULE_LOAD event
 * in the ring of whichever thread takes its slow path next; the thread that met the module takes it at once.
 *
 * Thread-safety: any thread, and signal handlers, but for ms_modules_start.
 */
#ifndef MS_PRELOAD_MODULES_H
#define MS_PRELOAD_MODULES_H

#include <stdbool.h>
#include <stdint.h>

struct ms_real;

/* Records every module that is loaded now. Once per image, while the process is starting: takes the loader's lock. */
void ms_modules_start(void);

/* A forked child has the modules of its parent. Their records outlive the parent's arena in memory of their own, and become
   the child's without the loader's lock, which another thread may have held at the fork. NULL when there is no memory. */
struct ms_modules_saved;
struct ms_modules_saved *ms_modules_save(void);
/* Instead of ms_modules_start; frees saved. */
void ms_modules_inherit(struct ms_modules_saved *saved);

/* File name of the module that contains address; cut to bytes. Takes no lock. */
void ms_module_name_at(const void *address, char *name, uint32_t bytes);

/* Are there filled records that no event announces yet? */
bool ms_modules_due(void);
/* One of them, which is the caller's to announce. False: another thread was faster. */
bool ms_modules_take(uint32_t *index);

/* Hook. */
int ms_hook_dlclose(const struct ms_real *real, void *handle);

#endif
