/*
 * sampling.h - which allocations a recording has, as numbers on disk and in the arena. Pure data.
 */
#ifndef MS_FORMAT_SAMPLING_H
#define MS_FORMAT_SAMPLING_H

enum ms_sampling {
	MS_SAMPLING_ALL = 0,
	MS_SAMPLING_PER_ALLOCATION = 1,  /* in traces alone that were written before PER_UNIT was: each with the same probability, but those of
	                                    MS_SAMPLE_UNIT_BYTES and more, which are always in */
	MS_SAMPLING_PER_BYTE = 2,        /* those that a byte lies in which was drawn, each byte with the same probability */
	MS_SAMPLING_PER_UNIT = 3,        /* those that a unit lies in which was drawn: an allocation is one unit, and each MS_SAMPLE_UNIT_BYTES of it are one more */
};

/* A few blocks can be most of a heap: drawn like the others they would be missing from most samples, and nothing in a sample tells. So their
   probability grows with them: with the rate R no sampled block stands for much more than MS_SAMPLE_UNIT_BYTES / R. */
#define MS_SAMPLE_UNIT_BYTES 4096u

#define MS_SAMPLE_UNITS(size_bytes) (1 + (size_bytes) / MS_SAMPLE_UNIT_BYTES)

#endif
