/* stack_pages.c - see stack_pages.h. */
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "stack_pages.h"

void *ms_pages_map(size_t bytes)
{
	register long flags __asm__("r10") = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
	register long fd __asm__("r8") = -1;
	register long offset __asm__("r9") = 0;
	uint64_t result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(SYS_mmap), "D"(0L), "S"(bytes), "d"((long)(PROT_READ | PROT_WRITE)), "r"(flags), "r"(fd),
			   "r"(offset)
			 : "rcx", "r11", "memory");
	return result > (uint64_t)-4096 ? NULL : (void *)result;
}

void ms_pages_unmap(void *pages, size_t bytes)
{
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(SYS_munmap), "D"(pages), "S"(bytes)
			 : "rcx", "r11", "memory");
	(void)result;
}
