/*
 * vtab.c - the one implementation of SQLite's module interface, over a const description of each table.
 *
 * Conditions that a table can use travel as text in idxStr, "<op><column>," each in the order of its value: '=' '>' 'g' (>=)
 * '<' 'l' (<=). SQLite checks all of them again (omit stays 0), so what a bound cannot say exactly (a real number, a number
 * as text) is left to it.
 * Source of the interface: https://www.sqlite.org/vtab.html
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "query_internal.h"

struct table {
	sqlite3_vtab base;
	struct ms_query *query;
	const struct ms_qtable *table;
};
struct module {
	struct ms_query *query;
	const struct ms_qtable *table;
};

/* The error of a table becomes that of the statement: with its code and offset in query->failure. */
static int report_error(sqlite3_vtab *v, struct ms_query *q, const struct ms_error *e)
{
	sqlite3_free(v->zErrMsg);
	v->zErrMsg = sqlite3_mprintf("%s", e->message);
	q->failure = *e;
	return e->code == MS_E_NOMEM ? SQLITE_NOMEM : SQLITE_ERROR;
}

static int vtab_connect(sqlite3 *db, void *aux, int argc, const char *const *argv, sqlite3_vtab **out, char **message)
{
	const struct module *m = aux;
	const struct ms_qtable *t = m->table;
	sqlite3_str *sql = sqlite3_str_new(db);
	struct table *v;
	char *text;
	int rc;

	(void)argc;
	(void)argv;
	sqlite3_str_appendall(sql, "CREATE TABLE x(");
	for (unsigned i = 0; i < t->count; i++)
		sqlite3_str_appendf(sql, "%s\"%w\" %s%s", i ? "," : "", t->columns[i].name, t->columns[i].type,
		                    i >= t->count - t->arguments ? " HIDDEN" : "");
	sqlite3_str_appendall(sql, ")");
	text = sqlite3_str_finish(sql);
	m->query->declaring = true;
	rc = text ? sqlite3_declare_vtab(db, text) : SQLITE_NOMEM;
	m->query->declaring = false;
	sqlite3_free(text);
	if (rc) {
		*message = sqlite3_mprintf("table %s: %s", t->name, sqlite3_errmsg(db));
		return rc;
	}
	v = sqlite3_malloc(sizeof *v);
	if (!v)
		return SQLITE_NOMEM;
	*v = (struct table){.query = m->query, .table = t};
	*out = &v->base;
	return SQLITE_OK;
}

static int vtab_disconnect(sqlite3_vtab *v)
{
	sqlite3_free(v);
	return SQLITE_OK;
}

/* ---- planning ----------------------------------------------------------------------------------------------------- */

static char op_letter(unsigned char op)
{
	switch (op) {
	case SQLITE_INDEX_CONSTRAINT_EQ:
		return '=';
	case SQLITE_INDEX_CONSTRAINT_GT:
		return '>';
	case SQLITE_INDEX_CONSTRAINT_GE:
		return 'g';
	case SQLITE_INDEX_CONSTRAINT_LT:
		return '<';
	case SQLITE_INDEX_CONSTRAINT_LE:
		return 'l';
	default:
		return 0;
	}
}

