/*
 * fork_in_handler ROUNDS - allocates and frees without a pause while a timer's handler forks: each child returns from the handler into what was interrupted
 * (malloc and free of the C library among it only by chance, which POSIX forbids and glibc bears), allocates and ends. Status 1 when a child
 * did not end well; says how many did.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t child, forks;

static void on_alarm(int number)
{
	(void)number;
	if (child)
		return;
	if (fork() == 0)
		child = 1;
	else
		forks++;
}

static void allocate(int times)
{
	for (int i = 0; i < times; i++) {
		void *volatile p = malloc(32);

		free(p);
	}
}

int main(int argc, char **argv)
{
	struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
	int rounds = argc > 1 ? atoi(argv[1]) : 100, good = 0;

	sigaction(SIGALRM, &action, NULL);
	for (int i = 0; i < rounds; i++) {
		int status;

		ualarm((useconds_t)(300 + i * 7919 % 700), 0);
		while (forks == i && !child)
			allocate(200);
		if (child) {
			allocate(50);
			_exit(0);
		}
		while (waitpid(-1, &status, 0) < 0)
			;
		good += WIFEXITED(status) && WEXITSTATUS(status) == 0;
	}
	printf("%d\n", good);
	return good != rounds;
}
