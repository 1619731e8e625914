/* live_births.c - see live_births.h. */
#include "live_births.h"

static void take(struct ms_block_table *t, uint64_t block)
{
	if (ms_block_table_find(t, block))
		ms_block_table_remove(t, block);
}

static int add(struct ms_block_table *t, uint64_t block, const struct ms_block_entry *birth, uint64_t address)
{
	struct ms_block_entry *e;

	if (block <= t->newest) /* ids of a sound trace grow */
		return MS_OK;
	e = ms_block_table_insert(t, block);
	if (!e)
		return MS_E_NOMEM;
	*e = *birth;
	*ms_block_table_address(t, block) = address;
	return MS_OK;
}

int ms_live_births_step(struct ms_block_table *t, const struct ms_view *v, uint32_t i)
{
	const struct ms_block_entry *old;

	if (ms_step_begins(v->step[i])) {
		struct ms_block_entry birth = {
			.size_bytes = v->size_bytes[i], .birth = ms_block_birth(v->time_ns[i], v->kind[i]), .stack = v->site[i],
			.thread = v->thread[i],
		};

		return add(t, v->block[i], &birth, v->address ? v->address[i] : 0);
	}
	if (v->step[i] == MS_STEP_RETURN && v->goes_by != v->moved && (old = ms_block_table_find(t, v->moved)) != NULL) {
		struct ms_block_entry birth = *old;

		return add(t, v->goes_by, &birth, *ms_block_table_address(t, v->moved));
	}
	return MS_OK;
}

void ms_live_births_settle(struct ms_block_table *t, const struct ms_view *v, uint32_t i)
{
	unsigned step = v->step[i];

	if (step == MS_STEP_IMAGE)
		ms_block_table_clear(t);
	else if (step == MS_STEP_REALLOCATE)
		take(t, v->from[i]);
	else if ((step & ~(unsigned)MS_STEP_TEMPORARY) == MS_STEP_FREE)
		take(t, v->block[i]);
	else if (step == MS_STEP_LOSE || (step == MS_STEP_RETURN && v->goes_by != v->moved))
		take(t, v->moved);
}
