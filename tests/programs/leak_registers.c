/*
 * Pointers that are nowhere but in a register: a thread that sleeps in the kernel holds a block of 1000 bytes in r12 and the middle of a block of
 * 500 bytes in r13; another block of 300 bytes hangs on the first. The thread's own bookkeeping block is possibly lost.
 */
#include "leak_common.h"

#include <pthread.h>
#include <semaphore.h>

static sem_t ready;

static APART void **make(size_t size)
{
	return calloc(1, size);
}

static void *sleeper(void *arg)
{
	void **p = make(1000);
	char *q;

	*p = make(300);
	q = (char *)make(500) + 100;
	wipe_stack();
	sem_post(&ready);
	/* pause() for ever, with every other register cleared, and the 128 bytes below the stack pointer, which functions may use. */
	__asm__ volatile("mov %0, %%r12\n\t"
	                 "mov %1, %%r13\n\t"
	                 "lea -128(%%rsp), %%rdi\n\t"
	                 "mov $16, %%ecx\n\t"
	                 "xor %%eax, %%eax\n\t"
	                 "rep stosq\n\t"
	                 "xor %%ebx, %%ebx\n\t"
	                 "xor %%r14d, %%r14d\n\t"
	                 "xor %%r15d, %%r15d\n\t"
	                 "xor %%ebp, %%ebp\n\t"
	                 "xor %%edi, %%edi\n\t"
	                 "xor %%esi, %%esi\n\t"
	                 "xor %%edx, %%edx\n\t"
	                 "xor %%r8d, %%r8d\n\t"
	                 "xor %%r9d, %%r9d\n\t"
	                 "xor %%r10d, %%r10d\n\t"
	                 "1: mov $34, %%eax\n\t"
	                 "syscall\n\t"
	                 "jmp 1b"
	                 :
	                 : "r"(p), "r"(q)
	                 : "r12", "r13", "memory");
	return arg;
}

int main(void)
{
	pthread_t thread;

	sem_init(&ready, 0, 0);
	pthread_create(&thread, NULL, sleeper, NULL);
	sem_wait(&ready);
	usleep(100000); /* it sleeps by now */
	wipe_stack();
	exit(0);
}
