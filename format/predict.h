/*
 * predict.h - what writer and reader expect of the next event; the file holds only how reality differs.
 *
 * Both sides run the same predictors over the same events, so both expect the same. A value is stored as a small code
 * when it was expected, and as an escape code with the value itself otherwise; every code decodes to some value. All
 * state starts empty with every Events block. docs/FORMAT.md, "Predictions", has the same in pseudo-code; a change
 * here is a change of the file format.
 * Thread-safety: a predictor belongs to one thread. Not signal-safe. Allocates nothing.
 */
#ifndef MS_FORMAT_PREDICT_H
#define MS_FORMAT_PREDICT_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "events.h"
#include "varint.h"

/* ---- stacks ------------------------------------------------------------------------------------------------------ */

/*
 * Programs repeat themselves: the stack of an event is expected to be what followed the last time after the same two
 * stacks of this thread, or else after the same one.
 *   code 0: what followed the last two; 1: what followed the last one;
 *   2 + 2d: larger by d + 1 than every stack of the block so far; 3 + 2d: d = zigzag of the difference to the last one
 */
#define MS_STACK_BITS 12

struct ms_stack_predictor {
	uint32_t last[256][2];                   /* the last stack and the one before it, by thread modulo 256 */
	uint32_t after_one[1 << MS_STACK_BITS];
	uint32_t after_two[1 << MS_STACK_BITS];
	uint32_t largest;
};

static inline uint32_t ms_stack_hash(uint32_t last, uint32_t before)
{
	return (last * UINT32_C(2654435769) ^ before * UINT32_C(2246822519)) >> (32 - MS_STACK_BITS);
}

static inline void ms_stack_learn(struct ms_stack_predictor *p, uint32_t *last, uint32_t *one, uint32_t *two,
				  uint32_t stack)
{
	*one = stack;
	*two = stack;
	last[1] = last[0];
	last[0] = stack;
	if (stack > p->largest)
		p->largest = stack;
}

static inline uint64_t ms_stack_encode(struct ms_stack_predictor *p, uint32_t thread, uint32_t stack)
{
	uint32_t *last = p->last[thread & 255];
	uint32_t *one = &p->after_one[ms_stack_hash(last[0], 0)];
	uint32_t *two = &p->after_two[ms_stack_hash(last[0], last[1])];
	uint64_t code;

	if (stack == *two)
		code = 0;
	else if (stack == *one)
		code = 1;
	else if (stack > p->largest)
		code = 2 + 2 * (uint64_t)(stack - p->largest - 1);
	else
		code = 3 + 2 * ms_zigzag((uint64_t)stack - last[0]);
	ms_stack_learn(p, last, one, two, stack);
	return code;
}

/* The caller checks the result: it can be any number. */
static inline uint64_t ms_stack_decode(struct ms_stack_predictor *p, uint32_t thread, uint64_t code)
{
	uint32_t *last = p->last[thread & 255];
	uint32_t *one = &p->after_one[ms_stack_hash(last[0], 0)];
	uint32_t *two = &p->after_two[ms_stack_hash(last[0], last[1])];
	uint64_t stack;

	if (code == 0)
		stack = *two;
	else if (code == 1)
		stack = *one;
	else if (code % 2 == 0)
		stack = p->largest + 1 + (code - 2) / 2;
	else
		stack = last[0] + ms_unzigzag((code - 3) / 2);
	ms_stack_learn(p, last, one, two, (uint32_t)stack);
	return stack;
}

/* ---- sizes ------------------------------------------------------------------------------------------------------- */

/*
 * One of the two sizes that this stack had last, a and b. The code is the size itself, but a and 0 trade places, and
 * then what became of b and 1 do (unless a = b): the expected sizes have codes 0 and 1, and every size has a code.
 */
#define MS_SIZE_BITS 12

struct ms_size_predictor {
	uint64_t last[1 << MS_SIZE_BITS][2];
};

static inline uint64_t ms_size_swap(uint64_t v, uint64_t a, uint64_t b)
{
	return v == a ? b : v == b ? a : v;
}

static inline uint64_t *ms_size_slot(struct ms_size_predictor *p, uint32_t stack)
{
	return p->last[stack * UINT32_C(2654435769) >> (32 - MS_SIZE_BITS)];
}

/* What trades places with 1. */
static inline uint64_t ms_size_second(const uint64_t last[2])
{
	return last[1] == last[0] ? 1 : ms_size_swap(last[1], 0, last[0]);
}

static inline void ms_size_learn(uint64_t last[2], uint64_t size)
{
	if (size != last[0]) {
		last[1] = last[0];
		last[0] = size;
	}
}

static inline uint64_t ms_size_encode(struct ms_size_predictor *p, uint32_t stack, uint64_t size)
{
	uint64_t *last = ms_size_slot(p, stack);
	uint64_t code = ms_size_swap(ms_size_swap(size, 0, last[0]), 1, ms_size_second(last));

	ms_size_learn(last, size);
	return code;
}