static int vtab_best_index(sqlite3_vtab *base, sqlite3_index_info *info)
{
	struct table *v = (struct table *)base;
	const struct ms_qtable *t = v->table;
	uint32_t all = t->arguments ? ((1u << t->arguments) - 1) << (t->count - t->arguments) : 0, given = 0, hopeless = 0;
	double rows = t->estimate(v->query), looked_at = rows;
	bool seeks = t->arguments > 0, unique = false;
	sqlite3_str *plan = sqlite3_str_new(NULL);
	int next = 0;

	for (int i = 0; i < info->nConstraint; i++) {
		const struct sqlite3_index_constraint *c = &info->aConstraint[i];
		char op = op_letter(c->op);
		unsigned column = (unsigned)c->iColumn;
		bool argument = c->iColumn >= 0 && (all >> column & 1);

		if (c->iColumn < 0 || !op)
			continue;
		if (argument && op == '=' && !c->usable)
			hopeless |= 1u << column;
		if (!c->usable)
			continue;
		if (argument) {
			if (op != '=' || (given >> column & 1))
				continue;
			given |= 1u << column;
		} else if (t->columns[column].push == MS_PUSH_NONE ||
		           (t->columns[column].push == MS_PUSH_TEXT && (op != '=' || strcmp(sqlite3_vtab_collation(info, i), "BINARY") != 0))) {
			continue; /* tables compare byte by byte */
		} else {
			double share = op == '=' ? 0.02 : 0.3;

			rows *= share;
			if (t->columns[column].push == MS_PUSH_SEEK) {
				looked_at *= share;
				seeks = true;
			}
			unique |= t->columns[column].push == MS_PUSH_KEY && op == '=';
			if (t->columns[column].push == MS_PUSH_KEY) {
				looked_at *= share;
				seeks = true;
			}
		}
		sqlite3_str_appendf(plan, "%c%u,", op, column);
		info->aConstraintUsage[i].argvIndex = ++next;
	}
	if (given != all) {
		sqlite3_free(sqlite3_str_finish(plan));
		if ((given | hopeless) == all)
			return SQLITE_CONSTRAINT; /* with another order of the tables it has its arguments */
		sqlite3_free(base->zErrMsg);
		base->zErrMsg = sqlite3_mprintf("%s needs %u argument%s: see .schema", t->name, t->arguments, t->arguments > 1 ? "s" : "");
		return SQLITE_ERROR;
	}
	if (unique)
		rows = looked_at = 1;
	info->estimatedRows = rows < 1 ? 1 : (sqlite3_int64)rows;
	info->estimatedCost = looked_at * t->row_cost + (seeks ? t->seek_cost : 0) + 1;
	if (unique)
		info->idxFlags |= SQLITE_INDEX_SCAN_UNIQUE;
	info->idxNum = (int)(info->colUsed & 0x7fffffff);
	info->idxStr = sqlite3_str_finish(plan);
	info->needToFreeIdxStr = 1;
	info->orderByConsumed = info->nOrderBy == 1 && !info->aOrderBy[0].desc && info->aOrderBy[0].iColumn >= 0 &&
	                        t->columns[info->aOrderBy[0].iColumn].ascending;
	return SQLITE_OK;
}

/* ---- cursors ------------------------------------------------------------------------------------------------------ */

static int vtab_open(sqlite3_vtab *base, sqlite3_vtab_cursor **out)
{
	struct table *v = (struct table *)base;
	struct ms_qcursor *c = sqlite3_malloc(sizeof *c);

	if (!c)
		return SQLITE_NOMEM;
	*c = (struct ms_qcursor){.query = v->query, .table = v->table, .eof = true};
	*out = &c->base;
	return SQLITE_OK;
}

static void reset(struct ms_qcursor *c)
{
	if (c->table->close)
		c->table->close(c);
	c->state = NULL;
	for (unsigned i = 0; i < MS_QUERY_COLUMNS; i++) {
		free(c->bounds[i].text);
		c->bounds[i] = (struct ms_qbound){0, UINT64_MAX, NULL};
	}
	c->impossible = false;
	c->eof = false;
	c->row = c->row_end = 0;
}

static int vtab_close(sqlite3_vtab_cursor *base)
{
	reset((struct ms_qcursor *)base);
	sqlite3_free(base);
	return SQLITE_OK;
}

static void bound_int(struct ms_qcursor *c, struct ms_qbound *b, char op, int64_t value)
{
	uint64_t low = 0, high = UINT64_MAX;

	if (value < 0) {
		c->impossible |= op == '=' || op == '<' || op == 'l';
		return;
	}
	if (op == '=' || op == 'g')
		low = (uint64_t)value;
	if (op == '>')
		low = (uint64_t)value + 1;
	if (op == '=' || op == 'l')
		high = (uint64_t)value;
	if (op == '<') {
		if (value == 0)
			c->impossible = true;
		else
			high = (uint64_t)value - 1;
	}
	if (low > b->low)
		b->low = low;
	if (high < b->high)
		b->high = high;
	c->impossible |= b->low > b->high;
}

/* A real number, a little wider than it says: SQLite is exact. */
static void bound_real(struct ms_qcursor *c, struct ms_qbound *b, char op, double value)
{
	if (isnan(value) || fabs(value) > 9e15)
		return;
	if (op == '=' || op == 'g' || op == '>')
		bound_int(c, b, 'g', (int64_t)floor(value));
	if (op == '=' || op == 'l' || op == '<')
		bound_int(c, b, 'l', (int64_t)ceil(value));
}

static int take_bound(struct ms_qcursor *c, char op, unsigned column, sqlite3_value *value)
{
	struct ms_qbound *b = &c->bounds[column];
	bool argument = column >= c->table->count - c->table->arguments;

	if (argument || c->table->columns[column].push == MS_PUSH_TEXT) {
		const unsigned char *text = sqlite3_value_text(value);

		free(b->text);
		b->text = text ? strdup((const char *)text) : NULL;
		if (text && !b->text)
			return SQLITE_NOMEM;
		c->impossible |= !text;
		return SQLITE_OK;
	}
	switch (sqlite3_value_type(value)) {
	case SQLITE_INTEGER:
		bound_int(c, b, op, sqlite3_value_int64(value));
		break;
	case SQLITE_FLOAT:
		bound_real(c, b, op, sqlite3_value_double(value));
		break;
	case SQLITE_NULL:
		c->impossible = true;
		break;
	default:
		break;
	}
	return SQLITE_OK;
}

