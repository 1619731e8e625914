/* page_map.c - see page_map.h. */
#include "page_map.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "format/errors.h"

#define PAGE ((uint64_t)MS_ADDRESS_PAGE_BYTES)
#define FULL_FROM 16u /* so many full pages in a row are one run: cheaper than two bytes for each */

/* ---- sorting ------------------------------------------------------------------------------------------------------- */

/* By start, byte by byte from the lowest; bytes that are the same in all addresses cost nothing. Returns where the result stands. */
static struct ms_extent *sort_extents(struct ms_extent *a, struct ms_extent *b, size_t n)
{
	size_t (*histogram)[256] = calloc(8, sizeof *histogram);

	if (!histogram)
		return NULL;
	for (size_t i = 0; i < n; i++)
		for (unsigned k = 0; k < 8; k++)
			histogram[k][a[i].start >> 8 * k & 255]++;
	for (unsigned k = 0; n > 0 && k < 8; k++) {
		struct ms_extent *swap = a;
		size_t at = 0;

		if (histogram[k][a[0].start >> 8 * k & 255] == n)
			continue;
		for (unsigned v = 0; v < 256; v++) {
			size_t count = histogram[k][v];

			histogram[k][v] = at;
			at += count;
		}
		for (size_t i = 0; i < n; i++)
			b[histogram[k][a[i].start >> 8 * k & 255]++] = a[i];
		a = b;
		b = swap;
	}
	free(histogram);
	return a;
}

/* ---- building ------------------------------------------------------------------------------------------------------ */

static bool room(void **array, size_t *capacity, size_t count, size_t more, size_t element)
{
	size_t wanted = *capacity ? *capacity : 64;
	void *grown;

	if (count + more <= *capacity)
		return true;
	while (wanted < count + more)
		wanted *= 2;
	grown = realloc(*array, wanted * element);
	if (!grown)
		return false;
	*array = grown;
	*capacity = wanted;
	return true;
}

static struct ms_page_run *new_run(struct ms_page_map *m, uint64_t page, size_t at)
{
	if (!room((void **)&m->runs, &m->run_capacity, m->run_count, 1, sizeof *m->runs))
		return NULL;
	m->runs[m->run_count] = (struct ms_page_run){.page = page, .at = at};
	return &m->runs[m->run_count++];
}

/* Pages behind all others. bytes: of each. */
static int append(struct ms_page_map *m, uint64_t page, uint64_t count, unsigned bytes)
{
	struct ms_page_run *last = m->run_count ? &m->runs[m->run_count - 1] : NULL;
	bool whole = bytes == PAGE && count >= FULL_FROM;

	m->pages += count;
	if (!last || last->page + last->count != page || whole != (last->at == MS_PAGES_FULL))
		last = new_run(m, page, whole ? MS_PAGES_FULL : m->byte_count);
	if (!last)
		return MS_E_NOMEM;
	last->count += count;
	if (whole)
		return MS_OK;
	if (!room((void **)&m->bytes, &m->byte_capacity, m->byte_count, (size_t)count, sizeof *m->bytes))
		return MS_E_NOMEM;
	for (uint64_t i = 0; i < count; i++)
		m->bytes[m->byte_count++] = (uint16_t)bytes;
	return MS_OK;
}

/* Takes covered bytes in order, and knows a page when it is through with it. */
struct builder {
	struct ms_page_map *m;
	uint64_t page;
	unsigned bytes;                  /* of it; 0: none is begun */
};

static int finish_page(struct builder *b)
{
	unsigned bytes = b->bytes;

	b->bytes = 0;
	return bytes ? append(b->m, b->page, 1, bytes) : MS_OK;
}

static int cover(struct builder *b, uint64_t start, uint64_t end)
{
	int rc = MS_OK;

	while (start < end && rc == MS_OK) {
		uint64_t page = start / PAGE, whole = (end - start) / PAGE, left = PAGE - start % PAGE;

		if (b->bytes && b->page != page)
			rc = finish_page(b);
		if (rc)
			break;
		if (start % PAGE == 0 && whole > 0) {
			rc = append(b->m, page, whole, (unsigned)PAGE);
			start += whole * PAGE;
			continue;
		}
		left = end - start < left ? end - start : left;
		b->page = page;
		b->bytes += (unsigned)left;
		start += left;
	}
	return rc;
}