static inline uint64_t ms_size_decode(struct ms_size_predictor *p, uint32_t stack, uint64_t code)
{
	uint64_t *last = ms_size_slot(p, stack);
	uint64_t size = ms_size_swap(ms_size_swap(code, 1, ms_size_second(last)), 0, last[0]);

	ms_size_learn(last, size);
	return size;
}

/* ---- frees ------------------------------------------------------------------------------------------------------- */

/*
 * Which block a free ends. Programs free what they allocated just now, or walk along structures that they allocated in
 * some order: a few cursors follow such walks, most recently used first.
 *   code 0: none
 *   1 + d, d < NEWEST: the block d before the newest one
 *   1 + NEWEST + 2 WINDOW k + d, d < 2 WINDOW: cursor k plus d - WINDOW
 *   ESCAPE + d, d < NEAR: d = zigzag of the difference to cursor 0
 *   ESCAPE + NEAR + d: the block d before the newest one
 * A block found by a cursor moves that cursor to the front; one found by an escape replaces the last cursor.
 */
#define MS_FREE_NEWEST  31
#define MS_FREE_CURSORS 7
#define MS_FREE_NEAR    1024
#define MS_FREE_WINDOW  15
#define MS_FREE_ESCAPE  (1 + MS_FREE_NEWEST + MS_FREE_CURSORS * 2 * MS_FREE_WINDOW)

struct ms_free_predictor {
	uint64_t cursor[MS_FREE_CURSORS];
};

/* Moves cursor k to the front, at block. */
static inline void ms_free_learn(struct ms_free_predictor *p, unsigned k, uint64_t block)
{
	for (; k > 0; k--)
		p->cursor[k] = p->cursor[k - 1];
	p->cursor[0] = block;
}

/* newest: id of the block allocated last. */
static inline uint64_t ms_free_encode(struct ms_free_predictor *p, uint64_t newest, uint64_t block)
{
	uint64_t code;

	if (block == 0)
		return 0;
	if (newest - block < MS_FREE_NEWEST)
		return 1 + (newest - block);
	for (unsigned k = 0; k < MS_FREE_CURSORS; k++) {
		uint64_t d = block - p->cursor[k] + MS_FREE_WINDOW;

		if (d < 2 * MS_FREE_WINDOW) {
			ms_free_learn(p, k, block);
			return 1 + MS_FREE_NEWEST + 2 * MS_FREE_WINDOW * k + d;
		}
	}
	code = ms_zigzag(block - p->cursor[0]);
	code = code < MS_FREE_NEAR ? MS_FREE_ESCAPE + code : MS_FREE_ESCAPE + MS_FREE_NEAR + (newest - block);
	ms_free_learn(p, MS_FREE_CURSORS - 1, block);
	return code;
}

/* The caller checks the result: it can be any number. */
static inline uint64_t ms_free_decode(struct ms_free_predictor *p, uint64_t newest, uint64_t code)
{
	uint64_t block;
	unsigned k = MS_FREE_CURSORS - 1;

	if (code == 0)
		return 0;
	if (code <= MS_FREE_NEWEST)
		return newest - (code - 1);
	if (code < MS_FREE_ESCAPE) {
		code -= 1 + MS_FREE_NEWEST;
		k = (unsigned)(code / (2 * MS_FREE_WINDOW));
		block = p->cursor[k] + code % (2 * MS_FREE_WINDOW) - MS_FREE_WINDOW;
	} else if (code - MS_FREE_ESCAPE < MS_FREE_NEAR) {
		block = p->cursor[0] + ms_unzigzag(code - MS_FREE_ESCAPE);
	} else {
		block = newest - (code - MS_FREE_ESCAPE - MS_FREE_NEAR);
	}
	ms_free_learn(p, k, block);
	return block;
}

/* ---- addresses --------------------------------------------------------------------------------------------------- */

/*
 * Where an allocation is placed, after the way of glibc's malloc: a chunk is the size plus 8, rounded up to 16, at least
 * 32; the chunk of the same class that this thread freed last is used first, from a small stack that keeps 7 (the
 * tcache), then from what did not fit into it, which first refills the small stack. Else memory is cut from the end of
 * one of two larger pieces, so that a block stands right behind one before it.
 *   code 0: a free chunk, or if there is none the end of piece 0; 1, 2: the end of piece 0, 1;
 *   3: the address stands among the raw addresses;
 *   4 + d: d = zigzag of (difference to the address before / 16)
 */
#define MS_ADDRESS_CLASSES 65   /* chunks of 16 * class bytes up to 1024; 0: larger ones */
#define MS_ADDRESS_THREADS 4
#define MS_ADDRESS_SMALL   7
#define MS_ADDRESS_MORE    64

struct ms_address_class {
	uint8_t small_count;
	uint8_t more_count;
	uint8_t more_top;                        /* where the next one goes */
	uint64_t small[MS_ADDRESS_SMALL];
	uint64_t more[MS_ADDRESS_MORE];          /* a ring: the oldest are forgotten */
};