static uint64_t key_of(const struct ms_qcursor *c, uint64_t row)
{
	return c->table->key ? c->table->key(c, row) : row + 1;
}

/* The first row whose key is at least `key`. */
static uint64_t find_key(const struct ms_qcursor *c, uint64_t count, uint64_t key)
{
	uint64_t low = 0, high = count;

	while (low < high) {
		uint64_t middle = low + (high - low) / 2;

		if (key_of(c, middle) < key)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int start_list(struct ms_qcursor *c, struct ms_error *err)
{
	uint64_t count = 0;
	int rc = c->table->load ? c->table->load(c, err) : MS_OK;

	if (rc == MS_OK)
		rc = c->table->rows(c, &count, err);
	if (rc)
		return rc;
	c->row = 0;
	c->row_end = count;
	if (c->table->columns[0].push == MS_PUSH_KEY) {
		c->row = find_key(c, count, c->bounds[0].low);
		if (c->bounds[0].high < UINT64_MAX)
			c->row_end = find_key(c, count, c->bounds[0].high + 1);
	}
	c->eof = c->row >= c->row_end;
	return MS_OK;
}

static int vtab_filter(sqlite3_vtab_cursor *base, int used, const char *plan, int argc, sqlite3_value **argv)
{
	struct ms_qcursor *c = (struct ms_qcursor *)base;
	struct ms_error err = {.code = MS_OK};
	int rc;

	reset(c);
	c->used = (uint32_t)used;
	for (int i = 0; i < argc && plan && *plan; i++) {
		char op = *plan++, *end;
		unsigned column = (unsigned)strtoul(plan, &end, 10);

		plan = *end == ',' ? end + 1 : end;
		rc = take_bound(c, op, column, argv[i]);
		if (rc)
			return rc;
	}
	if (c->impossible) {
		c->eof = true;
		return SQLITE_OK;
	}
	rc = c->table->open ? c->table->open(c, &err) : start_list(c, &err);
	if (rc == MS_OK && c->table->open)
		rc = c->table->next(c, &err);
	return rc ? report_error(base->pVtab, c->query, &err) : SQLITE_OK;
}

static int vtab_next(sqlite3_vtab_cursor *base)
{
	struct ms_qcursor *c = (struct ms_qcursor *)base;
	struct ms_error err = {.code = MS_OK};

	if (!c->table->next) {
		c->eof = ++c->row >= c->row_end;
		return SQLITE_OK;
	}
	return c->table->next(c, &err) ? report_error(base->pVtab, c->query, &err) : SQLITE_OK;
}

static int vtab_eof(sqlite3_vtab_cursor *base)
{
	return ((struct ms_qcursor *)base)->eof;
}

static int vtab_column(sqlite3_vtab_cursor *base, sqlite3_context *out, int column)
{
	struct ms_qcursor *c = (struct ms_qcursor *)base;
	struct ms_error err = {.code = MS_OK};

	if (column >= (int)(c->table->count - c->table->arguments)) {
		sqlite3_result_text(out, c->bounds[column].text, -1, SQLITE_TRANSIENT);
		return SQLITE_OK;
	}
	return c->table->value(c, (unsigned)column, out, &err) ? report_error(base->pVtab, c->query, &err) : SQLITE_OK;
}

static int vtab_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *out)
{
	*out = (sqlite3_int64)((struct ms_qcursor *)base)->row;
	return SQLITE_OK;
}

/* Without xCreate: the tables are there without being created, and nothing can be. */
static const sqlite3_module module_table = {
	.iVersion = 2, .xConnect = vtab_connect, .xBestIndex = vtab_best_index, .xDisconnect = vtab_disconnect, .xOpen = vtab_open,
	.xClose = vtab_close, .xFilter = vtab_filter, .xNext = vtab_next, .xEof = vtab_eof, .xColumn = vtab_column, .xRowid = vtab_rowid,
};

int ms_vtab_register(struct ms_query *q, struct ms_error *err)
{
	for (size_t i = 0; i < ms_qtable_count; i++) {
		struct module *m = malloc(sizeof *m);

		if (!m)
			return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for the query");
		*m = (struct module){q, ms_qtables[i]};
		if (sqlite3_create_module_v2(q->db, ms_qtables[i]->name, &module_table, m, free)) /* frees m when it fails, too */
			return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for the query");
	}
	return MS_OK;
}
