/*
 * steps FOLDER BEFORE AFTER [mute] - a program that waits in the middle for the test to do something to its recorder.
 *
 * Allocates and frees BEFORE blocks in `before_alloc` (the last 25 are kept), creates FOLDER/ready with its process id, waits until FOLDER/go
 * exists, allocates and frees AFTER blocks in `after_alloc`, writes FOLDER/result and exits with 17.
 * SIGINT, SIGTERM and SIGHUP while it waits: exits with 7, 8 or 9 by way of exit(), after 4 more allocations in `signal_alloc`.
 * `mute`: does not handle signals, so that they kill it.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

#include "known.h"

static volatile sig_atomic_t got;

SITE void *before_alloc(size_t n) { void *p = malloc(n); keep(p); return p; }
SITE void *after_alloc(size_t n) { void *p = malloc(n); keep(p); return p; }
SITE void *signal_alloc(void) { void *p = malloc(44); keep(p); return p; }

static void on_signal(int sig)
{
	got = sig;
}

static void put(const char *folder, const char *name, const char *text)
{
	char path[4096], temporary[4096 + 8];
	snprintf(path, sizeof path, "%s/%s", folder, name);
	snprintf(temporary, sizeof temporary, "%s.tmp", path);
	int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	say(fd, "%s", text);
	close(fd);
	if (rename(temporary, path))
		give_up("rename");
}

int main(int argc, char **argv)
{
	if (argc < 4)
		give_up("usage: steps FOLDER BEFORE AFTER [mute]");
	int before = atoi(argv[2]), after = atoi(argv[3]);
	char go[4096], text[200];
	snprintf(go, sizeof go, "%s/go", argv[1]);
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction a = { .sa_handler = on_signal };
	for (size_t i = 0; i < 3 && argc == 4; i++)
		sigaction(signals[i], &a, NULL);
	for (int i = 0; i < before; i++) {
		void *p = before_alloc(16 + (size_t)(i % 300));
		if (i < before - 25)
			free(p);
	}
	snprintf(text, sizeof text, "%d\n", (int)getpid());
	put(argv[1], "ready", text);
	struct stat st;
	while (stat(go, &st) && !got)
		usleep(2000);
	if (got) {
		for (int i = 0; i < 4; i++)
			signal_alloc();
		say(1, "signal %d\n", (int)got);
		exit(got == SIGINT ? 7 : got == SIGTERM ? 8 : 9);
	}
	unsigned long sum = 0;
	for (int i = 0; i < after; i++) {
		unsigned char *p = after_alloc(16 + (size_t)(i % 300));
		memset(p, i & 255, 16);
		sum += p[15];
		free(p);
	}
	snprintf(text, sizeof text, "sum %lu\n", sum);
	put(argv[1], "result", text);
	say(1, "exe %d %d\n", before + after, before - 25 + after);
	return 17;
}
