/* query_blocks.c - see query_blocks.h. */
#include "query_blocks.h"

#include "query_internal.h"

#define ALIVE_NS "CASE WHEN b.alive THEN ?14 - b.alloc_ns ELSE b.lifetime_ns END"

/* Conditions by the number of their parameter, which stands for a field of the filter. */
static const struct {
	unsigned parameter;
	const char *sql;
	const char *at_moment;           /* when it differs there */
} conditions[] = {
	{2, "b.size >= ?2", NULL}, {3, "b.size <= ?3", NULL}, {4, "b.address >= ?4", NULL}, {5, "b.address < ?5", NULL}, {6, "b.alloc_ns >= ?6", NULL},
	{7, "b.alloc_ns < ?7", NULL}, {8, "b.thread = ?8", NULL}, {9, "b.site = ?9", NULL}, {10, "b.family = ?10", NULL}, {11, "p.path GLOB ?11", NULL},
	{12, ALIVE_NS " >= ?12", "b.age_ns >= ?12"}, {13, ALIVE_NS " <= ?13", "b.age_ns <= ?13"},
};
enum { MOMENT = 1, END_NS = 14, TOP = 15 };

struct parameter {
	uint64_t number;
	const char *text;
};

static struct parameter parameter_of(const struct ms_block_filter *f, uint64_t end_ns, unsigned parameter)
{
	const struct parameter all[] = {
		[MOMENT] = {0, f->moment}, [2] = {f->min_bytes, NULL}, [3] = {f->max_bytes, NULL}, [4] = {f->low_address, NULL},
		[5] = {f->high_address, NULL}, [6] = {f->from_ns, NULL}, [7] = {f->to_ns, NULL}, [8] = {f->thread, NULL},
		[9] = {f->site, NULL}, [10] = {0, f->family}, [11] = {0, f->path}, [12] = {f->min_alive_ns, NULL}, [13] = {f->max_alive_ns, NULL}, [END_NS] = {end_ns, NULL},
	};

	return all[parameter];
}

static int run(struct ms_query *q, const struct ms_block_filter *f, const char *columns, const char *end, uint64_t top,
               struct ms_error *err)
{
	static const struct ms_block_filter everything;
	const struct ms_end *ended = ms_trace_end(q->trace);
	uint64_t last_ns = ms_trace_last_time_ns(q->trace), end_ns = ended && ended->time_ns > last_ns ? ended->time_ns : last_ns;
	sqlite3_str *sql = sqlite3_str_new(NULL);
	const char *word = "WHERE";
	char *text;
	int rc;

	if (!f)
		f = &everything;
	sqlite3_str_appendf(sql, "SELECT %s FROM %s b LEFT JOIN paths p ON p.node = b.site ", columns, f->moment ? "snapshot(?1)" : "blocks");
	for (size_t i = 0; i < sizeof conditions / sizeof *conditions; i++) {
		struct parameter p = parameter_of(f, end_ns, conditions[i].parameter);

		if (!p.number && !p.text)
			continue;
		sqlite3_str_appendf(sql, "%s %s ", word, f->moment && conditions[i].at_moment ? conditions[i].at_moment : conditions[i].sql);
		word = "AND";
	}
	sqlite3_str_appendf(sql, "%s LIMIT ?15", end);
	text = sqlite3_str_finish(sql);
	if (!text)
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for the query");
	rc = ms_query_prepare(q, text, err);
	sqlite3_free(text);
	for (unsigned i = MOMENT; rc == MS_OK && i < TOP; i++) {
		struct parameter p = parameter_of(f, end_ns, i);

		if (p.text)
			rc = ms_query_bind_text(q, i, p.text, err);
		else if (p.number)
			rc = ms_query_bind_int(q, i, p.number > INT64_MAX ? INT64_MAX : (int64_t)p.number, err);
	}
	return rc ? rc : ms_query_bind_int(q, TOP, top && top < INT64_MAX ? (int64_t)top : -1, err);
}

int ms_query_largest(struct ms_query *q, const struct ms_block_filter *filter, uint64_t top, struct ms_error *err)
{
	return run(q, filter, "b.id, b.address, b.size, b.family, b.thread, b.alloc_ns, b.site", "ORDER BY b.size DESC, b.id", top, err);
}

int ms_query_grouped(struct ms_query *q, const struct ms_block_filter *filter, enum ms_query_by by, uint64_t top,
                     struct ms_error *err)
{
	static const char *const keys[] = {
		[MS_BY_SITE] = "b.site AS key, count(*) AS blocks, sum(b.size) AS bytes",
		[MS_BY_FUNCTION] = "p.function AS key, count(*) AS blocks, sum(b.size) AS bytes",
		[MS_BY_THREAD] = "b.thread AS key, count(*) AS blocks, sum(b.size) AS bytes",
		[MS_BY_FAMILY] = "b.family AS key, count(*) AS blocks, sum(b.size) AS bytes",
		[MS_BY_SIZE] = "b.size AS key, count(*) AS blocks, sum(b.size) AS bytes",
	};

	if ((unsigned)by >= sizeof keys / sizeof *keys)
		return ms_fail(err, MS_E_ARGUMENT, MS_NO_OFFSET, "there is no grouping %u", (unsigned)by);
	return run(q, filter, keys[by], "GROUP BY key ORDER BY bytes DESC, key", top, err);
}
