/*
 * A program that waits in one system call of the main thread, named by its argument, while it is attached to and left. Other tools make such
 * a call fail with EINTR. It fails (status 9, and says where) when the call comes back with anything but what it waits for; it ends with
 * status 0 when SIGUSR1, which is blocked outside of the calls for signals, has been seen by a thread for it. 'x' to its standard
 * input is what read, poll, select and epoll_wait wait for.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/msg.h>
#include <sys/select.h>
#include <time.h>
#include <unistd.h>

static sem_t sem;
static int queue;

static void fail(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	_exit(9);
}

/* Lets the main thread go when a byte comes; and allocates, so that there is something to record. */
static void *helper(void *unused)
{
	char c;

	while (read(0, &c, 1) == 1 && c != 'x')
		free(malloc(100));
	sem_post(&sem);
	if (queue >= 0)
		msgsnd(queue, &(struct { long type; char c; }){1, 'x'}, 1, 0);
	return unused;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "read";
	struct epoll_event event = {.events = EPOLLIN};
	struct pollfd p = {.fd = 0, .events = POLLIN};
	struct timespec t = {3, 0};
	pthread_t thread;
	sigset_t set;
	fd_set fds;
	char c;
	int epoll = epoll_create1(0);

	queue = -1;
	sem_init(&sem, 0, 0);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	free(malloc(10));
	if (strcmp(what, "sem") == 0 || strcmp(what, "msgrcv") == 0) {
		if (strcmp(what, "msgrcv") == 0 && (queue = msgget(IPC_PRIVATE, 0600)) < 0)
			fail("msgget");
		pthread_create(&thread, NULL, helper, NULL);
	}
	puts("ready");
	fflush(stdout);
	errno = 0;
	if (strcmp(what, "read") == 0) {
		if (read(0, &c, 1) != 1)
			fail(what);
	} else if (strcmp(what, "poll") == 0) {
		if (poll(&p, 1, 60000) != 1)
			fail(what);
	} else if (strcmp(what, "select") == 0) {
		FD_ZERO(&fds);
		FD_SET(0, &fds);
		if (select(1, &fds, NULL, NULL, &(struct timeval){60, 0}) != 1)
			fail(what);
	} else if (strcmp(what, "epoll_wait") == 0) {
		epoll_ctl(epoll, EPOLL_CTL_ADD, 0, &event);
		if (epoll_wait(epoll, &event, 1, 60000) != 1)
			fail(what);
	} else if (strcmp(what, "epoll_pwait") == 0) {
		epoll_ctl(epoll, EPOLL_CTL_ADD, 0, &event);
		sigemptyset(&set);
		if (epoll_pwait(epoll, &event, 1, -1, &set) != 1)
			fail(what);
	} else if (strcmp(what, "nanosleep") == 0) {
		if (nanosleep(&t, NULL) != 0)
			fail(what);
	} else if (strcmp(what, "sem") == 0) {
		if (sem_wait(&sem) != 0)
			fail(what);
		pthread_join(thread, NULL);
	} else if (strcmp(what, "msgrcv") == 0) {
		struct { long type; char c; } m;

		if (msgrcv(queue, &m, 1, 0, 0) != 1)
			fail(what);
		msgctl(queue, IPC_RMID, NULL);
		pthread_join(thread, NULL);
	} else if (strcmp(what, "sigtimedwait") == 0) {
		if (sigtimedwait(&set, NULL, &(struct timespec){60, 0}) != SIGUSR1)
			fail(what);
	} else if (strcmp(what, "spin") == 0) {
		/* Values that only vector registers and flags hold while it is stopped. */
		volatile double sum = 0;
		double x = 1.5;

		fcntl(0, F_SETFL, O_NONBLOCK);
		while (read(0, &c, 1) != 1)
			for (int i = 0; i < 1000; i++) {
				x = x * 1.0000001 / 1.0000001;
				sum = sum + x;
				if (x < 1.49 || x > 1.51)
					fail("spin");
			}
	} else {
		errno = EINVAL;
		fail(what);
	}
	return 0;
}
