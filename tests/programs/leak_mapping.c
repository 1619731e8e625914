/*
 * Pointers in memory that the program mapped itself: a private anonymous page holds a block of 100 bytes, a shared one one of 200 bytes, a private
 * page of a file one of 300 bytes; a page that was made unreadable one of 400 bytes, a page that is unmapped one of 500 bytes.
 */
#include "leak_common.h"

#include <fcntl.h>
#include <sys/mman.h>

/* Addresses of pages hidden from a scan: pages are found by the map, not through these. */
static uintptr_t hidden[5];

static APART void hold(unsigned i, void **page, size_t size)
{
	page[7] = calloc(1, size);
	hidden[i] = ~(uintptr_t)page;
}

static APART void make(void)
{
	const int rw = PROT_READ | PROT_WRITE;
	int fd = open("/proc/self/exe", O_RDONLY);
	void *page;

	hold(0, mmap(NULL, 4096, rw, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), 100);
	hold(1, mmap(NULL, 4096, rw, MAP_SHARED | MAP_ANONYMOUS, -1, 0), 200);
	hold(2, mmap(NULL, 4096, rw, MAP_PRIVATE, fd, 0), 300);
	page = mmap(NULL, 4096, rw, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	hold(3, page, 400);
	mprotect(page, 4096, PROT_NONE);
	page = mmap(NULL, 4096, rw, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	hold(4, page, 500);
	munmap(page, 4096);
	close(fd);
}

int main(void)
{
	make();
	wipe_stack();
	wipe_registers();
	exit(0);
}
