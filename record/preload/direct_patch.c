/*
 * direct_patch.c - puts jumps into functions (direct.h).
 *
 *   function     jmp stub; what is left of the instructions that moved
 *   page near    stub: jmp [rip]; address of our function
 *                moved instructions, then a jump back behind them
 *
 * A jump reaches 2 GiB, our library may be further away: hence the stub. Everything is planned and written to the page first; the program's code
 * is changed last, and only if the kernel gives it all three permissions: a system that forbids that would otherwise leave code that cannot be
 * executed. Then nothing can fail any more.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#include "direct.h"
#include "raw.h"
#include "x86_code.h"

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif

#define PAGE UINT64_C(4096)
#define STUB_BYTES 16u
#define ROOM_BYTES (STUB_BYTES + X86_MOVED_BYTES)
#define PADDING_MAX 16u
#define REACH (UINT64_C(1) << 30)

static const uint8_t endbr64[] = {0xf3, 0x0f, 0x1e, 0xfa};

/* Memory within reach of the module: below it, else above. */
static uint8_t *memory_near(uint64_t start, uint64_t end, uint64_t bytes)
{
	for (int above = 0; above < 2; above++) {
		for (uint64_t distance = PAGE * 16; distance < REACH; distance *= 2) {
			uint64_t wanted = above ? ((end + PAGE - 1) & ~(PAGE - 1)) + distance : (start & ~(PAGE - 1)) - distance - bytes;
			long at;

			if (!above && start < distance + bytes + PAGE * 16)
				break;
			at = ms_raw_mmap((void *)wanted, bytes, PROT_READ | PROT_WRITE,
					 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
			if (ms_raw_failed(at))
				continue;
			ms_own_add((uint64_t)at, bytes);
			if ((uint64_t)at == wanted)
				return (uint8_t *)at;
			ms_raw_munmap((void *)at, bytes); /* an old kernel takes the address as a hint */
		}
	}
	return NULL;
}

/* The only thread of the process, as far as can be seen: field 20 of its status. */
static bool is_alone(void)
{
	char text[1024];
	long fd = ms_raw(SYS_openat, AT_FDCWD, (long)"/proc/self/stat", O_RDONLY | O_CLOEXEC, 0, 0, 0), bytes;
	const char *at;

	if (ms_raw_failed(fd))
		return false;
	bytes = ms_raw(SYS_read, fd, (long)text, sizeof text - 1, 0, 0, 0);
	ms_raw(SYS_close, fd, 0, 0, 0, 0, 0);
	if (ms_raw_failed(bytes) || bytes == 0)
		return false;
	text[bytes] = '\0';
	at = strrchr(text, ')'); /* behind the name, which may hold anything */
	for (int field = 2; at != NULL && field < 20; field++)
		at = strchr(at + 1, ' ');
	return at != NULL && at[1] == '1' && at[2] == ' ';
}

/* How far padding goes behind the function: up to the next one that is known, PADDING_MAX bytes, and within its page. */
static size_t room_of(const struct ms_direct_module *m, const struct ms_direct_found *f)
{
	uint64_t end = f->address + f->size, most = end + PADDING_MAX, page_end = (end + PAGE - 1) & ~(PAGE - 1);

	if (most > page_end)
		most = page_end;
	for (uint32_t i = 0; i < m->count; i++)
		if (m->found[i].address >= end && m->found[i].address < most)
			most = m->found[i].address;
	return most - f->address;
}

static size_t after_landing(const struct ms_direct_found *f)
{
	return f->size >= sizeof endbr64 && memcmp((const void *)f->address, endbr64, sizeof endbr64) == 0 ? sizeof endbr64 : 0;
}

/* Stub and moved instructions at place. False: they cannot move. */
static bool prepare(const struct ms_direct_module *m, const struct ms_direct_found *f, uint8_t *place)
{
	static const uint8_t far_jump[] = {0xff, 0x25, 0, 0, 0, 0};
	size_t skip = after_landing(f);
	const uint8_t *code = (const uint8_t *)f->address + skip;
	void *hook = ms_direct_rows[f->row].hook;
	struct x86_plan plan;

	if (!x86_plan(code, f->size - skip, room_of(m, f) - skip, X86_JUMP_BYTES, &plan))
		return false;
	memcpy(place, far_jump, sizeof far_jump);
	memcpy(place + sizeof far_jump, &hook, sizeof hook);
	return x86_move(code, &plan, place + STUB_BYTES, (uint64_t)(uintptr_t)place + STUB_BYTES) > 0;
}

static bool protect(const struct ms_direct_found *f, int protection)
{
	uint64_t start = f->address & ~(PAGE - 1), end = (f->address + sizeof endbr64 + X86_JUMP_BYTES + PAGE - 1) & ~(PAGE - 1);

	return !ms_raw_failed(ms_raw(SYS_mprotect, (long)start, (long)(end - start), protection, 0, 0, 0));
}

enum ms_direct_state ms_direct_patch(const struct ms_direct_module *m, uint64_t *moved)
{
	uint64_t bytes = (m->count * ROOM_BYTES + PAGE - 1) & ~(PAGE - 1);
	enum ms_direct_state state = MS_DIRECT_CODE;
	uint32_t opened = 0;
	uint8_t *page;

	if (m->obstacle != MS_DIRECT_NONE)
		return (enum ms_direct_state)m->obstacle;
	if (!is_alone())
		return MS_DIRECT_THREADS;
	page = memory_near(m->start, m->end, bytes);
	if (page == NULL)
		return MS_DIRECT_WRITE;
	for (uint32_t i = 0; i < m->count; i++) {
		if (!prepare(m, &m->found[i], page + i * ROOM_BYTES))
			goto refuse;
		moved[i] = (uint64_t)(uintptr_t)page + i * ROOM_BYTES + STUB_BYTES;
	}
	state = MS_DIRECT_WRITE;
	if (ms_raw_failed(ms_raw(SYS_mprotect, (long)page, (long)bytes, PROT_READ | PROT_EXEC, 0, 0, 0)))
		goto refuse;
	for (; opened < m->count; opened++)
		if (!protect(&m->found[opened], PROT_READ | PROT_WRITE | PROT_EXEC))
			goto refuse;
	ms_direct_moved(m, moved);
	for (uint32_t i = 0; i < m->count; i++) {
		uint8_t *code = (uint8_t *)m->found[i].address + after_landing(&m->found[i]);
		int32_t distance = (int32_t)((int64_t)(page + i * ROOM_BYTES - code) - (int64_t)X86_JUMP_BYTES);

		code[0] = 0xe9;
		memcpy(code + 1, &distance, sizeof distance);
	}
	for (uint32_t i = 0; i < m->count; i++)
		protect(&m->found[i], PROT_READ | PROT_EXEC);
	return MS_DIRECT_HOOKED;
refuse:
	while (opened > 0)
		protect(&m->found[--opened], PROT_READ | PROT_EXEC);
	ms_raw_munmap(page, bytes);
	return state;
}
