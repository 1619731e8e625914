/* html_data_detail.c - what single views of the HTML page show besides: loaded modules, who holds what, words about leaks and detectors. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/evidence.h"
#include "heap_names.h"
#include "html_tables.h"
#include "report_names.h"
#include "verdict_words.h"

#define TEXT_OF(name, expression)                                                                                        \
	static const char *name(const struct ms_report *r, const void *row, char room[MS_COLUMN_TEXT_ROOM])                  \
	{                                                                                                                    \
		(void)r, (void)row, (void)room;                                                                                  \
		return expression;                                                                                               \
	}

static const char *hex(char room[MS_COLUMN_TEXT_ROOM], uint64_t value)
{
	snprintf(room, MS_COLUMN_TEXT_ROOM, "0x%" PRIx64, value);
	return room;
}

/* ---- process: the executable and libraries ---------------------------------------------------------------------------- */

#define MODULE ((const struct ms_module *)row)
TEXT_OF(module_build_id, ms_build_id_text(room, MODULE))
TEXT_OF(module_start, hex(room, MODULE->start))
TEXT_OF(module_end, hex(room, MODULE->end))
MS_HTML_ROWS(loaded_rows, r->loaded, r->loaded_count)
static const struct ms_html_column loaded_columns[] = {
	MS_COLUMN_AS_PATH(struct ms_module, "module", path), MS_COLUMN_OF_TEXT("build_id", module_build_id),
	MS_COLUMN_OF_TEXT("start", module_start), MS_COLUMN_OF_TEXT("end", module_end), MS_COLUMN(struct ms_module, "image", image),
};

/* The other run's threads: findings of it name them. */
MS_HTML_ROWS(companion_thread_rows, r->companion ? r->companion->threads : NULL, r->companion ? r->companion->thread_count : 0)
#define T(field) MS_COLUMN(struct ms_report_thread, #field, field)
static const struct ms_html_column companion_thread_columns[] = {
	T(id), T(tid), MS_COLUMN(struct ms_report_thread, "main", is_main), T(name),
};

/* ---- leaks: one row per kind, in the order of the text report ------------------------------------------------------------ */

struct kind_row {
	uint8_t kind;
};
static void *kind_rows(const struct ms_report *r, size_t *count, bool *owned)
{
	static const struct kind_row rows[] = {{MS_LEAK_DEFINITE}, {MS_LEAK_INDIRECT}, {MS_LEAK_POSSIBLE}, {MS_LEAK_REACHABLE}};

	(void)owned;
	*count = r->leaks.observable ? sizeof rows / sizeof *rows : 0;
	return (void *)rows;
}
#define KIND (((const struct kind_row *)row)->kind)
TEXT_OF(kind_name, ms_leak_kind_name(KIND))
static const char *kind_words(const struct ms_report *r, const void *row, char room[MS_COLUMN_TEXT_ROOM])
{
	FILE *out = fmemopen(room, MS_COLUMN_TEXT_ROOM, "w");

	room[0] = '\0';
	if (out) {
		ms_leak_words(out, &r->leaks, KIND, false);
		fclose(out);
	}
	return room;
}
static uint64_t kind_blocks(const struct ms_report *r, const void *row)
{
	return r->leaks.kind[KIND].blocks;
}
static uint64_t kind_bytes(const struct ms_report *r, const void *row)
{
	return r->leaks.kind[KIND].bytes;
}
static uint64_t kind_paths(const struct ms_report *r, const void *row)
{
	return r->leaks.paths[KIND];
}
static const struct ms_html_column kind_columns[] = {
	MS_COLUMN_OF_TEXT("kind", kind_name), MS_COLUMN_OF_TEXT("words", kind_words), MS_COLUMN_OF_NUMBER("blocks", kind_blocks),
	MS_COLUMN_OF_NUMBER("bytes", kind_bytes), MS_COLUMN_OF_NUMBER("call_paths", kind_paths),
};

/* ---- who holds what ------------------------------------------------------------------------------------------------------- */

#define GROUP ((const struct ms_held_group *)row)
TEXT_OF(group_what, ms_held_what_name(GROUP->what))
MS_HTML_ROWS(group_rows, r->holders.tree, r->holders.tree_count)
#define G(field) MS_COLUMN(struct ms_held_group, #field, field)
static const struct ms_html_column group_columns[] = {
	MS_COLUMN_OF_TEXT("what", group_what), G(parent), G(holding), G(retained_blocks), G(retained_bytes), G(children), G(blocks), G(bytes),
	G(heads), G(type), G(sites), MS_COLUMN(struct ms_held_group, "site", node), MS_COLUMN(struct ms_held_group, "example", head_block),
};
MS_HTML_ROWS(tree_row, &r->holders, 1)
static const struct ms_html_column tree_columns[] = {MS_COLUMN(struct ms_report_holders, "omitted", tree_omitted)};

/* ---- findings ------------------------------------------------------------------------------------------------------------- */

static const char *detector_words(const struct ms_report *r, const void *row, char room[MS_COLUMN_TEXT_ROOM])
{
	FILE *out = fmemopen(room, MS_COLUMN_TEXT_ROOM, "w");

	(void)r;
	room[0] = '\0';
	if (out) {
		ms_detector_words(out, row);
		fclose(out);
	}
	return room;
}
MS_HTML_ROWS(detector_rows, r->findings.detectors, r->findings.detector_count)
static const struct ms_html_column detector_columns[] = {
	MS_COLUMN(struct ms_detector_result, "name", name), MS_COLUMN_OF_TEXT("words", detector_words),
};

/* Kinds of findings, as their suppressions name them. */
struct finding_kind_row {
	const char *name, *valgrind;
};
static void *finding_kind_rows(const struct ms_report *r, size_t *count, bool *owned)
{
	struct finding_kind_row *rows = calloc(MS_FINDING_KIND_COUNT, sizeof *rows);

	(void)r;
	*owned = true;
	*count = MS_FINDING_KIND_COUNT;
	for (size_t i = 0; rows && i < MS_FINDING_KIND_COUNT; i++)
		rows[i] = (struct finding_kind_row){ms_finding_kinds[i].name, ms_finding_kinds[i].valgrind};
	return rows;
}
static const struct ms_html_column finding_kind_columns[] = {
	MS_COLUMN(struct finding_kind_row, "name", name), MS_COLUMN(struct finding_kind_row, "valgrind", valgrind),
};

static const struct ms_html_table tables[] = {
	MS_HTML_TABLE("loaded", struct ms_module, loaded_rows, loaded_columns),
	MS_HTML_TABLE("companion_threads", struct ms_report_thread, companion_thread_rows, companion_thread_columns),
	MS_HTML_TABLE("leak_kinds", struct kind_row, kind_rows, kind_columns),
	MS_HTML_TABLE("held_tree", struct ms_held_group, group_rows, group_columns),
	MS_HTML_TABLE("held_tree_summary", struct ms_report_holders, tree_row, tree_columns),
	MS_HTML_TABLE("detector_words", struct ms_detector_result, detector_rows, detector_columns),
	MS_HTML_TABLE("finding_kinds", struct finding_kind_row, finding_kind_rows, finding_kind_columns),
};
const struct ms_html_list ms_html_detail_tables = MS_HTML_LIST(tables);
