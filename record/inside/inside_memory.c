/*
 * inside_memory.c - malloc for the recorder inside a program (inside_libc.h).
 *
 * Blocks come in size classes, four to a power of two, from chunks that the kernel gives; a freed one waits in the list of its class.
 * What is larger than LARGE has a mapping of its own, which grows by mremap. Nothing goes back to the kernel but those.
 */
#include "inside_libc.h"

#include <string.h>
#include <sys/mman.h>

#include "record/preload/raw.h"

#define HEAD 16u                       /* before every block: keeps the alignment of 16 */
#define LARGE (UINT64_C(256) << 10)
#define CHUNK (UINT64_C(1) << 20)
#define CLASSES 64u
#define PAGE UINT64_C(4096)

struct head {
	uint64_t bytes;                /* of block and head; a mapping's when class_ is CLASSES */
	uint64_t class_;
};
_Static_assert(sizeof(struct head) == HEAD, "the head keeps the alignment");

static struct free_block {
	struct free_block *next;
} *free_blocks[CLASSES];
static char *chunk, *chunk_end;

uint64_t in_memory_bytes;
static uint64_t taken;

void in_memory_take(int64_t bytes)
{
	taken += (uint64_t)bytes;
	if (taken > in_memory_bytes)
		in_memory_bytes = taken;
}

/* Classes 0.. hold 32, 48, 64, 80, 96, 112, 128, 160, 192, ... bytes. */
static unsigned class_of(uint64_t bytes, uint64_t *rounded)
{
	unsigned shift, step;

	if (bytes <= 64) {
		*rounded = bytes <= 32 ? 32 : (bytes + 15) & ~UINT64_C(15);
		return (unsigned)(*rounded / 16) - 2;
	}
	shift = 63u - (unsigned)__builtin_clzll(bytes - 1); /* 2^shift < bytes <= 2^(shift + 1) */
	step = (unsigned)((bytes - 1) >> (shift - 2)) & 3;
	*rounded = (UINT64_C(1) << shift) + (uint64_t)(step + 1) * (UINT64_C(1) << (shift - 2));
	return 3 + (shift - 6) * 4 + step;
}

static void *large(uint64_t bytes)
{
	struct head *h;

	bytes = (bytes + PAGE - 1) & ~(PAGE - 1);
	h = ms_raw_memory(bytes);
	if (h == NULL)
		return NULL;
	in_memory_take((int64_t)bytes);
	*h = (struct head){bytes, CLASSES};
	return h + 1;
}

void *in_malloc(size_t size)
{
	struct free_block *reused;
	struct head *h;
	uint64_t bytes;
	unsigned k;

	if (size > SIZE_MAX / 2)
		return NULL;
	if (size + HEAD > LARGE)
		return large(size + HEAD);
	k = class_of(size + HEAD, &bytes);
	reused = free_blocks[k];
	if (reused != NULL) {
		free_blocks[k] = reused->next;
		return reused;
	}
	if ((uint64_t)(chunk_end - chunk) < bytes) {
		char *more = ms_raw_memory(CHUNK);

		if (more == NULL)
			return NULL;
		in_memory_take(CHUNK);
		chunk = more;
		chunk_end = more + CHUNK;
	}
	h = (struct head *)(void *)chunk;
	chunk += bytes;
	*h = (struct head){bytes, k};
	return h + 1;
}

void in_free(void *block)
{
	struct free_block *f = block;
	struct head *h;

	if (block == NULL)
		return;
	h = (struct head *)block - 1;
	if (h->class_ == CLASSES) {
		in_memory_take(-(int64_t)h->bytes);
		ms_raw_munmap(h, h->bytes);
		return;
	}
	f->next = free_blocks[h->class_];
	free_blocks[h->class_] = f;
}

void *in_calloc(size_t count, size_t size)
{
	size_t bytes;
	void *block;

	if (__builtin_mul_overflow(count, size, &bytes))
		return NULL;
	block = in_malloc(bytes);
	if (block != NULL && ((struct head *)block - 1)->class_ != CLASSES)
		memset(block, 0, bytes);
	return block;
}

void *in_realloc(void *block, size_t size)
{
	struct head *h;
	void *moved;

	if (block == NULL)
		return in_malloc(size);
	h = (struct head *)block - 1;
	if (size > SIZE_MAX / 2)
		return NULL;
	if (size + HEAD <= h->bytes)
		return block;
	if (h->class_ == CLASSES) {
		uint64_t old = h->bytes, bytes = (size + HEAD + PAGE - 1) & ~(PAGE - 1);
		long at = ms_raw(SYS_mremap, (long)h, (long)old, (long)bytes, MREMAP_MAYMOVE, 0, 0);

		if (ms_raw_failed(at))
			return NULL;
		in_memory_take((int64_t)bytes - (int64_t)old);
		ms_own_remove((uint64_t)(uintptr_t)h, old);
		ms_own_add((uint64_t)at, bytes);
		h = (struct head *)at;
		h->bytes = bytes;
		return h + 1;
	}
	moved = in_malloc(size);
	if (moved != NULL) {
		memcpy(moved, block, h->bytes - HEAD);
		in_free(block);
	}
	return moved;
}
