/*
 * stack_walk.c - the walker: see stack.h for the algorithm.
 *
 *   frames  [0] sentinel  [1] outermost  ...  [count] innermost       what the frames are
 *   slots   [0] sentinel  [1] ..                                      what proves that they still are
 *
 * A slot is a word of the stack and the value that was read there when the frame outside was found: its return address
 * and, where it matters, its saved rbp. frame.first_slot is the first slot of a frame; all slots before it belong to the
 * frames outside. So proving is one tight loop downwards over address-value pairs, and a slot is only looked at when
 * everything inside it was proved. A step of another shape (signal frames, realigned frames, switched stacks, FULL rows)
 * has one slot that never holds: the step is taken again and compared.
 *
 * rbp is part of a frame's identity only where the frames outside depend on it (needs_fp). In code compiled without
 * frame pointers rbp is a common variable that changes all the time; there neither comparing nor proving looks at it.
 * The remembered value is then stale, so whenever proving fails, the frames inside are stepped again from the true
 * registers of the innermost frame that was matched; nothing is ever computed from a remembered value that was not
 * compared.
 */
#include <stddef.h>

#include "cfi_full.h"
#include "cfi_rows.h"
#include "raw.h"
#include "stack.h"
#include "stack_bounds.h"

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

struct frame {
	uint64_t sp;
	uint64_t pc; /* return address | MS_NODE_INFERRED, as in the trie */
	uint64_t fp;
	uint32_t node;
	uint32_t first_slot : 31;
	uint32_t needs_fp : 1;
};

struct slot {
	uint64_t address, value;
};

/* A frame of the walk that is going on. */
struct fresh {
	uint64_t sp, pc, fp;
	uint32_t row; /* its flags */
	int32_t link; /* how the step from the frame inside found it */
};

/* link: offset of the saved rbp from sp (a multiple of 8), 0 = rbp is that of the frame inside, or: */
#define LINK_RESTEP 1

struct child {
	uint64_t pc;
	uint32_t parent, node;
};

#define CHILD_BITS 10 /* 16 KiB: more only costs more cache misses in large programs */
#define FIRST_CAPACITY 2048u
/* Steps that do not move outwards on the same stack (signal frames, switched stacks) before a walk gives up. */
#define SIDE_STEPS 64u
#define PC_MIN 4096u

struct ms_walker {
	struct stack_bounds bounds;
	struct frame *frames;
	struct slot *slots;   /* twice as many as frames */
	struct fresh *fresh;  /* new frames of the walk that is going on, innermost first */
	const _Atomic uint64_t *rows;
	struct ms_trie *trie;
	uint32_t count;
	uint32_t capacity, fresh_capacity;
	uint32_t epoch;       /* header.unload_epoch that frames and children belong to */
	uint32_t limit;       /* depth limit that frames belong to; if not 0, their nodes are not set */
	uint32_t limited_node; /* with a limit: the result of the last walk, 0 = none */
	uint32_t side_steps;  /* of this walk */
	bool outermost_final; /* frames[1] has no caller by unwind information alone; else that must be proved too */
	struct child children[1 << CHILD_BITS];
	struct cfi_work work;
	struct cfi_machine machine;
};

enum step { STEP_OK, STEP_FINAL, STEP_END, STEP_STOP };

struct state {
	uint64_t pc, sp, fp;
	int32_t link; /* of the step that led here */
};

/* Where slots point that shall not hold; their values are not 0. */
static const uint64_t never = 0;

/* ---- memory ---------------------------------------------------------------------------------------------------- */

_Static_assert(sizeof(struct frame) == 32 && sizeof(struct fresh) == 32 && 2 * sizeof(struct slot) == 32,
	       "one size for all that grows");
#define FRAME_BYTES UINT64_C(32)

/* Replaces an array of `capacity` frames by one that holds `needed`. NULL when that fails; then nothing has changed. */
__attribute__((noinline, cold)) static void *grow(void *array, uint32_t *capacity, uint32_t used, uint32_t needed)
{
	uint64_t bigger = *capacity;
	void *copy;

	while (bigger < needed)
		bigger *= 2;
	if (bigger > UINT32_MAX / 8) /* frame.first_slot has 31 bits */
		return NULL;
	copy = ms_raw_memory(bigger * FRAME_BYTES);
	if (!copy)
		return NULL;
	__builtin_memcpy(copy, array, used * FRAME_BYTES);
	ms_raw_munmap(array, *capacity * FRAME_BYTES);
	*capacity = (uint32_t)bigger;
	return copy;
}

