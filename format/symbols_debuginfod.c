/*
 * symbols_debuginfod.c - see symbols_elf.h. The client library is loaded only when the user asks for debuginfod, so that
 * neither it nor the network is touched otherwise. It reads $DEBUGINFOD_URLS itself and keeps its own cache.
 */
#include <dlfcn.h>
#include <elfutils/debuginfod.h>
#include <limits.h>
#include <stdlib.h>

#include "format/symbols_elf.h"

struct symbols_debuginfod {
	void *library;
	debuginfod_client *client;
	__typeof__(&debuginfod_find_debuginfo) find;
	__typeof__(&debuginfod_end) end;
};

struct symbols_debuginfod *symbols_debuginfod_open(void)
{
	struct symbols_debuginfod *d = calloc(1, sizeof *d);
	__typeof__(&debuginfod_begin) begin;

	if (!d)
		return NULL;
	/* it stays loaded: the TLS library below it registers exit handlers and keeps its state in globals */
	d->library = dlopen(DEBUGINFOD_SONAME, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	if (!d->library)
		goto fail_open;
	begin = (__typeof__(begin))dlsym(d->library, "debuginfod_begin");
	d->find = (__typeof__(d->find))dlsym(d->library, "debuginfod_find_debuginfo");
	d->end = (__typeof__(d->end))dlsym(d->library, "debuginfod_end");
	if (!begin || !d->find || !d->end || !(d->client = begin()))
		goto fail_client;
	return d;

fail_client:
	dlclose(d->library);
fail_open:
	free(d);
	return NULL;
}

int symbols_debuginfod_find(struct symbols_debuginfod *d, const uint8_t *build_id, size_t build_id_bytes)
{
	int fd;

	/* a length of 0 would mean a hexadecimal string */
	if (!build_id_bytes || build_id_bytes > INT_MAX)
		return -1;
	fd = d->find(d->client, build_id, (int)build_id_bytes, NULL);
	return fd < 0 ? -1 : fd;
}

void symbols_debuginfod_close(struct symbols_debuginfod *d)
{
	if (!d)
		return;
	d->end(d->client);
	dlclose(d->library);
	free(d);
}
