/*
 * call_tree.h - the call paths of several reports in one tree, by the names of their functions.
 *
 * A node is a function called by its parent; paths that read the same by name (frame_names.h) are one node, whatever report they
 * come from. Inlined functions are nodes like others. What stands outside of main is left out; a function that follows
 * itself (recursion) counts once. A frame without a name is called by the file name of its module, with its offset when every
 * trace given has the same build of that module (same build-id), because then an offset is a name.
 *
 * Ownership: the tree owns its arrays; names are not kept, unless asked. Errors: MS_E_NOMEM. Thread-safety: one thread at a time; read-only
 * after the last report.
 */
#ifndef MS_ANALYZE_CALL_TREE_H
#define MS_ANALYZE_CALL_TREE_H

#include "analyze/report.h"
#include "format/intern.h"

struct ms_trace;

struct ms_call_node {
	uint32_t parent;                 /* < index */
	uint32_t name;                   /* id, from 1; 0 = the root */
	uint32_t head;                   /* name of the innermost function on the path that is no allocator; 0 = none */
	uint32_t depth;                  /* functions on the path */
};

struct ms_call_tree {
	struct ms_call_node *nodes;      /* [0] = the empty path */
	uint32_t count, capacity;
	uint32_t *slots;                 /* (parent, name) -> node */
	size_t slot_capacity;            /* power of two */
	struct ms_intern names, tails, modules;
	uint32_t *tail_of_name;          /* by name: id of its last part, without namespaces and classes */
	uint64_t *hash_of_name;          /* by name: of its text, so that no order depends on which report came first */
	size_t tail_capacity, hash_capacity;
	uint64_t *build_of_module;       /* by id in modules: hash of the build-id; 0 = none, or several */
	size_t module_capacity;
	uint32_t main_name;              /* 0 = nobody has a main */
	bool ignore_templates;
	bool keep_names;                 /* set after init: texts has them */
	char **texts;                    /* by name */
	size_t text_capacity;
};

int ms_call_tree_init(struct ms_call_tree *tree, bool ignore_templates, struct ms_error *err);
/* All traces first: which modules are the same build in all of them. */
int ms_call_tree_modules(struct ms_call_tree *tree, const struct ms_trace *trace, struct ms_error *err);
/* Then the reports. node_of[n] becomes the node here of the report's node n; it has report->node_count entries. */
int ms_call_tree_add(struct ms_call_tree *tree, const struct ms_report *report, uint32_t *node_of, struct ms_error *err);
void ms_call_tree_free(struct ms_call_tree *tree);

#endif