__attribute__((noinline, cold)) static bool grow_fresh(struct ms_walker *walker, uint32_t used)
{
	void *bigger = grow(walker->fresh, &walker->fresh_capacity, used, used + 1);

	if (bigger)
		walker->fresh = bigger;
	return bigger;
}

/* Room for `needed` frames and their slots. */
__attribute__((noinline, cold)) static bool grow_frames(struct ms_walker *walker, uint32_t needed)
{
	uint32_t frames_capacity = walker->capacity, slots_capacity = walker->capacity;
	void *slots = grow(walker->slots, &slots_capacity, walker->capacity, needed), *frames;

	if (!slots)
		return false;
	walker->slots = slots;
	frames = grow(walker->frames, &frames_capacity, walker->capacity, needed);
	if (!frames) { /* both keep the smaller size */
		ms_raw_munmap((char *)slots + walker->capacity * FRAME_BYTES,
			       (slots_capacity - walker->capacity) * FRAME_BYTES);
		return false;
	}
	walker->frames = frames;
	walker->capacity = frames_capacity;
	return true;
}

struct ms_walker *ms_walker_create(struct ms_trie *trie)
{
	struct ms_walker *walker;

	if (!ms_rows_init())
		return NULL;
	walker = ms_raw_memory(sizeof(*walker));
	if (!walker)
		return NULL;
	walker->frames = ms_raw_memory(FIRST_CAPACITY * FRAME_BYTES);
	if (!walker->frames)
		goto fail_frames;
	walker->slots = ms_raw_memory(FIRST_CAPACITY * FRAME_BYTES);
	if (!walker->slots)
		goto fail_slots;
	walker->fresh = ms_raw_memory(FIRST_CAPACITY * FRAME_BYTES);
	if (!walker->fresh)
		goto fail_fresh;
	walker->capacity = walker->fresh_capacity = FIRST_CAPACITY;
	walker->frames[0] = (struct frame){.sp = UINT64_MAX, .first_slot = 1};
	walker->slots[0] = (struct slot){(uint64_t)&never, 1};
	walker->rows = ms_row_slots;
	walker->trie = trie;
	walker->epoch = atomic_load_explicit(&trie->header->unload_epoch, memory_order_acquire);
	walker->machine.bounds = &walker->bounds;
	ms_bounds_init(&walker->bounds);
	return walker;

fail_fresh:
	ms_raw_munmap(walker->slots, FIRST_CAPACITY * FRAME_BYTES);
fail_slots:
	ms_raw_munmap(walker->frames, FIRST_CAPACITY * FRAME_BYTES);
fail_frames:
	ms_raw_munmap(walker, sizeof(*walker));
	return NULL;
}

void ms_walker_destroy(struct ms_walker *walker)
{
	if (!walker)
		return;
	ms_raw_munmap(walker->fresh, walker->fresh_capacity * FRAME_BYTES);
	ms_raw_munmap(walker->slots, walker->capacity * FRAME_BYTES);
	ms_raw_munmap(walker->frames, walker->capacity * FRAME_BYTES);
	ms_raw_munmap(walker, sizeof(*walker));
}

void ms_walker_forget(struct ms_walker *walker)
{
	ms_bounds_init(&walker->bounds);
	walker->count = 0;
	walker->limited_node = 0;
	__builtin_memset(walker->children, 0, sizeof(walker->children));
}

/* ---- the trie, through the walker's own cache ------------------------------------------------------------------ */

__attribute__((noinline)) static uint32_t find_child(struct ms_walker *walker, struct child *entry, uint32_t parent,
						     uint64_t pc)
{
	uint32_t node = ms_trie_child(walker->trie, parent, pc);

	if (node)
		*entry = (struct child){pc, parent, node};
	return node;
}

static inline uint32_t child_of(struct ms_walker *walker, uint32_t parent, uint64_t pc)
{
	uint64_t hash = (pc + parent * UINT64_C(0x9e3779b97f4a7c15)) * UINT64_C(0xd6e8feb86659fd93);
	struct child *entry = &walker->children[hash >> (64 - CHILD_BITS)];

	if (likely(entry->pc == pc && entry->parent == parent))
		return entry->node;
	return find_child(walker, entry, parent, pc);
}

