/*
 * predict.h - what writer and reader expect of the next event; the file holds only how reality differs.
 *
 * Both sides run the same predictor over the same events, so both know the same expectation. Its whole state starts
 * empty with every Events block. docs/FORMAT.md, "Predictions", has it in pseudo-code.
 * Thread-safety: a predictor belongs to one thread. Not signal-safe. Allocates nothing.
 */
#ifndef MS_FORMAT_PREDICT_H
#define MS_FORMAT_PREDICT_H

#include <stdint.h>
#include <string.h>

#include "varint.h"

#define MS_PREDICT_BITS 12

struct ms_predictor {
	uint32_t last_stack[256];                    /* by thread id modulo 256 */
	uint32_t next_stack[1 << MS_PREDICT_BITS];   /* by hash of the stack before it */
	uint64_t size[1 << MS_PREDICT_BITS];         /* by hash of the stack */
	uint64_t last_free;                          /* block freed before */
	uint64_t last_address;
};

static inline void ms_predict_reset(struct ms_predictor *p)
{
	memset(p, 0, sizeof(*p));
}

static inline uint32_t ms_predict_hash(uint32_t v)
{
	return v * UINT32_C(2654435769) >> (32 - MS_PREDICT_BITS);
}

/* ---- stacks: what followed the previous stack of this thread ---- */

static inline uint64_t ms_predict_stack_code(struct ms_predictor *p, uint32_t thread, uint32_t stack)
{
	uint32_t *last = &p->last_stack[thread & 255];
	uint32_t *next = &p->next_stack[ms_predict_hash(*last)];
	uint64_t code = stack == *next ? 0 : 1 + ms_zigzag((uint64_t)stack - *last);

	*next = stack;
	*last = stack;
	return code;
}

static inline uint64_t ms_predict_stack(struct ms_predictor *p, uint32_t thread, uint64_t code)
{
	uint32_t *last = &p->last_stack[thread & 255];
	uint32_t *next = &p->next_stack[ms_predict_hash(*last)];
	uint64_t stack = code == 0 ? *next : *last + ms_unzigzag(code - 1);

	*next = (uint32_t)stack;
	*last = (uint32_t)stack;
	return stack;
}

/* ---- sizes: the same as the last time at this stack ---- */

static inline uint64_t ms_predict_size_code(struct ms_predictor *p, uint32_t stack, uint64_t size)
{
	uint64_t *last = &p->size[ms_predict_hash(stack)];
	uint64_t code = size - *last == 0 ? 0 : 1 + ms_zigzag(size - *last);

	*last = size;
	return code;
}

static inline uint64_t ms_predict_size(struct ms_predictor *p, uint32_t stack, uint64_t code)
{
	uint64_t *last = &p->size[ms_predict_hash(stack)];
	uint64_t size = code == 0 ? *last : *last + ms_unzigzag(code - 1);

	*last = size;
	return size;
}

/* ---- frees: near the block freed before ---- */

static inline uint64_t ms_predict_free_code(struct ms_predictor *p, uint64_t block)
{
	uint64_t code;

	if (block == 0)
		return 0;
	code = 1 + ms_zigzag(block - p->last_free);
	p->last_free = block;
	return code;
}

static inline uint64_t ms_predict_free(struct ms_predictor *p, uint64_t code)
{
	if (code == 0)
		return 0;
	p->last_free += ms_unzigzag(code - 1);
	return p->last_free;
}

/* ---- addresses ---- */

static inline uint64_t ms_predict_address_code(struct ms_predictor *p, uint64_t address)
{
	uint64_t code = ms_zigzag(address - p->last_address);

	p->last_address = address;
	return code;
}

static inline uint64_t ms_predict_address(struct ms_predictor *p, uint64_t code)
{
	p->last_address += ms_unzigzag(code);
	return p->last_address;
}

#endif
