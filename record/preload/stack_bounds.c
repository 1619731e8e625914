/* stack_bounds.c - see stack_bounds.h. */
#include <errno.h>
#include <linux/futex.h>
#include <time.h>

#include "raw.h"
#include "stack_bounds.h"

#define PAGE UINT64_C(4096)
#define USER_END (UINT64_C(1) << 47)
/* The kernel keeps at least this much address space free below the end of the main stack, whatever the limit. */
#define MAIN_STACK_SPAN (UINT64_C(128) << 20)
/* One frame may be this large; anything further away is taken for another stack, or for a damaged frame pointer. */
#define GROWTH_LIMIT (UINT64_C(64) << 20)
/* How far below a known range the stack pointer may be found for the range to be extended instead of a new one begun. */
#define DOWNWARD_LIMIT (UINT64_C(256) << 10)

/* Set by the loader: the stack pointer at the program's entry. No frame lies above it. */
extern void *__libc_stack_end;

bool ms_memory_readable(uint64_t address)
{
	static const struct timespec no_time;
	long result;

	if (address >= USER_END)
		return false;
	/* The value is arbitrary: when the word holds it by chance, the wait times out at once. */
	result = ms_raw(SYS_futex, (long)(address & ~UINT64_C(3)), FUTEX_WAIT_PRIVATE, 0x1e3779b9, (long)&no_time, 0, 0);
	return result != -EFAULT && result != -ENOSYS && result != -EPERM;
}

void ms_bounds_init(struct stack_bounds *bounds)
{
	uint64_t end = (uint64_t)__libc_stack_end;

	*bounds = (struct stack_bounds){.next = 1};
	if (end) /* the page above holds argc, so it is mapped too; no frame needs it */
		bounds->known[0] = (struct stack_range){end - MAIN_STACK_SPAN, (end + PAGE) & ~(PAGE - 1)};
}

static bool readable_pages(uint64_t from, uint64_t to)
{
	for (uint64_t page = from & ~(PAGE - 1); page < to; page += PAGE)
		if (!ms_memory_readable(page))
			return false;
	return true;
}

bool ms_bounds_select(struct stack_bounds *bounds, uint64_t sp)
{
	uint64_t page = sp & ~(PAGE - 1);
	uint32_t i;

	for (i = 0; i < STACK_RANGES; i++)
		if (sp - bounds->known[i].low < bounds->known[i].high - bounds->known[i].low)
			goto found;
	if (!ms_memory_readable(sp))
		return false;
	/* A stack that has grown downwards, if everything between is there. */
	for (i = 0; i < STACK_RANGES; i++)
		if (sp < bounds->known[i].low && bounds->known[i].low - sp <= DOWNWARD_LIMIT &&
		    readable_pages(page, bounds->known[i].low)) {
			bounds->known[i].low = page;
			goto found;
		}
	i = bounds->next;
	bounds->next = i + 1 < STACK_RANGES ? i + 1 : 1; /* the main stack stays */
	bounds->known[i] = (struct stack_range){page, page + PAGE};
found:
	bounds->selected = i;
	bounds->current = bounds->known[i];
	return true;
}

bool ms_bounds_enter(struct stack_bounds *bounds, uint64_t sp)
{
	if (!ms_memory_readable(sp) || !ms_bounds_select(bounds, sp))
		return false;
	if (bounds->selected != 0) { /* what was above may be unmapped by now */
		bounds->known[bounds->selected].high = (sp & ~(PAGE - 1)) + PAGE;
		bounds->current = bounds->known[bounds->selected];
	}
	return true;
}

bool ms_bounds_word(struct stack_bounds *bounds, uint64_t sp, uint64_t address)
{
	struct stack_range *known = &bounds->known[bounds->selected];

	if (address % 8 != 0 || address < sp)
		return false;
	if (address < known->high)
		return true;
	if (bounds->selected == 0 || address - known->high > GROWTH_LIMIT)
		return false;
	while (address >= known->high) {
		if (!ms_memory_readable(known->high))
			return false;
		known->high += PAGE;
		bounds->current.high = known->high;
	}
	return true;
}
