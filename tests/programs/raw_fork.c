/*
 * raw_fork HOW BLOCKS - allocates 200 blocks, forks, and the child allocates BLOCKS more; its end is told to nobody. HOW: "libc", or "raw" past every function
 * that could be hooked.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void *volatile kept[100000];

int main(int argc, char **argv)
{
	int blocks = argc > 2 ? atoi(argv[2]) : 0, status;
	long child;

	for (int i = 0; i < 200; i++)
		kept[i] = malloc(32);
	child = argc > 1 && strcmp(argv[1], "raw") == 0 ? syscall(SYS_fork) : fork();
	if (child != 0)
		return waitpid((pid_t)child, &status, 0) != child || status != 0;
	for (int i = 0; i < blocks; i++)
		kept[i] = malloc(48);
	syscall(SYS_exit_group, 0);
}
