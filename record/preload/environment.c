/*
 * environment.c - edits lists of environment variables without libc's getenv and setenv.
 */
#include "environment.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <stdint.h>
#include <string.h>

#include "raw.h"
#include "record/arena_layout.h"

#define PRELOAD "LD_PRELOAD"

/* Set by the dynamic linker before any of our code runs: argc, argv, NULL, envp, NULL, auxv. */
extern void *__libc_stack_end;

/* The value when entry is "name=value", else NULL. */
static char *value_of(char *entry, const char *name)
{
	size_t length = strlen(name);

	return strncmp(entry, name, length) == 0 && entry[length] == '=' ? entry + length + 1 : NULL;
}

const char *ms_env_initial(const char *name)
{
	long argc = *(long *)__libc_stack_end;
	char **environment = (char **)__libc_stack_end + 1 + argc + 1;

	for (char **at = environment; *at != NULL; at++) {
		const char *value = value_of(*at, name);

		if (value != NULL)
			return value;
	}
	return NULL;
}

static char absolute_library[4096];

void ms_env_keep_library(void)
{
	const char *name = ms_env_library();
	char link[32] = "/proc/self/fd/", digits[12], *digit = digits + sizeof(digits) - 1;
	long fd, length;

	if (*name == '/' || *name == '\0')
		return;
	fd = ms_raw(SYS_openat, AT_FDCWD, (long)name, O_PATH | O_CLOEXEC, 0, 0, 0);
	if (ms_raw_failed(fd))
		return;
	*digit = '\0';
	for (long n = fd; digit == digits + sizeof(digits) - 1 || n > 0; n /= 10)
		*--digit = (char)('0' + n % 10);
	memcpy(link + strlen(link), digit, strlen(digit) + 1);
	length = ms_raw(SYS_readlinkat, AT_FDCWD, (long)link, (long)absolute_library, sizeof(absolute_library) - 1, 0, 0);
	if (ms_raw_failed(length))
		absolute_library[0] = '\0';
	ms_raw(SYS_close, fd, 0, 0, 0, 0, 0);
}

const char *ms_env_library(void)
{
	struct dl_find_object here;
	const char *name;

	if (_dl_find_object((void *)(uintptr_t)ms_env_library, &here) != 0 || here.dlfo_link_map == NULL)
		return "";
	name = here.dlfo_link_map->l_name;
	return name != NULL ? name : "";
}

/* Entries of LD_PRELOAD are separated by colons and spaces. */
static size_t entry_length(const char *list)
{
	return strcspn(list, ": ");
}

static bool is_ours(const char *entry, size_t length)
{
	const char *library = ms_env_library(), *slash = strrchr(library, '/');

	if (length > 0 && length == strlen(library) && memcmp(entry, library, length) == 0)
		return true;
	/* By its name alone: found in the linker's folders. */
	return slash != NULL && length > 0 && memchr(entry, '/', length) == NULL && length == strlen(slash + 1) &&
	       memcmp(entry, slash + 1, length) == 0;
}

static bool names_us(const char *list)
{
	while (*list != '\0') {
		size_t length = entry_length(list);

		if (is_ours(list, length))
			return true;
		list += length + (list[length] != '\0');
	}
	return false;
}

/* Copies the list without our entry; to may be list. Returns the length. */
static size_t copy_without_us(char *to, const char *list)
{
	size_t used = 0;

	while (*list != '\0') {
		size_t length = entry_length(list);
		size_t step = length + (list[length] != '\0');

		if (!is_ours(list, length)) {
			memmove(to + used, list, step);
			used += step;
		}
		list += step;
	}
	if (used > 0 && (to[used - 1] == ':' || to[used - 1] == ' '))
		used--;
	to[used] = '\0';
	return used;
}

void ms_env_hide(char **environment)
{
	char **out = environment;

	if (environment == NULL)
		return;
	for (char **at = environment; *at != NULL; at++) {
		char *list = value_of(*at, PRELOAD);

		if (value_of(*at, MS_ENV_ARENA) != NULL || value_of(*at, MS_ENV_OUT) != NULL || value_of(*at, MS_ENV_BACKEND) != NULL)
			continue;
		if (list != NULL && names_us(list) && copy_without_us(list, list) == 0)
			continue;
		*out++ = *at;
	}
	/* Whoever looks for the auxiliary vector behind the list sees its end at once rather than stale entries. */
	while (*out != NULL)
		*out++ = NULL;
}

void ms_env_plan(struct ms_env_plan *plan, char *const *from, const char *arena)
{
	size_t entries = 0;
	size_t text = 0;
	bool have_us = false;
	bool have_arena = false;

	for (char *const *at = from; at != NULL && *at != NULL; at++, entries++) {
		const char *list = value_of(*at, PRELOAD);

		if (list != NULL) {
			text += strlen(*at) + 1;
			have_us |= names_us(list);
		}
		if (value_of(*at, MS_ENV_ARENA) != NULL)
			have_arena = true;
	}
	plan->from = from;
	plan->arena = arena;
	plan->as_is = arena == NULL && !have_us && !have_arena;
	plan->bytes = (entries + 3) * sizeof(char *) + text + sizeof(PRELOAD) + strlen(ms_env_library()) + strlen(absolute_library) + 2;
}

char **ms_env_build(const struct ms_env_plan *plan, void *memory)
{
	char **list = memory;
	const char *library = absolute_library[0] != '\0' ? absolute_library : ms_env_library();
	char *const *at;
	size_t n = 0;
	size_t used;
	char *text;

	for (at = plan->from; at != NULL && *at != NULL; at++)
		n++;
	text = (char *)(list + n + 3);
	n = 0;
	if (plan->arena != NULL)
		list[n++] = (char *)(uintptr_t)plan->arena;
	/* One LD_PRELOAD: ours first, then what the program has there. Of several entries ld.so takes the last. */
	memcpy(text, PRELOAD "=", sizeof(PRELOAD));
	used = sizeof(PRELOAD);
	if (plan->arena != NULL) {
		memcpy(text + used, library, strlen(library));
		used += strlen(library);
	}
	for (at = plan->from; at != NULL && *at != NULL; at++) {
		const char *theirs = value_of(*at, PRELOAD);

		if (theirs != NULL) {
			if (*theirs != '\0' && text[used - 1] != '=')
				text[used++] = ':';
			used += copy_without_us(text + used, theirs);
			if (text[used - 1] == ':')
				used--;
		} else if (value_of(*at, MS_ENV_ARENA) == NULL) {
			list[n++] = *at;
		}
	}
	text[used] = '\0';
	if (text[used - 1] != '=')
		list[n++] = text;
	list[n] = NULL;
	return list;
}
