/* html.c - the HTML page of one report: which tables it gets. See html.h. */
#include "html.h"

#include <stdlib.h>

#include "html_file.h"
#include "html_tables.h"

int ms_render_html(FILE *out, const struct ms_report *report, const struct ms_html_options *options, struct ms_error *err)
{
	static const struct ms_html_list *const lists[] = {&ms_html_trace_tables, &ms_html_site_tables, &ms_html_time_tables, &ms_html_series_tables,
	                                                   &ms_html_heap_tables, &ms_html_detail_tables, &ms_html_annotation_tables};
	struct ms_columns *c = ms_columns_new(options->no_paths);
	char *title = NULL;
	size_t size;
	FILE *f = open_memstream(&title, &size);
	int rc;

	if (f) {
		ms_html_command_words(f, report, options->no_paths);
		fclose(f);
	}
	if (!c || !title) {
		rc = ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for the data of the HTML report");
		goto done;
	}
	for (size_t l = 0; l < sizeof lists / sizeof *lists; l++)
		for (size_t i = 0; i < lists[l]->count; i++)
			ms_columns_add(c, report, &lists[l]->tables[i]);
	rc = ms_html_write(out, title, c, err);
done:
	ms_columns_free(c);
	free(title);
	return rc;
}
