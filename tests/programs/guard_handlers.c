/*
 * A program with handlers of its own for SIGSEGV and its like. Each case reads one byte behind a heap block, before and after
 * the handler is set; without a guard nothing comes of that, with a guard the program must not notice. It prints what it sees.
 *   info       SA_SIGINFO: opens its own closed page, as a JIT or a garbage collector does; mask and flags are as it set them
 *   jump       siglongjmp out of the handler, 1000 times
 *   altstack   SA_ONSTACK: the handler runs on the alternate stack; a second one without it does not
 *   once       SA_RESETHAND: the second fault ends the program
 *   shown      what sigaction, signal, sigset and sigignore show
 *   blocked    all signals blocked, in a thread: only the heap access, which goes on
 *   ignored    SIGSEGV ignored: kill has no effect, and an exec'd image finds it ignored
 *   null       no handler: a null pointer ends the program, as SIGSEGV
 *   abort      no handler: abort, with a heap block overwritten (START side: behind its end, canary)
 *   caught     SIGABRT caught: the handler runs, abort ends the program
 *   barrier    mprotects its own heap blocks and catches the writes to them, as a garbage collector does
 *   vforked    a child of vfork sets other actions; the handlers stay
 *   disposition NUMBER   prints whether the signal is ignored
 */
#pragma GCC diagnostic ignored "-Wdeprecated-declarations" /* sigset, sigignore: some programs have them */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static char *closed_page;
static volatile int handled, on_alternate, address_right, masked;
static volatile char sink;
static sigjmp_buf back;
static char alternate[65536];

__attribute__((noinline)) static void read_behind(void)
{
	char *p = malloc(5);

	sink = *(volatile char *)(p + 5);
	free(p);
}

static int is_alternate(void)
{
	char here;

	return (uintptr_t)&here - (uintptr_t)alternate < sizeof(alternate);
}

static void open_page(int number, siginfo_t *info, void *context)
{
	sigset_t now;

	(void)number;
	(void)context;
	handled++;
	address_right += info->si_addr == closed_page && info->si_code == SEGV_ACCERR;
	on_alternate += is_alternate();
	sigprocmask(SIG_BLOCK, NULL, &now);
	masked += sigismember(&now, SIGUSR1) && sigismember(&now, SIGSEGV) && !sigismember(&now, SIGUSR2);
	mprotect(closed_page, 4096, PROT_READ | PROT_WRITE);
}

static void jump_back(int number)
{
	handled++;
	siglongjmp(back, number);
}

static void note(int number)
{
	(void)number;
	handled++;
	on_alternate += is_alternate();
}

static void touch_closed(void)
{
	mprotect(closed_page, 4096, PROT_NONE);
	*(volatile char *)closed_page = 1;
}

static void set(int number, void (*handler)(int), int flags)
{
	struct sigaction action = {.sa_handler = handler, .sa_flags = flags};

	sigemptyset(&action.sa_mask);
	sigaction(number, &action, NULL);
}

static void info_case(void)
{
	struct sigaction action = {.sa_sigaction = open_page, .sa_flags = SA_SIGINFO}, seen;

	sigemptyset(&action.sa_mask);
	sigaddset(&action.sa_mask, SIGUSR1);
	sigaction(SIGSEGV, &action, NULL);
	read_behind();
	touch_closed();
	touch_closed();
	read_behind();
	sigaction(SIGSEGV, NULL, &seen);
	printf("handled %d address %d masked %d same %d\n", handled, address_right, masked,
	       seen.sa_sigaction == open_page && (seen.sa_flags & SA_SIGINFO) != 0 && sigismember(&seen.sa_mask, SIGUSR1) &&
		       !sigismember(&seen.sa_mask, SIGUSR2));
}

static void jump_case(void)
{
	set(SIGSEGV, jump_back, 0);
	mprotect(closed_page, 4096, PROT_NONE);
	for (volatile int i = 0; i < 1000; i++) {
		if (sigsetjmp(back, 1) == 0)
			*(volatile char *)closed_page = 1;
		if (i % 100 == 0)
			read_behind();
	}
	printf("handled %d\n", handled);
}

static void altstack_case(void)
{
	stack_t stack = {.ss_sp = alternate, .ss_size = sizeof(alternate)};
	struct sigaction action = {.sa_sigaction = open_page, .sa_flags = SA_SIGINFO | SA_ONSTACK};

	sigaltstack(&stack, NULL);
	read_behind();
	sigemptyset(&action.sa_mask);
	sigaction(SIGSEGV, &action, NULL);
	touch_closed();
	read_behind();
	action.sa_flags = SA_SIGINFO;
	sigaction(SIGSEGV, &action, NULL);
	touch_closed();
	read_behind();
	printf("handled %d alternate %d\n", handled, on_alternate);
}

