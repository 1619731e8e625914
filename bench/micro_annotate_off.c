/* micro_annotate_off - micro_annotate.c without its annotations. */
#define MEMSCOPE_DISABLE
#include "micro_annotate.c"
