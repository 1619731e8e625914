/*
 * A program that forbids itself all system calls but those that an allocator and its output need, as the worker of a server
 * does, and works on its heap then. Any other call kills it.
 */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ALLOW(number) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define BLOCKS 2000

static char *blocks[BLOCKS];

static void work(int rounds)
{
	for (int round = 0; round < rounds; round++) {
		for (int i = 0; i < BLOCKS; i++) {
			size_t bytes = (size_t)i * 7 % 9000 + (size_t)(i % 400 == 0 ? 200000 : 0);

			blocks[i] = malloc(bytes);
			memset(blocks[i], round, bytes);
		}
		for (int i = 0; i < BLOCKS; i++)
			free(blocks[i]);
	}
}

int main(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		ALLOW(SYS_read), ALLOW(SYS_write), ALLOW(SYS_exit), ALLOW(SYS_exit_group), ALLOW(SYS_brk), ALLOW(SYS_mmap),
		ALLOW(SYS_munmap), ALLOW(SYS_mremap), ALLOW(SYS_mprotect), ALLOW(SYS_madvise), ALLOW(SYS_futex), ALLOW(SYS_prctl),
		ALLOW(SYS_rt_sigreturn), ALLOW(SYS_rt_sigprocmask), ALLOW(SYS_clock_gettime), ALLOW(SYS_getpid), ALLOW(SYS_gettid),
		ALLOW(SYS_sched_yield), ALLOW(SYS_getrandom),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
	};
	struct sock_fprog program = {sizeof(filter) / sizeof(filter[0]), filter};

	work(1);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
		_exit(77);
	work(10);
	_exit(write(1, "end\n", 4) == 4 ? 0 : 1);
}
