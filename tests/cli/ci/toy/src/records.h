/* records.h - records of "name=value" lines. */
#ifndef RECORDS_H
#define RECORDS_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct record {
	char *name;
	long value;
};

struct records {
	struct record *list;
	size_t count;
};

/* One line, without its end. 0, or -1: no '=' in it, or no memory; nothing is added then. */
int records_add(struct records *records, const char *line);
/* The record of this name, NULL = none. */
const struct record *records_find(const struct records *records, const char *name);
void records_clear(struct records *records);

#ifdef __cplusplus
}
#endif
#endif
