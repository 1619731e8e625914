/*
 * html_page.h - the page without data: the file that build/html/page.html was when the tools were built.
 *
 * In it stand two marks, each once: MS_HTML_TITLE_MARK and MS_HTML_DATA_MARK. Pure data; thread-safe.
 */
#ifndef MS_RENDER_HTML_PAGE_H
#define MS_RENDER_HTML_PAGE_H

#include <stddef.h>

#define MS_HTML_TITLE_MARK "@@TITLE@@"
#define MS_HTML_DATA_MARK "@@DATA@@"

const char *ms_html_page(size_t *length);

#endif
