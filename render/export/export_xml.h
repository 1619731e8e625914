/*
 * export_xml.h - any bytes as text of an XML 1.0 document, in an element or in an attribute between double quotes.
 *
 * & < > " ' become references, line ends and tabs keep their meaning in attributes; what XML 1.0 does not allow at all (control characters,
 * U+FFFE, invalid UTF-8) becomes U+FFFD. A name can therefore neither end a tag nor begin one.
 * Errors: none, the stream remembers. Thread-safety: the caller owns the stream. Source: XML 1.0, 5th edition, section 2.2.
 */
#ifndef MS_EXPORT_XML_H
#define MS_EXPORT_XML_H

#include <stdio.h>

void ms_export_xml(FILE *out, const char *text);
/* name="text", with a blank before it. */
void ms_export_attribute(FILE *out, const char *name, const char *text);
void ms_export_attribute_format(FILE *out, const char *name, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* <name>text</name> and a newline */
void ms_export_element(FILE *out, const char *name, const char *text);

#endif