/* ---- one step, any kind ---------------------------------------------------------------------------------------- */

static bool plausible_pc(uint64_t pc)
{
	return pc - PC_MIN < MS_NODE_PC_MASK / 2 - PC_MIN;
}

/* The caller's sp, when it does not lie above sp on the same stack: at most so many times per walk. */
static bool side_step(struct ms_walker *walker, uint64_t sp)
{
	return ++walker->side_steps <= SIDE_STEPS && ms_bounds_enter(&walker->bounds, sp);
}

static enum step step_signal(struct ms_walker *walker, struct state *s)
{
	struct stack_bounds *bounds = &walker->bounds;
	uint64_t at = s->sp;

	if (!ms_bounds_word(bounds, at, at + UCONTEXT_RIP) || !ms_bounds_word(bounds, at, at + UCONTEXT_RBP))
		return STEP_STOP;
	s->pc = stack_load(at + UCONTEXT_RIP) + 1; /* exact; its row and its symbol are those of pc - 1 */
	s->fp = stack_load(at + UCONTEXT_RBP);
	s->sp = stack_load(at + UCONTEXT_RSP);
	s->link = LINK_RESTEP;
	if (!side_step(walker, s->sp))
		return STEP_STOP;
	/* A call of a null pointer: nothing but the return address was pushed. */
	if (s->pc <= PC_MIN && ms_bounds_word(bounds, s->sp, s->sp)) {
		s->pc = stack_load(s->sp) | MS_NODE_INFERRED;
		s->sp += 8;
	}
	return plausible_pc(s->pc & MS_NODE_PC_MASK) ? STEP_OK : STEP_STOP;
}

/*
 * Code without unwind information: perhaps it keeps a frame pointer. Believed when the saved rbp and return address stand
 * on this stack, and the return address is in a module or the chain goes on outwards.
 */
static enum step step_by_frame_pointer(struct ms_walker *walker, struct state *s)
{
	struct stack_bounds *bounds = &walker->bounds;
	uint64_t fp = s->fp, pc, outer;
	struct cfi_module module;

	if (fp == 0)
		return STEP_END; /* the ABI's mark for the outermost frame */
	/* A guess is not trusted with what is known: the memory may be unmapped by now. */
	if (!ms_bounds_word(bounds, s->sp, fp) || !ms_bounds_word(bounds, s->sp, fp + 8) || !ms_memory_readable(fp) ||
	    !ms_memory_readable(fp + 8))
		return STEP_STOP;
	outer = stack_load(fp);
	pc = stack_load(fp + 8);
	if (pc == 0)
		return STEP_END;
	if (!plausible_pc(pc))
		return STEP_STOP;
	if (!ms_cfi_module(pc - 1, &module) && !(outer > fp && ms_bounds_word(bounds, fp, outer)))
		return STEP_STOP;
	s->pc = pc | MS_NODE_INFERRED;
	s->sp = fp + 16;
	s->fp = outer;
	s->link = -16;
	return STEP_OK;
}

static enum step step_full(struct ms_walker *walker, struct state *s)
{
	uint64_t pc = s->pc & MS_NODE_PC_MASK, sp = s->sp;

	if (!ms_full_step(&walker->machine, &walker->work, &pc, &sp, &s->fp))
		return STEP_STOP;
	if (pc == 0)
		return STEP_END;
	if (!plausible_pc(pc))
		return STEP_STOP;
	if (!(sp > s->sp && sp - s->sp < walker->bounds.current.high - s->sp) && !side_step(walker, sp))
		return STEP_STOP;
	s->pc = pc;
	s->sp = sp;
	s->link = LINK_RESTEP;
	return STEP_OK;
}

/* CFA and saved rbp by the row, with every check that the fast path leaves out. */
static enum step step_by_row(struct ms_walker *walker, cfi_row row, struct state *s)
{
	struct stack_bounds *bounds = &walker->bounds;
	uint64_t cfa = (row & ROW_BASE_RBP ? s->fp : s->sp) + (uint64_t)row_cfa_offset(row), low = s->sp, pc, slot;
	int32_t link = (row & ROW_KIND) == ROW_SIMPLE ? 0 : LINK_RESTEP;

