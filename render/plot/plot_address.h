/* plot_address.h - what the two figures of the address space share. Pure; thread-safe. */
#ifndef MS_PLOT_ADDRESS_H
#define MS_PLOT_ADDRESS_H

#include "plot.h"

/* Why a figure of the address space cannot be drawn; NULL: it can. */
const char *ms_plot_address_missing(const struct ms_plot_input *input);

#endif
