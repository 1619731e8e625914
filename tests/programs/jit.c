/*
 * jit - a program that generates code and tells perf about it in /tmp/perf-PID.map, as JIT compilers do.
 *
 * Breaks stacks that end at code outside of all files, and reports that cannot name it.
 *
 * Two functions are generated, with a frame pointer and no unwind information; each calls the allocator that it is given:
 * `jitted_one` makes 7 blocks of 120 bytes, `jitted_two` 5 of 130; all live to the end, below `run`. The map first says that
 * `replaced` is where jitted_two is, and between its lines stands what is no entry. With an argument the map is a link, which
 * nobody is to follow.
 */
#include <stdint.h>
#include <sys/mman.h>

#include "known.h"

SITE void *allocate_one(void) { void *p = malloc(120); keep(p); return p; }
SITE void *allocate_two(void) { void *p = malloc(130); keep(p); return p; }

/* push rbp; mov rbp, rsp; mov rax, imm64; call rax; pop rbp; ret */
static unsigned char *generate(unsigned char *at, void *(*function)(void))
{
	static const unsigned char head[] = {0x55, 0x48, 0x89, 0xe5, 0x48, 0xb8}, tail[] = {0xff, 0xd0, 0x5d, 0xc3};

	memcpy(at, head, sizeof head);
	memcpy(at + sizeof head, &function, sizeof function);
	memcpy(at + sizeof head + sizeof function, tail, sizeof tail);
	return at + sizeof head + sizeof function + sizeof tail;
}

SITE void run(void (*function)(void), int times)
{
	for (int i = 0; i < times; i++)
		function();
	keep(&function);
}

int main(int argc, char **argv)
{
	unsigned char *code = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *end;
	char path[64], target[80];
	FILE *map;

	if (code == MAP_FAILED)
		give_up("mmap");
	end = generate(code, allocate_one);
	end = generate(code + 64, allocate_two);
	if (mprotect(code, 4096, PROT_READ | PROT_EXEC) != 0)
		give_up("mprotect");
	snprintf(path, sizeof path, "/tmp/perf-%d.map", (int)getpid());
	snprintf(target, sizeof target, "%s.target", path);
	map = fopen(argc > 1 ? target : path, "w");
	if (!map)
		give_up("%s", path);
	fprintf(map, "%lx 40 replaced\n", (unsigned long)(code + 64));
	fprintf(map, "no entry\n\n%lx zz jitted_wrong\nffffffffffffffff 2 jitted_over\n", (unsigned long)code);
	fprintf(map, "%lx 40 jitted_one /some/file.js:3\n", (unsigned long)code);
	fprintf(map, "0x%lx %lx jitted_two\n", (unsigned long)(code + 64), (unsigned long)(end - code - 64));
	fclose(map);
	if (argc > 1 && symlink(target, path) != 0)
		give_up("symlink");
	run((void (*)(void))(uintptr_t)code, 7);
	run((void (*)(void))(uintptr_t)(code + 64), 5);
	say(1, "pid %d\n", (int)getpid());
	return 0;
}
