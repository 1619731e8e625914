/* plot_script.c - see plot_script.h. */
#include "plot_script.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "format/version.h"
#include "plot_text.h"
#include "render/escape.h"
#include "render/units.h"

/* ---- units ---------------------------------------------------------------------------------------------------------- */

static struct ms_plot_unit largest_below(const struct ms_plot_unit *units, size_t count, double most)
{
	size_t i = count - 1;

	while (i && units[i].size > most)
		i--;
	return units[i];
}
#define CHOOSE(units, most) largest_below(units, sizeof(units) / sizeof *(units), most)

struct ms_plot_unit ms_plot_bytes(uint64_t most)
{
	static const struct ms_plot_unit units[] = {
		{"bytes", 1}, {"KiB", 1024}, {"MiB", 1048576}, {"GiB", 1073741824}, {"TiB", 1099511627776}, {"PiB", 1125899906842624},
	};

	return CHOOSE(units, (double)most);
}

struct ms_plot_unit ms_plot_time(uint64_t most_ns)
{
	static const struct ms_plot_unit units[] = {
		{"ns", 1}, {"\xc2\xb5s", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"min", 300e9}, {"h", 18000e9}, {"days", 432000e9},
	};
	struct ms_plot_unit unit = CHOOSE(units, (double)most_ns);

	if (unit.size > 1e9) /* from five of them on */
		unit.size /= 5;
	return unit;
}

struct ms_plot_unit ms_plot_counts(double most)
{
	static const struct ms_plot_unit units[] = {{"", 1}, {"thousand ", 1e3}, {"million ", 1e6}, {"billion ", 1e9}};
	struct ms_plot_unit unit = CHOOSE(units, most / 5);

	return unit;
}

void ms_plot_unit(FILE *script, const char *name, struct ms_plot_unit unit)
{
	fprintf(script, "%s_unit = %.1f\n%s_name = '%s'\n", name, unit.size, name, unit.name);
}

/* ---- text ----------------------------------------------------------------------------------------------------------- */

static void set(FILE *script, const char *name, const char *text)
{
	char clean[2000];

	fprintf(script, "%s = '%s'\n", name, ms_plot_clean(clean, sizeof clean, text, sizeof clean));
}

void ms_plot_set(FILE *script, const char *name, const char *format, ...)
{
	char text[1000];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	set(script, name, text);
}

uint64_t ms_plot_bucket_end(const struct ms_report *r, size_t i)
{
	uint64_t end = r->window.to_ns;

	if (i + 1 < r->timeline_count)
		return r->timeline[i + 1].start_ns;
	return end > r->timeline[i].start_ns ? end : r->timeline[i].start_ns + 1;
}

/* What the eye must not miss about a recording: " [...]", or nothing. */
static void put_flaws(FILE *out, const struct ms_report *r)
{
	char a[MS_UNIT_TEXT], b[MS_UNIT_TEXT];

	if (r->window.given)
		fprintf(out, " [window %s to %s]", ms_unit_duration(a, r->window.from_ns), ms_unit_duration(b, r->window.to_ns));
	if (r->trace.lost_events || r->trace.lost_marks)
		fprintf(out, " [INCOMPLETE: %s lost]", ms_unit_of(a, r->trace.lost_events > r->trace.lost_marks ? r->trace.lost_events : r->trace.lost_marks, "event"));
	else if (!r->trace.complete)
		fputs(" [INCOMPLETE recording]", out);
}

void ms_plot_data_head(FILE *data, const struct ms_plot *plot, const struct ms_report *const *reports, size_t count)
{
	char program[MS_PLOT_NAME], time[MS_UNIT_TEXT];

	fprintf(data, "# %s.dat - %s (memscope " MS_VERSION ")\n", plot->name, plot->title);
	for (size_t i = 0; i < count; i++) {
		fprintf(data, "# of %s, %s recorded", ms_plot_program(program, reports[i]), ms_unit_duration(time, reports[i]->trace.duration_ns));
		put_flaws(data, reports[i]);
		putc('\n', data);
	}
	fputs("# Columns are separated by blanks and named in the comment above them. Bytes, blocks and nanoseconds since the start of\n"
	      "# the recording are exact, those of the JSON report.\n", data);
}

void ms_plot_head(FILE *script, const struct ms_plot *plot, const struct ms_report *const *reports, size_t count, const char *format, ...)
{
	char program[MS_PLOT_NAME], old[MS_PLOT_NAME], *text = NULL;
	size_t size = 0;
	va_list args;
	FILE *f;

	fprintf(script, "# %s.gp - draws %s.svg and %s.png from %s.dat. In their folder: gnuplot %s.gp\n# Made by memscope " MS_VERSION ".\n",
	        plot->name, plot->name, plot->name, plot->name, plot->name);
	ms_plot_program(program, reports[count - 1]);
	ms_plot_program(old, reports[0]);
	if (strcmp(program, old) != 0)
		ms_plot_set(script, "title", "%s \xe2\x86\x92 %s \xe2\x80\x94 %s", old, program, plot->title);
	else
		ms_plot_set(script, "title", "%s \xe2\x80\x94 %s", program, plot->title);
	f = open_memstream(&text, &size);
	if (f) {
		va_start(args, format);
		vfprintf(f, format, args);
		va_end(args);
		for (size_t i = 0; i < count; i++)
			put_flaws(f, reports[i]);
		fclose(f);
	}
	set(script, "subtitle", text ? text : "");
	free(text);
	fprintf(script, "data = '%s.dat'\n", plot->name);
}

void ms_plot_open(FILE *script, const struct ms_plot *plot, unsigned width, unsigned height)
{
	fprintf(script,
	        "\n"
	        "set encoding utf8\n"
	        "do for [format in 'svg png'] {\n"
	        "\tif (format eq 'svg') {\n"
	        "\t\tset terminal svg size %u,%u noenhanced rounded font 'Arial,12' fontscale 1.25 linewidth 1.2 dashlength 1 background '#ffffff'\n"
	        "\t} else {\n"
	        "\t\tset terminal pngcairo size %u,%u noenhanced rounded font 'Arial,12' fontscale 2 linewidth 2.4 dashlength 2 pointscale 2 background '#ffffff'\n"
	        "\t}\n"
	        "\tset output '%s.'.format\n"
	        "\treset\n"
	        "\tset border 3 linewidth 0.8\n"
	        "\tset tics out nomirror\n"
	        "\tset grid linetype 1 linecolor '#d0d0d0' linewidth 0.5 dashtype 1\n"
	        "\tset style textbox opaque noborder fillcolor '#ffffff' margins 0.4,0.2\n"
	        "\tset style fill solid 1 noborder\n"
	        "\tset key noautotitle Left reverse\n"
	        "\tset format '%%h'\n"
	        "\tset label 1 title at screen 0.015,%.4f left font ',15'\n"
	        "\tset label 2 subtitle at screen 0.015,%.4f left font ',10.5' textcolor '#404040'\n"
	        "\tset tmargin at screen %.4f\n",
	        width, height, 2 * width, 2 * height, plot->name, 1 - 22.0 / height, 1 - 46.0 / height, 1 - 76.0 / height);
}

void ms_plot_close(FILE *script)
{
	fputs("\tset output\n}\n", script);
}

int ms_plot_written(FILE *data, FILE *script, struct ms_error *err)
{
	return ferror(data) || ferror(script) ? ms_fail(err, MS_E_IO, MS_NO_OFFSET, "cannot write") : MS_OK;
}
