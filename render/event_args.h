/*
 * event_args.h - the arguments of events by name, and how each is to be read.
 *
 * format/events.h says how many arguments a kind has and what they are, in a comment; this is the same as a table, for
 * renderers. A unit test holds the two together.
 * Thread-safety: pure data.
 */
#ifndef MS_RENDER_EVENT_ARGS_H
#define MS_RENDER_EVENT_ARGS_H

#include <stdint.h>

enum ms_arg_type {
	MS_ARG_NONE = 0,
	MS_ARG_NUMBER,
	MS_ARG_LOG2,                     /* 2^n is meant */
	MS_ARG_HEX,                      /* addresses, flags */
	MS_ARG_PROTECTION,               /* PROT_* */
	MS_ARG_ZIGZAG,                   /* signed */
	MS_ARG_KIND,                     /* number of an event kind */
	MS_ARG_STRING,                   /* string id */
	MS_ARG_MODULE,                   /* module id */
	MS_ARG_ERRNO,
	MS_ARG_EVIDENCE,                 /* evidence id */
	MS_ARG_VARIABLE,                 /* variable id */
};

struct ms_arg_info {
	const char *name;                /* NULL = no such argument */
	enum ms_arg_type type;
};

/* Argument i (0 or 1) of the kind; never NULL. */
const struct ms_arg_info *ms_event_arg(uint8_t kind, unsigned i);

#endif
