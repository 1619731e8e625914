/*
 * plot_figures.h - the figures, one row each; plots.c makes the tables of them.
 *
 * X(name): `const struct ms_plot ms_plot_<name>`, defined in its own file plot_<name>.c, or with one that is drawn alike. Pure data; thread-safe.
 */
#ifndef MS_PLOT_FIGURES_H
#define MS_PLOT_FIGURES_H

#include "plot.h"

#define MS_PLOT_FIGURES(X) \
	X(heap)            \
	X(rate)            \
	X(sites)           \
	X(sizes)           \
	X(lifetimes)       \
	X(threads)         \
	X(fragmentation)   \
	X(occupancy)

#define MS_DIFF_PLOT_FIGURES(X) \
	X(diff_heap)            \
	X(diff_sites)           \
	X(diff_sizes)           \
	X(diff_lifetimes)

#define X(name) extern const struct ms_plot ms_plot_##name;
MS_PLOT_FIGURES(X)
MS_DIFF_PLOT_FIGURES(X)
#undef X

#endif
