/* records.c - see records.h. */
#include "records.h"

#include <stdlib.h>
#include <string.h>

static char *copy_name(const char *line, size_t length)
{
	char *name = malloc(length + 1);

	if (name) {
		memcpy(name, line, length);
		name[length] = '\0';
	}
	return name;
}

int records_add(struct records *records, const char *line)
{
	char *name = copy_name(line, strcspn(line, "="));
	struct record *grown;

	if (!name)
		return -1;
	if (!strchr(line, '=')) {
		free(name);
		return -1;
	}
	grown = realloc(records->list, (records->count + 1) * sizeof *grown);
	if (!grown) {
		free(name);
		return -1;
	}
	records->list = grown;
	grown[records->count].name = name;
	grown[records->count++].value = strtol(strchr(line, '=') + 1, NULL, 10);
	return 0;
}

const struct record *records_find(const struct records *records, const char *name)
{
	for (size_t i = 0; i < records->count; i++)
		if (strcmp(records->list[i].name, name) == 0)
			return &records->list[i];
	return NULL;
}

void records_clear(struct records *records)
{
	for (size_t i = 0; i < records->count; i++)
		free(records->list[i].name);
	free(records->list);
	records->list = NULL;
	records->count = 0;
}
