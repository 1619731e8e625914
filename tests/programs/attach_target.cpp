// flags: -ldl
// A program to attach to: four threads that allocate and free in their own function each, forty blocks alive from before in thread "old",
// operators new and delete, one thread that waits in a system call, and a library that is loaded when a byte comes on standard input.
// Nothing may be lost: each thread writes into its blocks and looks whether they still hold it; the first wrong byte ends with status 9.
// Commands on standard input, answered with a line each: d = dlopen libattach_late.so and allocate 100 blocks in it, 64 bytes each;
// f = fork a child that allocates 1000 blocks and ends; x = execute /bin/sleep; l = the main thread leaves, the others go
// on until a second command; q = stop all threads, end with status 3.
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <poll.h>
#include <pthread.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

static std::atomic<bool> over;

[[gnu::noinline]] static char *grow_c(size_t n)
{
	char *p = static_cast<char *>(malloc(n));
	memset(p, static_cast<int>(n & 0x7f), n);
	return p;
}

[[gnu::noinline]] static char *grow_new(size_t n)
{
	char *p = new char[n];
	memset(p, static_cast<int>(n & 0x7f), n);
	return p;
}

static void check(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] != static_cast<char>(n & 0x7f))
			_exit(9);
}

static void churn(bool cxx)
{
	struct { char *p; size_t n; } kept[50] = {};

	pthread_setname_np(pthread_self(), cxx ? "churn-new" : "churn-c");
	for (size_t i = 0; !over; i++) {
		auto &k = kept[i % 50];
		if (k.p) {
			check(k.p, k.n);
			if (cxx)
				delete[] k.p;
			else
				free(k.p);
		}
		k.n = 16 + i % 300;
		k.p = cxx ? grow_new(k.n) : grow_c(k.n);
		if (i % 64 == 0)
			usleep(500);
	}
	for (auto &k : kept)
		cxx ? delete[] k.p : free(k.p);
}

static void old_blocks()
{
	std::vector<char *> blocks;

	pthread_setname_np(pthread_self(), "old");
	for (int i = 0; i < 40; i++)
		blocks.push_back(grow_c(1000));
	while (!over)
		usleep(1000);
	for (char *p : blocks)
		free(p);
}

static void waits()
{
	int ends[2];
	if (pipe(ends) != 0)
		_exit(9);
	struct pollfd p = {ends[0], POLLIN, 0};
	pthread_setname_np(pthread_self(), "waits");
	while (!over) // EINTR would be the tracer's
		if (poll(&p, 1, 300) < 0)
			_exit(8);
}

static void load_late(const char *folder)
{
	char path[4096];
	snprintf(path, sizeof path, "%.4000s/libattach_late.so", folder);
	void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!library)
		_exit(7);
	auto function = reinterpret_cast<void (*)(int)>(dlsym(library, "late_blocks"));
	function(100);
}

static void fork_child()
{
	pid_t child = fork();
	int status;
	if (child == 0) {
		for (size_t i = 0; i < 1000; i++)
			free(grow_c(i + 1));
		_exit(0);
	}
	if (waitpid(child, &status, 0) != child || status != 0)
		_exit(6);
}

// The main thread is gone then: the kernel shows no memory of the process under its number, but under those of the threads.
[[noreturn]] static void leave(std::vector<std::thread> &threads)
{
	for (auto &t : threads)
		t.detach();
	std::thread([] {
		char command;
		if (write(1, "done\n", 5) != 5 || read(0, &command, 1) != 1)
			_exit(5);
		_exit(4);
	}).detach();
	pthread_exit(nullptr);
}

int main(int, char **argv)
{
	std::vector<std::thread> threads;
	char folder[4096], command;

	snprintf(folder, sizeof folder, "%s", argv[0]);
	if (char *slash = strrchr(folder, '/'))
		*slash = '\0';
	threads.emplace_back(churn, false);
	threads.emplace_back(churn, true);
	threads.emplace_back(churn, false);
	threads.emplace_back(churn, true);
	threads.emplace_back(old_blocks);
	threads.emplace_back(waits);
	while (read(0, &command, 1) == 1 && command != 'q') {
		if (command == 'd')
			load_late(folder);
		else if (command == 'f')
			fork_child();
		else if (command == 'x')
			execl("/bin/sleep", "sleep", "0.5", static_cast<char *>(nullptr));
		else if (command == 'l')
			leave(threads);
		if (command != '\n' && write(1, "done\n", 5) != 5)
			_exit(5);
	}
	over = true;
	for (auto &t : threads)
		t.join();
	return 3;
}
