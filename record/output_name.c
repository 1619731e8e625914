/* output_name.c - the names in trace_output.h. Without stdio: a recorder inside a program has none. */
#include "trace_output.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool output_pattern_valid(const char *pattern, char *reason, size_t reason_bytes)
{
	if (!*pattern) {
		snprintf(reason, reason_bytes, "the file name is empty");
		return false;
	}
	if (strcmp(pattern, "-") == 0) {
		snprintf(reason, reason_bytes, "standard output is the program's: name a file, or ./- for one of this name");
		return false;
	}
	for (const char *p = pattern; *p; p++) {
		if (*p != '%')
			continue;
		p++;
		if (!*p || !strchr("peht%", *p)) {
			snprintf(reason, reason_bytes, "'%%%.1s' is not one of %%p %%e %%h %%t %%%%", p);
			return false;
		}
	}
	return true;
}

bool output_pattern_has_pid(const char *pattern)
{
	for (const char *p = strchr(pattern, '%'); p && p[1]; p = strchr(p + 2, '%'))
		if (p[1] == 'p')
			return true;
	return false;
}

/* Appends to the name as far as there is room; the length counts all of it. */
static size_t put(char *name, size_t room, size_t length, const char *text)
{
	size_t bytes = strlen(text);

	if (length + bytes < room)
		memcpy(name + length, text, bytes);
	return length + bytes;
}

static size_t put_pattern(char *name, size_t room, const char *pattern, const struct output_names *names, bool append_pid)
{
	const char *slash = strrchr(names->program, '/');
	char pid[24], time[24], one[2] = "";
	size_t length = 0;

	snprintf(pid, sizeof pid, "%ld", (long)names->pid);
	snprintf(time, sizeof time, "%lld", (long long)names->time);
	for (const char *p = pattern; *p; p++) {
		const char *text = one;

		one[0] = *p;
		if (*p == '%') {
			switch (*++p) {
			case 'p':
				text = pid;
				break;
			case 'e':
				text = slash ? slash + 1 : names->program;
				break;
			case 'h':
				text = names->host;
				break;
			case 't':
				text = time;
				break;
			default:
				break; /* the percent sign */
			}
		}
		length = put(name, room, length, text);
	}
	if (append_pid) {
		length = put(name, room, length, ".");
		length = put(name, room, length, pid);
	}
	return length;
}

char *output_expand(const char *pattern, const struct output_names *names, bool append_pid)
{
	size_t length = put_pattern(NULL, 0, pattern, names, append_pid);
	char *name = malloc(length + 1);

	if (!name)
		return NULL;
	put_pattern(name, length + 1, pattern, names, append_pid);
	name[length] = '\0';
	return name;
}

char *output_of_image(const char *path, uint32_t image)
{
	const char *slash = strrchr(path, '/'), *dot = strrchr(slash ? slash : path, '.');
	size_t length = strlen(path), stem = dot && dot != path && dot[-1] != '/' ? (size_t)(dot - path) : length;
	char number[16], *name;

	snprintf(number, sizeof number, ".%u", image);
	if (image == 0)
		number[0] = '\0';
	name = malloc(length + strlen(number) + 1);
	if (!name)
		return NULL;
	memcpy(name, path, stem);
	memcpy(name + stem, number, strlen(number));
	memcpy(name + stem + strlen(number), path + stem, length - stem + 1);
	return name;
}