int ms_page_map_build(struct ms_page_map *out, struct ms_extent *extents, struct ms_extent *scratch, size_t n)
{
	struct ms_extent *sorted = n ? sort_extents(extents, scratch, n) : NULL;
	struct builder b = {.m = out};
	uint64_t covered = 0;
	int rc = sorted || n == 0 ? MS_OK : MS_E_NOMEM;

	*out = (struct ms_page_map){0};
	for (size_t i = 0; rc == MS_OK && i < n; i++) {
		uint64_t start = sorted[i].start > covered ? sorted[i].start : covered;

		if (sorted[i].end <= start)
			continue;
		rc = cover(&b, start, sorted[i].end);
		covered = sorted[i].end;
	}
	if (rc == MS_OK)
		rc = finish_page(&b);
	if (rc)
		ms_page_map_free(out);
	return rc;
}

void ms_page_map_free(struct ms_page_map *m)
{
	free(m->runs);
	free(m->bytes);
	*m = (struct ms_page_map){0};
}

/* ---- sets ---------------------------------------------------------------------------------------------------------- */

void ms_page_set_free(struct ms_page_set *set)
{
	free(set->spans);
	*set = (struct ms_page_set){0};
}

/* A span behind the start of all others; what touches becomes one. */
static void put(struct ms_page_set *set, uint64_t page, uint64_t count)
{
	struct ms_page_span *last = set->count ? &set->spans[set->count - 1] : NULL;

	if (last && page <= last->page + last->count) {
		if (page + count > last->page + last->count)
			last->count = page + count - last->page;
		return;
	}
	set->spans[set->count++] = (struct ms_page_span){page, count};
}

static int join(struct ms_page_set *set, const struct ms_page_span *other, size_t n)
{
	struct ms_page_set both = {.spans = malloc((set->count + n + 1) * sizeof *both.spans)};
	size_t a = 0, b = 0;

	if (!both.spans)
		return MS_E_NOMEM;
	while (a < set->count || b < n) {
		bool first = b == n || (a < set->count && set->spans[a].page <= other[b].page);
		const struct ms_page_span *s = first ? &set->spans[a++] : &other[b++];

		put(&both, s->page, s->count);
	}
	free(set->spans);
	*set = both;
	return MS_OK;
}

int ms_page_set_add(struct ms_page_set *set, const struct ms_page_map *m)
{
	struct ms_page_set of_map = {.spans = malloc((m->run_count + 1) * sizeof *of_map.spans)};
	int rc;

	if (!of_map.spans)
		return MS_E_NOMEM;
	for (size_t i = 0; i < m->run_count; i++)
		put(&of_map, m->runs[i].page, m->runs[i].count);
	rc = join(set, of_map.spans, of_map.count);
	free(of_map.spans);
	return rc;
}

int ms_page_set_join(struct ms_page_set *set, const struct ms_page_set *other)
{
	return join(set, other->spans, other->count);
}

uint64_t ms_page_set_pages(const struct ms_page_set *set)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < set->count; i++)
		sum += set->spans[i].count;
	return sum;
}

uint64_t ms_page_set_hole(const struct ms_page_set *set, const struct ms_page_map *m)
{
	uint64_t most = 0;

	for (size_t i = 0, k = 0; i < set->count; i++) {
		uint64_t at = set->spans[i].page, end = at + set->spans[i].count;

		for (; k < m->run_count && m->runs[k].page < end; k++) {
			if (m->runs[k].page > at && m->runs[k].page - at > most)
				most = m->runs[k].page - at;
			at = m->runs[k].page + m->runs[k].count;
		}
		if (end > at && end - at > most)
			most = end - at;
	}
	return most;
}
