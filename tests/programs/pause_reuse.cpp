/*
 * pause_reuse - two threads without a fault, whose blocks are born in pauses of the recording: a block that nobody saw begin is freed rightly by the main
 * thread, and at once the other thread gets its address with another operator, and gives it back rightly. Says how often it was the same address. At the
 * end a block born in a pause, by a global, holds one that was recorded.
 */
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <malloc.h>
#include <thread>
#include "../../record/include/memscope.h"

#define ROUNDS 200
#define BYTES 5000 // beyond what threads keep for themselves: it comes from the one arena

struct holder {
	void *held;
};
static holder *global;
static std::atomic<int> turn;
static void *of_main, *of_other;

// Longer than stamps of two processors differ, shorter than a reader of stamps waits for what it misses.
static void moment()
{
	const auto until = std::chrono::steady_clock::now() + std::chrono::microseconds(2);
	while (std::chrono::steady_clock::now() < until)
		;
}

int main()
{
	int same = 0;

	mallopt(M_ARENA_MAX, 1);
	std::thread other([] {
		for (int i = 1; i <= ROUNDS; i++) {
			while (turn != 2 * i - 1)
				std::this_thread::yield();
			moment();
			of_other = ::operator new(BYTES);
			moment();
			turn = 2 * i;
		}
	});
	for (int i = 1; i <= ROUNDS; i++) {
		memscope_pause();
		of_main = malloc(BYTES);
		memscope_resume();
		const void *was = of_main;
		free(of_main);
		turn = 2 * i - 1;
		while (turn != 2 * i)
			std::this_thread::yield();
		same += of_other == was;
		::operator delete(of_other);
	}
	other.join();
	memscope_pause();
	global = static_cast<holder *>(malloc(sizeof *global));
	memscope_resume();
	global->held = malloc(100);
	std::printf("%d\n", same);
}
