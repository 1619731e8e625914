/* edit_distance.c - see edit_distance.h. */
#include "edit_distance.h"

enum { GAP = 2, REPLACED = 3, MOVED = 1 };

struct cell {
	uint32_t cost;
	uint16_t edits, equal;
};

static struct cell better(struct cell x, struct cell y)
{
	if (x.cost != y.cost)
		return x.cost < y.cost ? x : y;
	return x.equal >= y.equal ? x : y;
}

static struct cell plus(struct cell c, uint32_t cost)
{
	return (struct cell){c.cost + cost, (uint16_t)(c.edits + 1), c.equal};
}

struct ms_edit ms_edit_distance(const uint32_t *a, size_t n, const uint32_t *b, size_t m, const uint32_t *tails, uint32_t limit)
{
	struct cell rows[2][MS_EDIT_MIDDLE + 1];
	uint32_t common = 0;
	struct cell last;

	while (n && m && *a == *b) {
		a++, b++, n--, m--;
		common++;
	}
	while (n && m && a[n - 1] == b[m - 1]) {
		n--, m--;
		common++;
	}
	if (n > MS_EDIT_MIDDLE || m > MS_EDIT_MIDDLE || (n > m ? n - m : m - n) * GAP > limit)
		return (struct ms_edit){.far = true};
	for (size_t k = 0; k <= m; k++)
		rows[0][k] = (struct cell){(uint32_t)k * GAP, (uint16_t)k, 0};
	for (size_t i = 1; i <= n; i++) {
		struct cell *above = rows[(i - 1) & 1], *row = rows[i & 1];
		uint32_t least = UINT32_MAX;

		row[0] = plus(above[0], GAP);
		for (size_t k = 1; k <= m; k++) {
			struct cell diagonal = above[k - 1];

			bool moved = tails[a[i - 1]] == tails[b[k - 1]];

			if (a[i - 1] != b[k - 1])
				diagonal = plus(diagonal, moved ? MOVED : REPLACED);
			diagonal.equal += moved;
			row[k] = better(diagonal, better(plus(above[k], GAP), plus(row[k - 1], GAP)));
			if (row[k].cost < least)
				least = row[k].cost;
		}
		if (row[0].cost < least)
			least = row[0].cost;
		if (least > limit)
			return (struct ms_edit){.far = true};
	}
	last = rows[n & 1][m];
	return (struct ms_edit){last.cost, last.edits, common + last.equal, last.cost > limit};
}
