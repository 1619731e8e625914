/* block_marks.c - see block_marks.h. */
#include "block_marks.h"

#include <stdlib.h>
#include <string.h>

#include "format/errors.h"

/* The page for a block, made when it is missing. */
static struct ms_block_marks_page *make_page(struct ms_block_marks *m, uint64_t block)
{
	uint64_t root = block >> 12;
	struct ms_block_marks_page **page;

	if (root >= m->root_count) {
		size_t count = m->root_count ? m->root_count : 64;
		struct ms_block_marks_node **grown;

		while (count <= root && count <= SIZE_MAX / 2 / sizeof *grown)
			count *= 2;
		grown = count > root ? realloc(m->roots, count * sizeof *grown) : NULL;
		if (!grown)
			return NULL;
		memset(grown + m->root_count, 0, (count - m->root_count) * sizeof *grown);
		m->roots = grown;
		m->root_count = count;
	}
	if (!m->roots[root] && !(m->roots[root] = calloc(1, sizeof *m->roots[root])))
		return NULL;
	page = &m->roots[root]->page[block >> 6 & 63];
	if (!*page) {
		*page = calloc(1, sizeof **page);
		m->roots[root]->used += *page != NULL;
	}
	return *page;
}

int ms_block_marks_set(struct ms_block_marks *m, uint64_t block, uint32_t value)
{
	struct ms_block_marks_page *page;
	uint32_t *at;

	if (value == 0) {
		ms_block_marks_take(m, block);
		return MS_OK;
	}
	page = make_page(m, block);
	if (!page)
		return MS_E_NOMEM;
	at = &page->value[block & 63];
	page->used += *at == 0;
	*at = value;
	return MS_OK;
}

uint32_t ms_block_marks_take(struct ms_block_marks *m, uint64_t block)
{
	uint32_t value = ms_block_marks_get(m, block);
	struct ms_block_marks_node *node;
	struct ms_block_marks_page **page;

	if (!value)
		return 0;
	node = m->roots[block >> 12];
	page = &node->page[block >> 6 & 63];
	(*page)->value[block & 63] = 0;
	if (--(*page)->used == 0) {
		free(*page);
		*page = NULL;
		if (--node->used == 0) {
			free(node);
			m->roots[block >> 12] = NULL;
		}
	}
	return value;
}

void ms_block_marks_free(struct ms_block_marks *m)
{
	for (size_t i = 0; i < m->root_count; i++) {
		for (unsigned k = 0; m->roots[i] && k < 64; k++)
			free(m->roots[i]->page[k]);
		free(m->roots[i]);
	}
	free(m->roots);
	*m = (struct ms_block_marks){0};
}
