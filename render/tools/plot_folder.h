/*
 * plot_folder.h - figures into a folder: files of data and scripts, and what gnuplot draws from them.
 *
 * The folder is created when it is not there (mode 0700). Each file is there whole or not at all, mode 0600; files of an earlier call are
 * replaced, and pictures and scripts of figures that cannot be drawn this time are removed, so that what is there belongs together. gnuplot
 * runs without a shell and without the user's start-up file, once per figure, in a hidden folder inside that is removed afterwards.
 * A figure without data is left out; why is a note on standard error unless `quiet`.
 *
 * Errors: MS_E_NOT_FOUND when there is no gnuplot: data and scripts are written then, and the message says so. MS_E_IO: a file that cannot be
 * written, or gnuplot failed, with what it said first. MS_E_NOMEM. Those of the figures. Ownership: borrowed. Thread-safety: one thread.
 */
#ifndef MS_TOOLS_PLOT_FOLDER_H
#define MS_TOOLS_PLOT_FOLDER_H

#include "render/plot/plot.h"

/* tool: for notes. */
int plot_folder_write(const char *tool, const char *folder, const struct ms_plot *const *list, size_t count, const struct ms_plot_input *input,
                      bool quiet, struct ms_error *err);

#endif