static void shown_case(void)
{
	struct sigaction seen;

	sigaction(SIGSEGV, NULL, &seen);
	printf("default %d\n", seen.sa_handler == SIG_DFL && (seen.sa_flags & SA_SIGINFO) == 0);
	printf("signal %d", signal(SIGSEGV, note) == SIG_DFL);
	printf(" again %d\n", signal(SIGSEGV, SIG_IGN) == note);
	sigaction(SIGSEGV, NULL, &seen);
	printf("ignored %d\n", seen.sa_handler == SIG_IGN);
	printf("sigset %d\n", sigset(SIGSEGV, note) == SIG_IGN);
	printf("sigignore %d\n", sigignore(SIGBUS));
	printf("bus %d\n", signal(SIGBUS, SIG_DFL) == SIG_IGN);
	printf("abort %d", signal(SIGABRT, SIG_IGN) == SIG_DFL);
	printf(" again %d\n", signal(SIGABRT, SIG_DFL) == SIG_IGN);
	printf("other %d", signal(SIGUSR1, note) == SIG_DFL);
	printf(" again %d\n", signal(SIGUSR1, SIG_DFL) == note);
	raise(SIGSEGV);
	printf("handled %d\n", handled);
}

static char *block;
static size_t block_bytes;

static void open_block(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)context;
	handled++;
	address_right += info->si_addr == block + 5;
	mprotect(block, block_bytes, PROT_READ | PROT_WRITE);
}

static void barrier_case(void)
{
	static const size_t sizes[] = {4096, 8192, 160 * 1024, 1024 * 1024};
	struct sigaction action = {.sa_sigaction = open_block, .sa_flags = SA_SIGINFO};

	sigemptyset(&action.sa_mask);
	sigaction(SIGSEGV, &action, NULL);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		block_bytes = sizes[i];
		if (posix_memalign((void **)&block, 4096, block_bytes) != 0)
			return;
		for (int round = 0; round < 3; round++) {
			mprotect(block, block_bytes, PROT_READ);
			*(volatile char *)(block + 5) = (char)round;
		}
		madvise(block, block_bytes, MADV_DONTNEED);
		printf("%zu: handled %d address %d zero %d\n", block_bytes, handled, address_right, *(volatile char *)(block + 5));
		free(block);
	}
}

static void vforked_case(void)
{
	pid_t child;
	int status = -1;

	signal(SIGABRT, note);
	signal(SIGSEGV, note);
	signal(SIGFPE, SIG_IGN);
	signal(SIGBUS, SIG_IGN);
	child = vfork();
	if (child == 0) {
		signal(SIGABRT, SIG_DFL);
		signal(SIGSEGV, SIG_DFL);
		signal(SIGBUS, SIG_DFL);
		signal(SIGFPE, note);
		execl("/nonexistent", "nonexistent", (char *)NULL);
		execl("/proc/self/exe", "guard_handlers", "disposition", "7", (char *)NULL);
		_exit(1);
	}
	waitpid(child, &status, 0);
	raise(SIGFPE);
	raise(SIGSEGV);
	raise(SIGABRT);
	raise(SIGBUS);
	printf("child %d handled %d\n", status, handled);
}

static void *blocked_thread(void *unused)
{
	sigset_t all, seen;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, NULL);
	read_behind();
	pthread_sigmask(SIG_BLOCK, NULL, &seen);
	printf("blocked %d\n", sigismember(&seen, SIGSEGV) && sigismember(&seen, SIGBUS) && sigismember(&seen, SIGTERM));
	return unused;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	pthread_t thread;

	closed_page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (strcmp(what, "disposition") == 0) {
		struct sigaction seen;

		sigaction(atoi(argv[2]), NULL, &seen);
		puts(seen.sa_handler == SIG_IGN ? "ignored" : "not ignored");
		return 0;
	}
	read_behind();
	if (strcmp(what, "info") == 0) {
		info_case();
	} else if (strcmp(what, "jump") == 0) {
		jump_case();
	} else if (strcmp(what, "altstack") == 0) {
		altstack_case();
	} else if (strcmp(what, "once") == 0) {
		set(SIGSEGV, note, (int)SA_RESETHAND);
		raise(SIGSEGV);
		read_behind();
		printf("handled %d\n", handled);
		fflush(stdout);
		touch_closed();
	} else if (strcmp(what, "shown") == 0) {
		shown_case();
	} else if (strcmp(what, "blocked") == 0) {
		pthread_create(&thread, NULL, blocked_thread, NULL);
		pthread_join(thread, NULL);
	} else if (strcmp(what, "ignored") == 0) {
		signal(SIGSEGV, SIG_IGN);
		kill(getpid(), SIGSEGV);
		read_behind();
		puts("alive");
		fflush(stdout);
		execl("/proc/self/exe", argv[0], "disposition", "11", (char *)NULL);
	} else if (strcmp(what, "barrier") == 0) {
		barrier_case();
	} else if (strcmp(what, "vforked") == 0) {
		vforked_case();
	} else if (strcmp(what, "null") == 0) {
		*(volatile char *)(uintptr_t)argc = 1;
	} else if (strcmp(what, "abort") == 0) {
		char *p = malloc(24);

		*(volatile char *)(p + 24) = 'x';
		abort();
	} else if (strcmp(what, "caught") == 0) {
		signal(SIGABRT, note);
		raise(SIGABRT);
		printf("handled %d\n", handled);
		fflush(stdout);
		abort();
	}
	puts("end");
	return 0;
}
