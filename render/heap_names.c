/* heap_names.c - see heap_names.h. */
#include "heap_names.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "escape.h"
#include "format/evidence.h"
#include "text_style.h"

static const char *name_of(const char *const *names, size_t count, uint8_t number)
{
	return number < count && names[number] ? names[number] : "unknown";
}
#define NAME(names, number) name_of(names, sizeof names / sizeof *names, number)

const char *ms_leak_kind_name(uint8_t kind)
{
	static const char *const names[] = {
		[MS_LEAK_DEFINITE] = "definite", [MS_LEAK_POSSIBLE] = "possible", [MS_LEAK_INDIRECT] = "indirect",
		[MS_LEAK_REACHABLE] = "reachable",
	};

	return NAME(names, kind);
}

const char *ms_root_kind_name(uint8_t kind)
{
	static const char *const names[] = {
		[MS_ROOT_DATA] = "global", [MS_ROOT_STACK] = "stack", [MS_ROOT_REGISTERS] = "registers", [MS_ROOT_TLS] = "tls",
		[MS_ROOT_MAPPING] = "mapping",
	};

	return NAME(names, kind);
}

const char *ms_held_what_name(uint8_t what)
{
	static const char *const names[] = {
		[MS_HELD_BY_HOLDER] = "holder", [MS_HELD_SHARED] = "shared", [MS_HELD_LOST] = "lost", [MS_HELD_BLOCKS] = "blocks",
	};

	return NAME(names, what);
}

static void print_thread(FILE *f, const struct ms_report *r, const struct ms_holder *h)
{
	const struct ms_report_thread *t = h->thread && h->thread <= r->thread_count ? &r->threads[h->thread - 1] : NULL;

	if (!t && !h->tid) {
		fputs("an unknown thread", f); /* an ended one, for instance, whose storage is kept for the next */
		return;
	}
	fprintf(f, "thread %" PRIu32, h->tid);
	if (t && (*t->name || t->is_main)) {
		putc(' ', f);
		ms_escape_text(f, *t->name ? t->name : "main");
	}
}

static void print_module(FILE *f, const char *path)
{
	const char *slash = strrchr(path, '/');

	ms_escape_text(f, slash && slash[1] ? slash + 1 : path);
}

/* A function or global as elsewhere: without parameters, escaped. */
static void print_name(FILE *f, const char *name)
{
	struct ms_report_line line = {.function = name, .file = "", .module = ""};
	char *text = ms_text_line(&line, true);

	fputs(text ? text : "", f);
	free(text);
}

char *ms_text_holder(const struct ms_report *r, const struct ms_holder *h)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return NULL;
	switch (h->kind) {
	case MS_ROOT_DATA:
		if (*h->name) {
			fputs("global ", f);
			print_name(f, h->name);
		} else {
			fputs("data without a name", f);
		}
		if (*h->module) {
			fputs(" in ", f);
			print_module(f, h->module);
		}
		break;
	case MS_ROOT_STACK:
		if (*h->name) {
			print_name(f, h->name);
			fputs("() in ", f);
		} else {
			fputs("stack of ", f);
		}
		print_thread(f, r, h);
		break;
	case MS_ROOT_REGISTERS:
		fputs("registers of ", f);
		print_thread(f, r, h);
		break;
	case MS_ROOT_TLS:
		fputs("thread-local storage of ", f);
		print_thread(f, r, h);
		break;
	case MS_ROOT_MAPPING:
		if (*h->name) {
			fputs("mapping of ", f);
			ms_escape_text(f, h->name);
		} else {
			fprintf(f, "mapping at 0x%" PRIx64, h->address);
		}
		break;
	default:
		fputs("root of an unknown kind", f);
		break;
	}
	if (fclose(f)) {
		free(text);
		return NULL;
	}
	return text;
}
