/* html_page.c - the page that the build made of render/html/, as bytes inside the tools. MS_HTML_PAGE: its path, from the Makefile. */
#include "html_page.h"

__asm__(".section .rodata\n"
        ".globl ms_html_page_start, ms_html_page_end\n"
        ".hidden ms_html_page_start, ms_html_page_end\n"
        "ms_html_page_start:\n"
        ".incbin \"" MS_HTML_PAGE "\"\n"
        "ms_html_page_end:\n"
        ".byte 0\n"
        ".previous\n");

extern const char ms_html_page_start[], ms_html_page_end[];

const char *ms_html_page(size_t *length)
{
	*length = (size_t)(ms_html_page_end - ms_html_page_start);
	return ms_html_page_start;
}
