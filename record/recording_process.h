/*
 * recording_process.h - the block of a trace that says what is recorded, and how: program, options, allocators, clock.
 *
 * Written when the program's library has told what it is (arena header: told). Errors: those of ms_writer_process, the reason in r->error.
 * Thread-safety: one thread. Not signal-safe.
 */
#ifndef MS_RECORD_RECORDING_PROCESS_H
#define MS_RECORD_RECORDING_PROCESS_H

#include "recording.h"

int recording_write_process(struct recording *r);

#endif
