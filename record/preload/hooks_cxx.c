/*
 * hooks_cxx.c - operator new and operator delete.
 *
 * libstdc++'s operators call malloc and free through the PLT, so the call comes back to hooks_heap.c; tcmalloc's and
 * jemalloc's do not. Either way there shall be one event, of the operator's kind, with the stack of the operator's caller:
 *
 *   new     ms_tls.pending says what is being asked for. The inner malloc hook of the right size and place records the
 *           block as NEW. When none did, the operator's hook records it after the call.
 *   delete  records the end of the block first (the evidence must be there before the real call), and leaves the pointer
 *           in ms_tls.freeing; the inner free hook then records nothing.
 *
 * A new may throw: our frame is simply gone, nothing of ours is undone. What stays in ms_tls.pending is then marked as
 * failed and matches nothing but a retry from the very same frame; the next new replaces it. new[] and the nothrow forms
 * call another operator: a hook that finds itself behind an outer one of the same size does nothing.
 */
#include "births.h"
#include "hooks.h"

/* False: this call belongs to an operator that is pending further out. */
static inline bool begin_new(struct ms_pending *outer, uint8_t kind, size_t size, size_t align,
			     const struct ms_caller *caller)
{
	struct ms_pending *pending = &ms_tls.pending;
	uint64_t sp = ms_caller_sp(caller);

	outer->kind = pending->kind;
	if (MS_UNLIKELY(pending->kind != 0)) {
		if (pending->size == size && sp < pending->sp && pending->sp - sp <= MS_OPERATOR_STACK_BYTES)
			return false;
		*outer = *pending;
	}
	pending->log2_align = (uint8_t)ms_log2(align);
	pending->failed = 0;
	pending->used = 0;
	pending->size = size;
	pending->sp = sp;
	pending->caller = caller;
	pending->inner = NULL;
	atomic_signal_fence(memory_order_seq_cst); /* kind last: a signal handler's malloc sees it whole or not at all */
	pending->kind = kind;
	return true;
}

static __attribute__((noinline)) void record_new(const struct ms_pending *pending, uint8_t kind, void *block)
{
	const struct ms_caller *caller = pending->caller;

	if (block == NULL) {
		if (!pending->failed)
			ms_emit_birth(MS_EV_ALLOC_FAILED, 0, pending->size, caller, 1, kind, 0);
	} else if (pending->inner == block) {
		return; /* recorded as what the operator called */
	} else if (kind == MS_EV_NEW_ALIGNED || kind == MS_EV_NEW_ARRAY_ALIGNED) {
		ms_emit_birth(kind, (uintptr_t)block, pending->size, caller, 1, pending->log2_align, 0);
	} else {
		ms_emit_birth(kind, (uintptr_t)block, pending->size, caller, 0, 0, 0);
	}
}

static inline void end_new(const struct ms_pending *outer, uint8_t kind, void *block)
{
	struct ms_pending *pending = &ms_tls.pending;

	pending->kind = 0;
	if (MS_UNLIKELY(!pending->used))
		record_new(pending, kind, block);
	if (MS_UNLIKELY(outer->kind != 0))
		*pending = *outer;
}

#define X(field, symbol, parameters, arguments, all, kind)                                                          \
	void *ms_hook_##field(struct ms_real *real, const struct ms_caller *caller, size_t size, size_t align,      \
			      const void *tag)                                                                      \
	{                                                                                                           \
		void *(*function) parameters = __atomic_load_n(&real->field, __ATOMIC_RELAXED);                     \
		struct ms_pending outer;                                                                            \
		void *block;                                                                                        \
                                                                                                                    \
		(void)tag;                                                                                          \
		if (MS_UNLIKELY(function == NULL)) {                                                                \
			function = (void *(*)parameters)ms_real_operator(&real->field, #symbol);                    \
			if (function == NULL)                                                                       \
				return align == 0 ? ms_hook_malloc(real, size, caller)                              \
						  : ms_hook_memalign(real, align, size, caller);                    \
		}                                                                                                   \
		if (!begin_new(&outer, MS_EV_##kind, size, align, caller))                                          \
			return function arguments;                                                                  \
		block = function arguments;                                                                         \
		end_new(&outer, MS_EV_##kind, block);                                                               \
		return block;                                                                                       \
	}
MS_REAL_NEW(X)
#undef X

void *ms_hook_throwing(const struct ms_real *real, size_t size, const struct ms_caller *caller)
{
	struct ms_pending outer;
	void *block;

	if (!begin_new(&outer, MS_EV_MALLOC, size, 0, caller))
		return real->malloc(size);
	block = real->malloc(size);
	end_new(&outer, MS_EV_MALLOC, block);
	return block;
}

enum { /* what a kind of delete carries */
#define X(number, id, name, class_, args) ARGS_##id = args,
	MS_EVENT_KINDS(X)
#undef X
};

/* args: 2 = size and alignment; 1 = whichever is given. */
static inline void record_delete(uint8_t kind, unsigned args, void *block, size_t size, size_t align,
				 const struct ms_caller *caller)
{
	uint64_t log2_align = args > 0 && align != 0 ? ms_log2(align) : 0;

	if (args == 0)
		ms_emit_end(kind, (uintptr_t)block, caller, 0, 0, 0);
	else if (args == 1)
		ms_emit_end(kind, (uintptr_t)block, caller, 1, align != 0 ? log2_align : size, 0);
	else
		ms_emit_end(kind, (uintptr_t)block, caller, 2, size, log2_align);
}

#define X(field, symbol, parameters, arguments, all, kind)                                                          \
	void ms_hook_##field(struct ms_real *real, const struct ms_caller *caller, void *block, size_t size,        \
			     size_t align, const void *tag)                                                         \
	{                                                                                                           \
		void (*function) parameters = __atomic_load_n(&real->field, __ATOMIC_RELAXED);                      \
		const void *outer = ms_tls.freeing;                                                                 \
                                                                                                                    \
		(void)tag;                                                                                          \
		if (MS_UNLIKELY(function == NULL)) {                                                                \
			function = (void (*)parameters)ms_real_operator(&real->field, #symbol);                     \
			if (function == NULL) {                                                                     \
				ms_hook_free(real, block, caller);                                                  \
				return;                                                                             \
			}                                                                                           \
		}                                                                                                   \
		if (block == NULL || block == outer) {                                                              \
			function arguments;                                                                         \
			return;                                                                                     \
		}                                                                                                   \
		record_delete(MS_EV_##kind, ARGS_##kind, block, size, align, caller);                               \
		ms_tls.freeing = block;                                                                             \
		function arguments;                                                                                 \
		ms_tls.freeing = outer;                                                                             \
	}
MS_REAL_DELETE(X)
#undef X