/* What is known of the threads whose id is the same modulo MS_ADDRESS_THREADS. */
struct ms_address_thread {
	uint64_t last;                           /* allocated */
	uint64_t end[2];                         /* of the pieces, most recently used first */
	struct ms_address_class class_[MS_ADDRESS_CLASSES];
};

struct ms_address_predictor {
	struct ms_address_thread thread[MS_ADDRESS_THREADS];
};

static inline uint64_t ms_address_chunk(uint64_t size)
{
	return size <= 24 ? 32 : (size + 23) & ~UINT64_C(15);
}

static inline struct ms_address_class *ms_address_class(struct ms_address_thread *t, uint64_t size)
{
	uint64_t chunk = ms_address_chunk(size);

	return &t->class_[chunk < 16 * MS_ADDRESS_CLASSES ? chunk / 16 : 0];
}

static inline uint64_t ms_address_pop_more(struct ms_address_class *c)
{
	c->more_count--;
	c->more_top = (uint8_t)((c->more_top + MS_ADDRESS_MORE - 1) % MS_ADDRESS_MORE);
	return c->more[c->more_top];
}

static inline void ms_address_push(struct ms_address_class *c, uint64_t address)
{
	if (c->small_count < MS_ADDRESS_SMALL) {
		c->small[c->small_count++] = address;
		return;
	}
	c->more[c->more_top] = address;
	c->more_top = (c->more_top + 1) % MS_ADDRESS_MORE;
	if (c->more_count < MS_ADDRESS_MORE)
		c->more_count++;
}

/* The chunk that an allocation of this class would take; 0: none is free. */
static inline uint64_t ms_address_peek(const struct ms_address_class *c)
{
	if (c->small_count > 0)
		return c->small[c->small_count - 1];
	if (c->more_count > 0)
		return c->more[(c->more_top + MS_ADDRESS_MORE - 1) % MS_ADDRESS_MORE];
	return 0;
}

static inline void ms_address_pop(struct ms_address_class *c)
{
	if (c->small_count > 0) {
		c->small_count--;
		return;
	}
	ms_address_pop_more(c);
	while (c->more_count > 0 && c->small_count < MS_ADDRESS_SMALL)
		c->small[c->small_count++] = ms_address_pop_more(c);
}

/* Piece k was used: it becomes the first, and ends at `end`. */
static inline void ms_address_learn_end(struct ms_address_thread *t, unsigned k, uint64_t end)
{
	if (k > 0)
		t->end[1] = t->end[0];
	t->end[0] = end;
}

#define MS_ADDRESS_RAW 3

static inline uint64_t ms_address_encode(struct ms_address_predictor *p, uint32_t thread, uint64_t size,
					 uint64_t address)
{
	struct ms_address_thread *t = &p->thread[thread % MS_ADDRESS_THREADS];
	struct ms_address_class *c = ms_address_class(t, size);
	const uint64_t chunk = ms_address_chunk(size), free_chunk = ms_address_peek(c);
	const uint64_t difference = address - t->last;
	uint64_t code;
	unsigned piece = 1;

	t->last = address;
	if (free_chunk != 0 && free_chunk == address) {
		ms_address_pop(c);
		return 0;
	}
	if (address == t->end[0]) {
		code = free_chunk != 0 ? 1 : 0;
		piece = 0;
	} else if (address == t->end[1]) {
		code = 2;
	} else if (difference % 16 == 0) {
		code = 4 + ms_zigzag((uint64_t)((int64_t)difference / 16));
	} else {
		code = MS_ADDRESS_RAW;
	}
	ms_address_learn_end(t, piece, address + chunk);
	return code;
}

/* raw: the raw address, for code MS_ADDRESS_RAW. */
static inline uint64_t ms_address_decode(struct ms_address_predictor *p, uint32_t thread, uint64_t size, uint64_t code,
					 uint64_t raw)
{
	struct ms_address_thread *t = &p->thread[thread % MS_ADDRESS_THREADS];
	struct ms_address_class *c = ms_address_class(t, size);
	const uint64_t chunk = ms_address_chunk(size), free_chunk = ms_address_peek(c);
	uint64_t address;
	unsigned piece = 1;

	if (code == 0 && free_chunk != 0) {
		ms_address_pop(c);
		return t->last = free_chunk;
	}
	if (code <= 1) {
		address = t->end[0];
		piece = 0;
	} else if (code == 2) {
		address = t->end[1];
	} else if (code == MS_ADDRESS_RAW) {
		address = raw;
	} else {
		address = t->last + 16 * ms_unzigzag(code - 4);
	}
	ms_address_learn_end(t, piece, address + chunk);
	return t->last = address;
}

/* A block was freed by a thread. */
static inline void ms_address_freed(struct ms_address_predictor *p, uint32_t thread, uint64_t size, uint64_t address)
{
	ms_address_push(ms_address_class(&p->thread[thread % MS_ADDRESS_THREADS], size), address);
}

#endif
