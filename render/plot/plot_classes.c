/* plot_classes.c - see plot_classes.h. */
#include "plot_classes.h"

#include <inttypes.h>
#include <math.h>

#include "plot_script.h"

static bool is_used(const struct ms_plot_class *c)
{
	return c->blocks || c->second_blocks;
}

bool ms_plot_classes_used(const struct ms_plot_class *classes)
{
	for (size_t i = 0; i < MS_PLOT_CLASSES; i++)
		if (is_used(&classes[i]))
			return true;
	return false;
}

static const char *const byte_units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};

/* Labels are formats to gnuplot: they are ours alone. */
static void put_tic(FILE *script, bool named, int number, const char *unit, double at)
{
	if (named)
		fprintf(script, "\tset xtics add ('%d %s' %.4f)\n", number, unit, at);
	else
		fprintf(script, "\tset xtics add ('' %.4f)\n", at);
}

/* Labels at edges of classes: position in powers of two, text of our own. */
static void put_size_tics(FILE *script, int from, int to, bool named)
{
	int step = to - from > 32 ? 4 : to - from > 16 ? 2 : 1;

	for (int i = from < 0 ? 1 : from; i <= to; i++) /* from -1: the label of 0 is there */
		if (i % step == 0)
			put_tic(script, named, 1 << i % 10, byte_units[i / 10], i);
}

static void put_duration_tics(FILE *script, int from, int to, bool named)
{
	static const struct {
		const char *name;
		double ns;
	} units[] = {{"ns", 1}, {"\xc2\xb5s", 1e3}, {"ms", 1e6}, {"s", 1e9}};

	for (size_t u = 0; u < sizeof units / sizeof *units; u++)
		for (int i = 1; i < 1000 || u == 3; i *= 10) {
			double at = log2(units[u].ns * i);

			if (at > to || i > 1000000)
				break;
			if (at >= from && (at > 0 || from == 0) && (to - from <= 36 || i != 10 || u == 3))
				put_tic(script, named, i, units[u].name, at);
		}
}

static void put_panel(FILE *script, const struct ms_plot_histogram *h, int column, bool last)
{
	/* Bars stand on the lower end of the axis: 0 is not on it. */
	fprintf(script,
	        "\tplot data using (middle($1)):(positive($%d)):(1) with boxes fillstyle solid border linecolor '#000000' fillcolor '%s'%s%s%s",
	        column, h->colour, last ? " title '" : "", last ? h->of_bars : "", last ? "'" : "");
	if (h->of_second)
		fprintf(script, ", \\\n\t\tdata using (middle($1)):(positive($%d)):(0.4) with boxes fillstyle solid border linecolor '#000000' fillcolor '%s'%s%s%s",
		        column + 2, h->second_colour, last ? " title '" : "", last ? h->of_second : "", last ? "'" : "");
	putc('\n', script);
}

void ms_plot_classes_write(FILE *data, FILE *script, const struct ms_plot_histogram *h, const struct ms_plot_class *classes)
{
	uint64_t most_blocks = 1, most_bytes = 1;
	int first = 0, last = MS_PLOT_CLASSES - 1;

	while (first < last && !is_used(&classes[first]))
		first++;
	while (last > first && !is_used(&classes[last]))
		last--;
	fprintf(data, "\n# %s\n# class min_%s max_%s %s\n", h->index, h->unit, h->unit, h->columns);
	for (int i = first; i <= last; i++) {
		const struct ms_plot_class *c = &classes[i];

		fprintf(data, "%d %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64, i, c->min, c->max, c->blocks, c->bytes);
		if (h->of_second)
			fprintf(data, " %" PRIu64 " %" PRIu64, c->second_blocks, c->second_bytes);
		putc('\n', data);
		most_blocks = c->blocks > most_blocks ? c->blocks : c->second_blocks > most_blocks ? c->second_blocks : most_blocks;
		most_bytes = c->bytes > most_bytes ? c->bytes : c->second_bytes > most_bytes ? c->second_bytes : most_bytes;
	}
	fprintf(script, "# the axis is in powers of two: class i reaches from i - 1 to i\nfirst = %d\nlast = %d\nmost_blocks = %" PRIu64 ".0\nmost_bytes = %" PRIu64 ".0\n",
	        first, last, most_blocks, most_bytes);
	ms_plot_open(script, h->plot, 960, 600);
	fputs("\tset multiplot\n"
	      "\tset lmargin at screen 0.095\n"
	      "\tset rmargin at screen 0.965\n"
	      "\tset bmargin at screen 0.55\n"
	      "\tset xrange [first - 1.2:last + 0.2]\n"
	      "\tset grid noxtics ytics\n"
	      "\tset xtics scale 0.6 ()\n", script);
	(h->durations ? put_duration_tics : put_size_tics)(script, first - 1, last, false);
	fputs("\tset logscale y\n"
	      "\tpositive(n) = n > 0 ? n : NaN\n"
	      "\tmiddle(class) = class - 0.5\n"
	      "\tset ytics 1,most_blocks > 3e6 ? 100 : 10\n"
	      "\tset format y '%.0s%c'\n"
	      "\tset yrange [0.7:most_blocks*2]\n"
	      "\tset ylabel 'blocks'\n", script);
	put_panel(script, h, 4, false);
	fprintf(script,
	        "\tunset label\n"
	        "\tset tmargin at screen 0.52\n"
	        "\tset bmargin at screen 0.19\n"
	        "\tset xtics ()\n"
	        "\tset xlabel '%s'\n"
	        "\tset ytics ()\n"
	        "\tset yrange [0.7:most_bytes*2]\n"
	        "\tset ylabel 'bytes'\n"
	        "\tset key horizontal at screen 0.095,0.03 left bottom samplen 2\n",
	        h->of_x);
	if (first == 0)
		fputs("\tset xtics add ('0' -0.5)\n", script);
	(h->durations ? put_duration_tics : put_size_tics)(script, first - 1, last, true);
	for (unsigned i = 0; i < 64 && 1ull << i < most_bytes * 2; i += most_bytes > 1u << 20 ? 10 : 5)
		fprintf(script, "\tset ytics add ('%d %s' %llu)\n", 1 << i % 10, byte_units[i / 10], 1ull << i);
	put_panel(script, h, 5, true);
	fputs("\tunset multiplot\n", script);
	ms_plot_close(script);
}
