/* graph_memory.c - see graph_memory.h. */
#include "graph_memory.h"

#include <signal.h>
#include <stdatomic.h>
#include <ucontext.h>

#include "graph_maps.h"
#include "kernel_signal.h"
#include "raw.h"

#define WINDOW_PAGES 512u /* entries of the page map that are read at once */
#define ENTRY_PRESENT (UINT64_C(1) << 63)
#define ENTRY_SWAPPED (UINT64_C(1) << 62)

static struct {
	struct ms_kernel_action segv, bus; /* the program's */
	uint64_t mask;                 /* of this thread, before */
	long pagemap;
	uint64_t window_start;         /* first page number in window; UINT64_MAX: none */
	uint64_t window_count;
	uint64_t page;                 /* address of what is in copy; 1: nothing */
	uint64_t bytes;
	_Atomic uint32_t tid;          /* whose copies may fault */
	uint64_t window[WINDOW_PAGES];
	uint64_t copy[MS_PAGE_WORDS];
} memory;

/* Copies words; what is left when it faulted. The labels enclose the one instruction that may fault. */
extern char ms_copy_from[], ms_copy_to[];
uint64_t ms_copy_words(uint64_t *to, uint64_t from, uint64_t words);
__asm__(".text\n"
	".globl ms_copy_words, ms_copy_from, ms_copy_to\n"
	".hidden ms_copy_words, ms_copy_from, ms_copy_to\n"
	".type ms_copy_words, @function\n"
	"ms_copy_words:\n"
	"	.cfi_startproc\n"
	"	mov %rdx, %rcx\n"
	"	cld\n"
	"ms_copy_from:\n"
	"	rep movsq\n"
	"ms_copy_to:\n"
	"	mov %rcx, %rax\n"
	"	ret\n"
	"	.cfi_endproc\n"
	".size ms_copy_words, . - ms_copy_words\n");

/* One word: a plain load, which the processor overlaps with others. False when it faulted. */
extern char ms_load_from[], ms_load_to[], ms_load_failed[];
bool ms_load_word(uint64_t from, uint64_t *value);
__asm__(".text\n"
	".globl ms_load_word, ms_load_from, ms_load_to, ms_load_failed\n"
	".hidden ms_load_word, ms_load_from, ms_load_to, ms_load_failed\n"
	".type ms_load_word, @function\n"
	"ms_load_word:\n"
	"	.cfi_startproc\n"
	"ms_load_from:\n"
	"	mov (%rdi), %rax\n"
	"ms_load_to:\n"
	"	mov %rax, (%rsi)\n"
	"	mov $1, %eax\n"
	"	ret\n"
	"ms_load_failed:\n"
	"	xor %eax, %eax\n"
	"	ret\n"
	"	.cfi_endproc\n"
	".size ms_load_word, . - ms_load_word\n");

static bool within(greg_t at, const char *from, const char *to)
{
	return (uint64_t)at >= (uint64_t)(uintptr_t)from && (uint64_t)at < (uint64_t)(uintptr_t)to;
}

static void on_fault(int number, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	greg_t *at = &uc->uc_mcontext.gregs[REG_RIP];

	if (atomic_load_explicit(&memory.tid, memory_order_relaxed) == (uint32_t)ms_raw_gettid()) {
		if (within(*at, ms_copy_from, ms_copy_to)) {
			*at = (greg_t)(uintptr_t)ms_copy_to;
			return;
		}
		if (within(*at, ms_load_from, ms_load_to)) {
			*at = (greg_t)(uintptr_t)ms_load_failed;
			return;
		}
	}
	ms_kernel_chain(number == SIGSEGV ? &memory.segv : &memory.bus, number, info, context);
}

bool ms_memory_begin(void)
{
	uint64_t open = UINT64_C(1) << (SIGSEGV - 1) | UINT64_C(1) << (SIGBUS - 1);
	struct ms_kernel_action ours = ms_kernel_handler(on_fault);

	if (ms_raw_failed(ms_kernel_sigaction(SIGSEGV, &ours, &memory.segv)))
		return false;
	if (ms_raw_failed(ms_kernel_sigaction(SIGBUS, &ours, &memory.bus))) {
		ms_kernel_sigaction(SIGSEGV, &memory.segv, NULL);
		return false;
	}
	ms_raw(SYS_rt_sigprocmask, SIG_UNBLOCK, (long)&open, (long)&memory.mask, 8, 0, 0);
	memory.pagemap = ms_proc_open("pagemap");
	memory.window_start = UINT64_MAX;
	memory.page = 1;
	memory.bytes = 0;
	atomic_store_explicit(&memory.tid, (uint32_t)ms_raw_gettid(), memory_order_relaxed);
	return true;
}

void ms_memory_end(void)
{
	atomic_store_explicit(&memory.tid, 0, memory_order_relaxed);
	if (!ms_raw_failed(memory.pagemap))
		ms_raw(SYS_close, memory.pagemap, 0, 0, 0, 0, 0);
	ms_kernel_sigaction(SIGBUS, &memory.bus, NULL);
	ms_kernel_sigaction(SIGSEGV, &memory.segv, NULL);
	ms_raw(SYS_rt_sigprocmask, SIG_SETMASK, (long)&memory.mask, 0, 8, 0, 0);
}

/* Has the page ever been touched? Yes, when the kernel does not say. */
static bool present(uint64_t page)
{
	uint64_t number = page / MS_PAGE;

	if (ms_raw_failed(memory.pagemap))
		return true;
	if (number - memory.window_start >= memory.window_count || memory.window_start == UINT64_MAX) {
		long got = ms_raw(SYS_pread64, memory.pagemap, (long)memory.window, sizeof(memory.window), (long)(number * 8), 0, 0);

		if (ms_raw_failed(got) || got < 8)
			return true;
		memory.window_start = number;
		memory.window_count = (uint64_t)got / 8;
	}
	return (memory.window[number - memory.window_start] & (ENTRY_PRESENT | ENTRY_SWAPPED)) != 0;
}

const uint64_t *ms_memory_page(uint64_t page, enum ms_page_state *state)
{
	*state = MS_PAGE_READ;
	if (memory.page == page)
		return memory.copy;
	if (!present(page)) {
		*state = MS_PAGE_ABSENT;
		return NULL;
	}
	memory.page = 1;
	if (ms_copy_words(memory.copy, page, MS_PAGE_WORDS) != 0) {
		*state = MS_PAGE_FAULT;
		return NULL;
	}
	memory.page = page;
	memory.bytes += MS_PAGE;
	return memory.copy;
}

bool ms_memory_word(uint64_t address, uint64_t *value)
{
	return address < UINT64_C(1) << 47 && ms_load_word(address, value);
}

uint64_t ms_memory_read(uint64_t *to, uint64_t address, uint64_t words)
{
	uint64_t done = words - ms_copy_words(to, address, words);

	memory.bytes += done * 8;
	return done;
}

uint64_t ms_memory_bytes(void)
{
	return memory.bytes;
}
