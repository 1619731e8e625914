/*
 * One access outside of its block, as the argument says; the program prints what it reads and ends with 0, as it does without a
 * guard but for what the bytes outside hold.
 *   behind N   reads, then writes, N bytes behind the end of a 13-byte block (0: the byte right behind it)
 *   before N   the same N bytes before a 16-byte block
 *   freed      reads a freed block, whose contents it expects to find, and writes into it
 *   write N    writes one byte N bytes from the start of a 16-byte block, no read before
 *   wfreed     writes into a freed block, no read before
 *   thread     `behind 0` in a second thread
 *   child      `behind 0` in a forked child, which prints and exits
 *   many       40 blocks, each read behind its end, in the same place of the program
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile char sink;

__attribute__((noinline)) static char *allocate_block(size_t bytes)
{
	return malloc(bytes);
}

__attribute__((noinline)) static void read_byte(const char *p)
{
	sink = *(const volatile char *)p;
}

__attribute__((noinline)) static void write_byte(char *p)
{
	*(volatile char *)p = 'w';
}

static void behind(long n)
{
	char *p = allocate_block(13);

	memset(p, 'a', 13);
	read_byte(p + 13 + n);
	write_byte(p + 13 + n);
	printf("%c%c\n", p[12], *(volatile char *)(p + 13 + n));
	free(p);
}

static void before(long n)
{
	char *p = allocate_block(16);

	memset(p, 'a', 16);
	read_byte(p - n);
	free(p);
}

static void freed(void)
{
	char *p = allocate_block(32);

	strcpy(p, "contents of a freed block");
	free(p);
	read_byte(p);
	write_byte(p + 20);
	printf("%.25s\n", p);
}

static void write_at(long n, int is_freed)
{
	char *p = allocate_block(16);

	if (is_freed)
		free(p);
	write_byte(p + n);
	if (!is_freed)
		free(p);
}

static void *in_thread(void *unused)
{
	behind(0);
	return unused;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	long n = argc > 2 ? atol(argv[2]) : 0;
	pthread_t thread;
	int status = 0;

	if (strcmp(what, "behind") == 0) {
		behind(n);
	} else if (strcmp(what, "before") == 0) {
		before(n);
	} else if (strcmp(what, "freed") == 0) {
		freed();
	} else if (strcmp(what, "write") == 0 || strcmp(what, "wfreed") == 0) {
		write_at(n, what[1] == 'f');
	} else if (strcmp(what, "thread") == 0) {
		pthread_create(&thread, NULL, in_thread, NULL);
		pthread_join(thread, NULL);
	} else if (strcmp(what, "child") == 0) {
		pid_t child = fork();

		if (child == 0) {
			behind(0);
			fflush(stdout);
			_exit(7);
		}
		waitpid(child, &status, 0);
		printf("child %d\n", WEXITSTATUS(status));
	} else if (strcmp(what, "many") == 0) {
		for (int i = 0; i < 40; i++) {
			char *p = allocate_block(24 + (size_t)i % 3);

			read_byte(p + 24 + i % 3);
			free(p);
		}
	}
	puts("end");
	return 0;
}
