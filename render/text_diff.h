/*
 * text_diff.h - what the parts of a comparison's text share.
 *
 * Inside render/ only. Parts return 0 or MS_E_NOMEM. Thread-safety: one comparison, one thread.
 */
#ifndef MS_RENDER_TEXT_DIFF_H
#define MS_RENDER_TEXT_DIFF_H

#include "diff_order.h"
#include "diff_render.h"
#include "text_style.h"

struct ms_diff_text {
	struct ms_text t;
	const struct ms_diff *diff;
	const struct ms_diff_render_options *options;
	struct ms_diff_ranked *ranked;
	size_t ranked_count;
	bool several;                    /* runs on a side */
};

static inline size_t ms_diff_text_rows(const struct ms_diff_text *x, size_t count)
{
	return x->options->top && count > x->options->top ? x->options->top : count;
}

int ms_diff_text_findings(struct ms_diff_text *x);
int ms_diff_text_threads(struct ms_diff_text *x);
int ms_diff_text_curves(struct ms_diff_text *x);

#endif
