// flags: -O0
/*
 * graph_roots - one block for each kind of place that can hold a pointer, alive at the end; prints `NAME ADDRESS` for each, and the
 * address is kept in plain only in its place. What exits is the main thread, with the others waiting.
 *
 *   global static_local   data of the program          stack tls        of another thread
 *   main_stack            in main's frame              register         in a register of a thread, nowhere else
 *   mapped                in an mmapped region         interior         a pointer 24 bytes into a block of 100
 *   large                 in a block of 1 MiB          chain            held by the block `global`
 *   cycle_a cycle_b       point to each other only     hidden           only as its complement
 *   lost                  nowhere                      end              one past its end is in a global
 *   ringed                its own address inside it    shared           in a shared mapping
 */
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define HIDE(p) ((void *)~(uintptr_t)(p))

void *global;
char *interior_of, *past_end;
static void *hidden[32];
static const char *names[32];
static int count;
static pthread_barrier_t ready;
static __thread void *in_tls;

static void *note(const char *name, void *p)
{
	names[count] = name;
	hidden[count++] = HIDE(p);
	return p;
}

/* Leaves no copy of what callees left on the stack. */
static __attribute__((noinline)) void wipe_stack(void)
{
	volatile char junk[16384];

	memset((char *)junk, 0, sizeof junk);
}

static __attribute__((noinline)) void wait_for_ever(void)
{
	pthread_barrier_wait(&ready);
	for (;;)
		pause();
}

static __attribute__((noinline)) void allocate_stack_and_tls(void **slot)
{
	*slot = note("stack", malloc(201));
	in_tls = note("tls", malloc(202));
}

static void *hold_on_stack(void *argument)
{
	void *on_stack[4] = {0};

	(void)argument;
	allocate_stack_and_tls(&on_stack[2]);
	wipe_stack();
	wait_for_ever();
	return on_stack[2];
}

/* The only copy is in r12 while the thread spins: no call is made that could save it. */
static void *hold_in_register(void *argument)
{
	uintptr_t only_hidden = (uintptr_t)argument;

	pthread_barrier_wait(&ready);
	__asm__ volatile("mov %0, %%r12\n\t"
			 "not %%r12\n\t"
			 "1: pause\n\t"
			 "jmp 1b"
			 :
			 : "r"(only_hidden)
			 : "r12");
	return NULL;
}

static __attribute__((noinline)) void *allocate_for_register(void)
{
	return HIDE(note("register", malloc(203)));
}

static __attribute__((noinline)) void allocate(void ***main_slot)
{
	static void *volatile static_local;
	void **region = mmap(NULL, 1 << 16, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	void **shared = mmap(NULL, 1 << 16, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	void **large = malloc(1 << 20), **a, **b, **ring;

	global = note("global", malloc(100));
	memset(global, 0, 100);
	((void **)global)[3] = note("chain", malloc(101));
	static_local = note("static_local", malloc(102));
	(void)static_local;
	note("main_stack", *main_slot = malloc(103));
	region[100] = note("mapped", malloc(104));
	shared[100] = note("shared", malloc(114));
	interior_of = (char *)note("interior", malloc(100)) + 24;
	memset(large, 0, 1 << 20);
	large[1000] = note("large", malloc(105));
	region[200] = large;
	a = note("cycle_a", malloc(106));
	b = note("cycle_b", malloc(107));
	memset(a, 0, 106);
	memset(b, 0, 107);
	a[1] = b;
	b[2] = a;
	note("hidden", malloc(108));
	note("lost", malloc(109));
	past_end = (char *)note("end", malloc(120)) + 120;
	ring = note("ringed", malloc(110));
	memset(ring, 0, 110);
	ring[0] = ring;
}

int main(void)
{
	void **on_main_stack[3] = {0};
	pthread_t threads[2];

	pthread_barrier_init(&ready, NULL, 3);
	setvbuf(stdout, NULL, _IOLBF, 4096);
	allocate(&on_main_stack[1]);
	pthread_create(&threads[0], NULL, hold_on_stack, NULL);
	pthread_create(&threads[1], NULL, hold_in_register, allocate_for_register());
	pthread_barrier_wait(&ready);
	usleep(20000); /* both are past the barrier */
	for (int i = 0; i < count; i++)
		printf("%s 0x%llx\n", names[i], (unsigned long long)(uintptr_t)HIDE(hidden[i]));
	wipe_stack();
	fflush(stdout);
	exit(on_main_stack[0] != NULL);
}
