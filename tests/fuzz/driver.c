/*
 * Runs a fuzz target over a corpus: every file as it is, then N random changes of each (fixed seed: the same on every run).
 * Usage: fuzz_X FOLDER [N]. Links with any LLVMFuzzerTestOneInput; with clang -fsanitize=fuzzer the driver is left out.
 * An input that kills the target is in the file crash.bin of the current folder (written before each run when N < 0: then
 * -N changes, slowly).
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define DEFAULT_CHANGES 3000
extern const long fuzz_changes __attribute__((weak)); /* a target whose inputs take long says how many changes are enough */
#define MAX_BYTES (1u << 20)

static uint64_t state = 1;

static uint64_t next(void)
{
	uint64_t z = state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* The target gets memory of exactly its size. */
static void run(const uint8_t *bytes, size_t size, int keep)
{
	uint8_t *copy = malloc(size > 0 ? size : 1);

	if (copy == NULL)
		abort();
	memcpy(copy, bytes, size);
	if (keep) {
		FILE *f = fopen("crash.bin", "wb");

		if (f == NULL || fwrite(copy, 1, size, f) != size || fclose(f) != 0)
			abort();
	}
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

static size_t change(uint8_t *bytes, size_t size)
{
	static const uint64_t odd[] = {0, 1, 0x7f, 0x80, 0xff, 0xffff, 0x7fffffff, 0xffffffff, UINT64_MAX};

	for (uint64_t n = 1 + next() % 4; n > 0 && size > 0; n--) {
		uint64_t r = next();
		size_t at = r % size, length = 1 + (size_t)(r >> 40) % (size - at < 16 ? size - at : 16);

		switch (r >> 32 & 7) {
		case 0:
			bytes[at] ^= (uint8_t)(1u << (r >> 50 & 7));
			break;
		case 1:
			bytes[at] = (uint8_t)(r >> 50);
			break;
		case 2:
			memcpy(bytes + at, &odd[r >> 50 & 7], length < 8 ? length : 8);
			break;
		case 3:
			memmove(bytes + at, bytes + at + length, size - at - length);
			size -= length;
			break;
		case 4:
			memmove(bytes + at, bytes + next() % (size - length + 1), length);
			break;
		case 5:
			bytes[at]++;
			break;
		case 6:
			bytes[at]--;
			break;
		default:
			if (r >> 60 == 0)
				size = at;
			break;
		}
	}
	return size;
}

int main(int argc, char **argv)
{
	static uint8_t original[MAX_BYTES], bytes[MAX_BYTES];
	long changes = argc > 2 ? strtol(argv[2], NULL, 10) : &fuzz_changes != NULL ? fuzz_changes : DEFAULT_CHANGES;
	struct dirent **names;
	int count, files = 0;

	if (argc < 2 || (count = scandir(argv[1], &names, NULL, alphasort)) < 0) {
		fprintf(stderr, "usage: %s FOLDER [CHANGES]\n", argv[0]);
		return 2;
	}
	for (int i = 0; i < count; i++) {
		char path[4096];
		FILE *f;
		size_t size;

		snprintf(path, sizeof(path), "%s/%s", argv[1], names[i]->d_name);
		free(names[i]);
		f = path[strlen(path) - 1] != '.' ? fopen(path, "rb") : NULL;
		if (f == NULL)
			continue;
		size = fread(original, 1, sizeof(original), f);
		fclose(f);
		files++;
		run(original, size, 0);
		for (long n = labs(changes); n > 0; n--) {
			memcpy(bytes, original, size);
			run(bytes, change(bytes, size), changes < 0);
		}
	}
	free(names);
	printf("%d files, %ld changes of each\n", files, labs(changes));
	return files > 0 ? 0 : 1;
}