	if (row & ROW_DEREF) {
		if (!ms_bounds_word(bounds, s->sp, cfa))
			return STEP_STOP;
		cfa = stack_load(cfa);
	}
	if (!ms_bounds_word(bounds, s->sp, cfa - 8)) {
		/* Code that runs on another stack than its caller keeps the caller's in rbp. Below sp on the same stack
		   nothing lives. */
		uint32_t selected = bounds->selected;

		if (!(row & ROW_USES_FP) || cfa % 8 != 0 || !side_step(walker, cfa - 8) ||
		    (bounds->selected == selected && cfa <= s->sp))
			return STEP_STOP;
		low = cfa - 8;
		link = LINK_RESTEP;
	}
	pc = stack_load(cfa - 8);
	if (pc == 0)
		return STEP_END;
	if (!plausible_pc(pc))
		return STEP_STOP;
	if (row & ROW_FP_SAVED) {
		slot = (row & ROW_FP_AT_FP ? s->fp : cfa) + (uint64_t)row_fp_offset(row);
		if (low == s->sp) {
			if (!ms_bounds_word(bounds, s->sp, slot))
				return STEP_STOP;
		} else if (!ms_memory_readable(slot) || !ms_memory_readable(slot + 7)) {
			return STEP_STOP;
		}
		s->fp = stack_load(slot);
		link = link ? link : (int32_t)row_fp_offset(row);
	}
	s->pc = pc;
	s->sp = cfa;
	s->link = link;
	return STEP_OK;
}

/* From a frame to its caller. On anything but STEP_OK the state is undefined. */
__attribute__((noinline)) static enum step step(struct ms_walker *walker, cfi_row row, struct state *s)
{
	const struct stack_range *stack = &walker->bounds.current;

	if (unlikely(s->sp - stack->low >= stack->high - stack->low) && !ms_bounds_select(&walker->bounds, s->sp))
		return STEP_STOP;
	if (!row)
		row = ms_row_find((s->pc & MS_NODE_PC_MASK) - 1, &walker->work);
	switch (row & ROW_KIND) {
	case ROW_END:
		return STEP_FINAL;
	case ROW_SIGNAL:
		return step_signal(walker, s);
	case ROW_NONE:
		return step_by_frame_pointer(walker, s);
	case ROW_FULL:
		return step_full(walker, s);
	default:
		return step_by_row(walker, row, s);
	}
}

/* ---- proving --------------------------------------------------------------------------------------------------- */

/* Takes the step from `inner` again. Does it still lead to the frame outside (to nothing, when inner is the last)? */
__attribute__((noinline)) static bool prove_again(struct ms_walker *walker, const struct frame *inner)
{
	const struct frame *outer = inner - 1;
	struct state s = {inner->pc, inner->sp, inner->fp, 0};
	enum step result = step(walker, row_lookup(walker->rows, s.pc - 1), &s);

	if (outer == walker->frames)
		return result != STEP_OK;
	return result == STEP_OK && s.sp == outer->sp && s.pc == outer->pc && (s.fp == outer->fp || !outer->needs_fp);
}

static inline bool holds(const struct slot *slot)
{
	return likely(stack_load(slot->address) == slot->value);
}

/* The first slot below this one that does not hold its value; slots[0] never does. Four at a time: a third faster. */
static inline const struct slot *first_broken(const struct slot *slot)
{
	for (;; slot -= 4) {
		if (!holds(slot - 1))
			return slot - 1;
		if (!holds(slot - 2))
			return slot - 2;
		if (!holds(slot - 3))
			return slot - 3;
		if (!holds(slot - 4))
			return slot - 4;
	}
}

/*
 * `frame` is the true state of the walk. Are all frames outside it as remembered? NULL, or the first that is not.
 */
static inline struct frame *prove(struct ms_walker *walker, struct frame *frame)
{
	const struct slot *slot = walker->slots + frame->first_slot;
	uint32_t index;

	for (;;) {
		slot = first_broken(slot);
		if (likely(slot == walker->slots))
			break;
		for (index = (uint32_t)(slot - walker->slots); frame->first_slot > index;)
			frame--;
		if (slot->address != (uint64_t)&never || !prove_again(walker, frame + 1))
			return frame;
	}
	if (unlikely(!walker->outermost_final) && !prove_again(walker, walker->frames + 1))
		return walker->frames;
	return NULL;
}

