/*
 * sampling.h - which allocations a recording has, as numbers on disk and in the arena. Pure data.
 */
#ifndef MS_FORMAT_SAMPLING_H
#define MS_FORMAT_SAMPLING_H

enum ms_sampling {
	MS_SAMPLING_ALL = 0,
	MS_SAMPLING_PER_ALLOCATION = 1,  /* each with the same probability, but those of MS_SAMPLE_SURE_BYTES and more, which are always in */
	MS_SAMPLING_PER_BYTE = 2,        /* those that a byte lies in which was drawn, each byte with the same probability */
};

/* A few blocks can be most of a heap: drawn like the others they would be missing from most samples, and nothing in a sample tells. They are
   rare, and costly for the program anyway. By bytes the probability does the same. */
#define MS_SAMPLE_SURE_BYTES 4096u

#endif
