/* progress.c - see progress.h. */
#include "progress.h"

#include <stdio.h>
#include <unistd.h>

#include "render/escape.h"
#include "render/units.h"

static void show(void *arg, uint64_t done, uint64_t total)
{
	struct progress *p = arg;
	double s = progress_seconds(p);
	char share[MS_UNIT_TEXT], count[MS_UNIT_TEXT];

	if (s < p->next_s)
		return;
	p->next_s = s + 0.1;
	p->shown = true;
	putc('\r', stderr);
	if (p->file) {
		ms_escape_text(stderr, p->file);
		fputs(": ", stderr);
	}
	fprintf(stderr, "%s of %s events \033[K", ms_unit_share(share, done, total), ms_unit_count(count, total));
}

void progress_start(struct progress *p, struct ms_report_options *options, bool quiet)
{
	*p = (struct progress){.next_s = 0.5};
	clock_gettime(CLOCK_MONOTONIC, &p->start);
	if (quiet || !isatty(STDERR_FILENO))
		return;
	options->progress = show;
	options->progress_arg = p;
}

double progress_seconds(const struct progress *p)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - p->start.tv_sec) + (double)(now.tv_nsec - p->start.tv_nsec) / 1e9;
}

void progress_end(struct progress *p)
{
	if (p->shown)
		fputs("\r\033[K", stderr);
	p->shown = false;
}
