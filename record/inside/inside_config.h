/*
 * inside_config.h - what a recorder inside a program needs to know; stands in the arena at header.inside_offset.
 *
 * Written before the program's first event (by memscope-record, or by the library itself when there is none) and constant then. Both are of
 * one build: the sizes are compared, nothing else is promised. Pointers in `options` mean nothing; the text that they stood for is in `given`.
 *
 * Pure data.
 */
#ifndef MS_RECORD_INSIDE_CONFIG_H
#define MS_RECORD_INSIDE_CONFIG_H

#include <limits.h>
#include <stdint.h>

#include "record/arena.h"
#include "record/options.h"
#include "record/tick_clock.h"

#define MS_INSIDE_GIVEN_BYTES 8192u
#define MS_INSIDE_REASON_BYTES 256u

struct ms_inside_config {
	uint32_t bytes;                /* sizeof this */
	uint32_t given_count;
	struct arena_geometry geometry;
	uint64_t arena_bytes, rings_offset;
	struct tick_pair start;        /* of the clock */
	uint64_t start_unix_ns;
	/* Written by the recorder after each round: entries that are out of the rings and not in the file yet. What is lost when the program is killed. */
	_Atomic uint64_t unwritten;
	struct options options;
	char reason[MS_INSIDE_REASON_BYTES]; /* why this backend */
	char preset[64];               /* of a sample; "" = none */
	char path[PATH_MAX];           /* of the trace of the first image, absolute */
	char given[MS_INSIDE_GIVEN_BYTES]; /* given_count strings, one behind the other */
};

struct recording;

/* Fills the place in the arena of a recording that recording_prepare has made. path is absolute. What does not fit is cut. */
void ms_inside_config_fill(struct recording *r, const char *path);
/* The place in the arena. */
struct ms_inside_config *ms_inside_config_of(struct ms_arena_header *header);

#endif
