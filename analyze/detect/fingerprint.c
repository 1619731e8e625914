/* fingerprint.c - see fingerprint.h. */
#include "fingerprint.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static uint64_t hash(uint64_t h, const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		h = (h ^ (unsigned char)bytes[i]) * 0x100000001b3ull;
	return (h ^ 0xff) * 0x100000001b3ull; /* the end of a word */
}

/* "::h" and 16 hexadecimal digits at the end. */
static bool has_rust_hash(const char *name, size_t n)
{
	if (n < 20 || strncmp(name + n - 19, "::h", 3) != 0)
		return false;
	return strspn(name + n - 16, "0123456789abcdef") >= 16;
}

size_t ms_normal_name_length(const char *name)
{
	static const char *const copies[] = {" [clone", ".constprop.", ".isra.", ".part.", ".cold", ".lto_priv.", ".llvm.", "@"};
	size_t n = strlen(name);

	for (size_t i = 0; i < sizeof copies / sizeof *copies; i++) {
		const char *at = strstr(name, copies[i]);

		if (at && at > name && (size_t)(at - name) < n)
			n = (size_t)(at - name);
	}
	return has_rust_hash(name, n) ? n - 19 : n;
}

static uint64_t hash_path(uint64_t h, const struct ms_report *r, uint32_t node)
{
	const char *last = "";
	size_t last_length = 0;
	unsigned functions = 0;

	for (uint32_t n = node; n; n = r->nodes[n].parent) {
		for (uint32_t i = 0; i < r->nodes[n].line_count; i++) {
			const struct ms_report_line *l = &r->lines[r->nodes[n].first_line + i];
			const char *slash = strrchr(l->module, '/');
			const char *name = *l->function ? l->function : slash ? slash + 1 : l->module;
			size_t length = *l->function ? ms_normal_name_length(name) : strlen(name);

			if (length == last_length && memcmp(name, last, length) == 0)
				continue;
			h = hash(h, name, length);
			last = name;
			last_length = length;
			if (++functions == MS_FINGERPRINT_FUNCTIONS || (length == 4 && memcmp(name, "main", 4) == 0))
				return h;
		}
	}
	return h;
}

#define BASIS 0xcbf29ce484222325ull

uint64_t ms_path_hash(const struct ms_report *report, uint32_t node)
{
	return hash_path(BASIS, report, node);
}

void ms_fingerprint(struct ms_finding *f, const struct ms_report *report)
{
	uint64_t h = BASIS;

	if (f->evidence != MS_EVIDENCE_DAMAGE) {
		const char access = (char)('0' + f->access);

		h = hash(h, &access, 1); /* a read and a write in one function are two errors */
		h = hash(h, f->function, strlen(f->function));
		h = hash_path(h, report, f->error_node);
	}
	h = hash(h, "", 0);
	h = hash_path(h, report, f->allocation_node);
	snprintf(f->fingerprint, sizeof f->fingerprint, "%s-%016" PRIx64, ms_finding_kinds[f->kind].name, h);
}