/* As prove(), but only the next `frames` frames outwards count. */
static inline struct frame *prove_some(struct ms_walker *walker, struct frame *frame, uint32_t frames)
{
	for (; frames; frames--) {
		const struct slot *slot = walker->slots + frame->first_slot, *end;

		if (--frame == walker->frames)
			return walker->outermost_final || prove_again(walker, frame + 1) ? NULL : frame;
		for (end = walker->slots + frame->first_slot; slot-- != end;)
			if (!holds(slot) && (slot->address != (uint64_t)&never || !prove_again(walker, frame + 1)))
				return frame;
	}
	return NULL;
}

/* ---- walking --------------------------------------------------------------------------------------------------- */

/* Before a walk, when something is not as it was. False: nothing can be walked here. */
__attribute__((noinline)) static bool prepare(struct ms_walker *walker, uint64_t sp, uint32_t limit)
{
	uint32_t epoch = atomic_load_explicit(&walker->trie->header->unload_epoch, memory_order_acquire);

	if (epoch != walker->epoch || limit != walker->limit) {
		walker->epoch = epoch;
		walker->limit = limit;
		ms_walker_forget(walker);
	}
	return ms_bounds_select(&walker->bounds, sp);
}

/* The slots that prove a frame, from number `first` on. Returns the number of the next slot. */
static inline uint32_t set_slots(struct slot *slots, uint32_t first, uint64_t sp, uint64_t pc, uint64_t fp, int32_t link,
				 bool needs_fp)
{
	if (unlikely(link == LINK_RESTEP)) {
		slots[first] = (struct slot){(uint64_t)&never, 1};
		return first + 1;
	}
	slots[first] = (struct slot){sp - 8, pc & MS_NODE_PC_MASK};
	if (link == 0 || !needs_fp)
		return first + 1;
	slots[first + 1] = (struct slot){sp + (uint64_t)(int64_t)link, fp};
	return first + 2;
}

static void count_stop(struct ms_walker *walker)
{
	atomic_fetch_add_explicit(&walker->trie->header->unwind_stops, 1, memory_order_relaxed);
}

static uint32_t give_up(struct ms_walker *walker)
{
	walker->count = 0;
	atomic_fetch_add_explicit(&walker->trie->header->lost_stacks, 1, memory_order_relaxed);
	return 0;
}

/* The walk found `used` new frames inside `frame` (found anew by a step with `link`): remembers them. Returns the node of
   the innermost; with a limit nodes are not set, and any number but 0 means success. */
static inline uint32_t remember(struct ms_walker *walker, struct frame *frame, uint32_t used, int32_t link, uint32_t limit)
{
	struct frame *none = walker->frames;
	uint32_t node = frame->node, next_slot = frame->first_slot, needs_fp = frame->needs_fp;
	const struct fresh *fresh = walker->fresh + used;

	walker->count = (uint32_t)(frame - none);
	if (unlikely(walker->count + used >= walker->capacity)) {
		if (!grow_frames(walker, walker->count + used + 1))
			return give_up(walker);
		none = walker->frames;
		frame = none + walker->count;
	}
	if (frame != none)
		next_slot = set_slots(walker->slots, next_slot, frame->sp, frame->pc, frame->fp, link, needs_fp);
	do {
		fresh--;
		node = limit ? 1 : child_of(walker, node, fresh->pc);
		if (unlikely(!node))
			break;
		if (fresh->row & ROW_USES_FP)
			needs_fp = 1;
		else if (fresh->row & ROW_FP_SAVED)
			needs_fp = 0;
		*++frame = (struct frame){fresh->sp, fresh->pc, fresh->fp, node, next_slot, needs_fp & 1};
		next_slot = set_slots(walker->slots, next_slot, fresh->sp, fresh->pc, fresh->fp, fresh->link, needs_fp);
	} while (fresh != walker->fresh);
	walker->count = (uint32_t)(frame - none);
	return node;
}

