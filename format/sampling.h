/*
 * sampling.h - which allocations a recording has, as numbers on disk and in the arena. Pure data.
 */
#ifndef MS_FORMAT_SAMPLING_H
#define MS_FORMAT_SAMPLING_H

enum ms_sampling {
	MS_SAMPLING_ALL = 0,
	MS_SAMPLING_PER_ALLOCATION = 1,  /* each with the same probability */
	MS_SAMPLING_PER_BYTE = 2,        /* those that a byte lies in which was drawn, each byte with the same probability */
};

#endif
