/*
 * output_names.h - what the files of --outputs are called.
 *
 * FOLDER/STEM[.METRIC][.KIND]SUFFIX: the stem is the trace's file name without ".ms"; the kind stands there unless the suffix begins with
 * it already; kind (of an export) and metric may be NULL. So no two outputs of one trace, nor those of two traces with different names, meet.
 * The caller frees the name. NULL: no memory. Thread-safety: reentrant.
 */
#ifndef MS_TOOLS_OUTPUT_NAMES_H
#define MS_TOOLS_OUTPUT_NAMES_H

char *output_name(const char *folder, const char *trace, const char *kind, const char *metric, const char *suffix);

#endif
