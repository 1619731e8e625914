/*
 * query_examples.h - the prepared questions of memscope-query: printed by --help and .examples, answered in docs/QUERIES.md.
 *
 * Thread-safety: pure data.
 */
#ifndef MS_RENDER_QUERY_EXAMPLES_H
#define MS_RENDER_QUERY_EXAMPLES_H

#include <stddef.h>

struct query_example {
	const char *question, *sql;
};

extern const struct query_example query_examples[];
extern const size_t query_example_count;

#endif