/* The walk. limit: frames that count, 0 = all. The result is that of remember(). */
static inline __attribute__((always_inline)) uint32_t walk(struct ms_walker *walker, struct stack_range stack,
							   uint64_t pc, uint64_t sp, uint64_t fp, uint32_t limit)
{
	struct frame *frame = walker->frames + walker->count;
	uint32_t used = 0;
	int32_t link = 0;

	walker->side_steps = 0;
	for (;;) {
		cfi_row row;

		/* Frames inside this one have returned. */
		while (frame->sp < sp)
			frame--;
		if (frame->sp == sp && frame->pc == pc && (frame->fp == fp || !frame->needs_fp)) {
			struct frame *failed = limit ? prove_some(walker, frame, limit - used - 1) : prove(walker, frame);

			if (likely(!failed))
				break;
			frame = failed;
		}

		if (unlikely(used == walker->fresh_capacity) && !grow_fresh(walker, used))
			return give_up(walker);
		row = row_lookup(walker->rows, pc - 1);
		if (unlikely(!row))
			row = ms_row_find((pc & MS_NODE_PC_MASK) - 1, &walker->work);
		walker->fresh[used++] = (struct fresh){sp, pc, fp, (uint8_t)row, link};
		if (limit && used == limit) {
			walker->outermost_final = false;
			frame = walker->frames;
			break;
		}

		if (likely((row & ROW_KIND) == ROW_SIMPLE)) {
			uint64_t cfa = (row & ROW_BASE_RBP ? fp : sp) + (uint64_t)row_cfa_offset(row);
			uint64_t slot = cfa + (uint64_t)row_fp_offset(row);

			if (likely(cfa - 8 - sp < stack.high - sp && slot - sp < stack.high - sp && cfa % 8 == 0)) {
				uint64_t caller = stack_load(cfa - 8);

				if (likely(plausible_pc(caller))) {
					link = 0;
					if (row & ROW_FP_SAVED) {
						fp = stack_load(slot);
						link = (int32_t)row_fp_offset(row);
					}
					pc = caller;
					sp = cfa;
					continue;
				}
			}
		}
		{
			struct state s = {pc, sp, fp, 0};
			enum step result = step(walker, row, &s);

			if (result != STEP_OK) {
				if (result == STEP_STOP)
					count_stop(walker);
				walker->outermost_final = result == STEP_FINAL;
				frame = walker->frames;
				break;
			}
			pc = s.pc;
			sp = s.sp;
			fp = s.fp;
			link = s.link;
			stack = walker->bounds.current;
		}
	}
	/* From `frame` outwards all is proved. */
	if (used) {
		walker->limited_node = 0;
		return remember(walker, frame, used, link, limit);
	}
	if (walker->count != (uint32_t)(frame - walker->frames)) {
		walker->count = (uint32_t)(frame - walker->frames);
		walker->limited_node = 0;
	}
	return frame->node;
}

/* With a limit the root of the result moves with every call, so nodes are looked up for all frames that count. */
__attribute__((noinline)) static uint32_t capture_limited(struct ms_walker *walker, struct stack_range stack,
							  uint64_t pc, uint64_t sp, uint64_t fp, uint32_t limit)
{
	uint32_t node = 0, first;

	if (!walk(walker, stack, pc, sp, fp, limit))
		return 0;
	if (walker->limited_node)
		return walker->limited_node;
	first = walker->count > limit ? walker->count - limit + 1 : 1;
	for (uint32_t i = first; i <= walker->count; i++) {
		node = child_of(walker, node, walker->frames[i].pc);
		if (!node)
			return 0;
	}
	walker->limited_node = node;
	return node;
}

uint32_t ms_stack_capture(struct ms_walker *walker, uint64_t pc, uint64_t sp, uint64_t fp, uint32_t depth_limit)
{
	struct stack_range stack = walker->bounds.current;

	if (unlikely(sp - stack.low >= stack.high - stack.low || depth_limit != walker->limit ||
		     walker->epoch !=
			     atomic_load_explicit(&walker->trie->header->unload_epoch, memory_order_relaxed))) {
		if (!prepare(walker, sp, depth_limit))
			return 0;
		stack = walker->bounds.current;
	}
	if (unlikely(depth_limit))
		return capture_limited(walker, stack, pc, sp, fp, depth_limit);
	return walk(walker, stack, pc, sp, fp, 0);
}
