/* export_findings.c - see export_findings.h. */
#include "export_findings.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "export_names.h"

const struct ms_export_rule ms_export_rules[MS_FINDING_KIND_COUNT] = {
	[MS_FINDING_DOUBLE_FREE] = {"DoubleFree", "A block is freed twice",
		"A block that had been freed was given to free again. The allocator may hand out the same memory twice.",
		"Look at who owns the block: the first and the second free have their own stacks."},
	[MS_FINDING_INVALID_FREE] = {"InvalidFree", "A pointer is freed that was not allocated",
		"free got an address at which no block of the heap begins.",
		"Free exactly what an allocation call returned, not an address inside of it, on the stack or in static memory."},
	[MS_FINDING_MISMATCHED_FREE] = {"MismatchedFree", "A block is freed by the wrong family of functions",
		"The call that freed the block does not belong to the one that allocated it, as in free() of what new made.",
		"Use delete for new, delete[] for new[], free for malloc."},
	[MS_FINDING_SIZE_MISMATCHED_FREE] = {"SizeMismatchedFree", "A block is freed with the wrong size",
		"A sized deallocation named another size than the allocation did.",
		"Look for a class that is deleted through a base without a virtual destructor, or for a wrong size."},
	[MS_FINDING_REALLOC_AFTER_FREE] = {"ReallocAfterFree", "A freed block is given to realloc",
		"realloc got the address of a block that had been freed.",
		"Keep the pointer that realloc returned and forget the old one."},
	[MS_FINDING_HEAP_OVERFLOW] = {"HeapOverflow", "Memory behind the end of a block is used",
		"The program read or wrote beyond the end of a heap block.",
		"Compare the size of the allocation with the index or the length of the access."},
	[MS_FINDING_HEAP_UNDERFLOW] = {"HeapUnderflow", "Memory before the start of a block is used",
		"The program read or wrote before the start of a heap block.",
		"Look for a negative index or a pointer that was moved back too far."},
	[MS_FINDING_USE_AFTER_FREE] = {"UseAfterFree", "Memory of a freed block is used",
		"The program read or wrote a heap block after it had been freed.",
		"Look at who still holds a pointer to the block when it is freed."},
	[MS_FINDING_LEAK_DEFINITE] = {"LeakDefinite", "Memory is lost",
		"Nothing pointed to these blocks any more when the heap was looked at.",
		"Free the blocks before the last pointer to them is gone."},
	[MS_FINDING_LEAK_INDIRECT] = {"LeakIndirect", "Memory is lost with what pointed to it",
		"Only blocks that are lost themselves pointed to these blocks.",
		"Free the lost block that they hang on, and what it owns with it."},
	[MS_FINDING_LEAK_POSSIBLE] = {"LeakPossible", "Memory is possibly lost",
		"Only pointers into the middle of these blocks were found.",
		"Look whether the program keeps such pointers on purpose; if not, the blocks are lost."},
};

uint32_t ms_export_finding_node(const struct ms_finding *f)
{
	bool by_allocation = f->kind >= MS_FINDING_LEAK_DEFINITE || f->evidence == MS_EVIDENCE_DAMAGE || !f->error_node;

	return by_allocation && f->allocation_node ? f->allocation_node : f->error_node ? f->error_node : f->free_node;
}

/* Below `root` by words: nothing is copied, so that "/a/b/../../c" counts as below "/a", which only ever picks another frame's line. */
static bool below(const char *file, const char *root)
{
	size_t n = strlen(root);

	while (n && root[n - 1] == '/')
		n--;
	return strncmp(file, root, n) == 0 && file[n] == '/';
}

const struct ms_report_line *ms_export_user_line(const struct ms_export_input *input, const struct ms_report *home, uint32_t node)
{
	const char *root = ms_export_root(input);

	for (uint32_t n = root ? node : 0; n; n = home->nodes[n].parent)
		for (uint32_t l = 0; l < home->nodes[n].line_count; l++) {
			const struct ms_report_line *line = &home->lines[home->nodes[n].first_line + l];

			if (!line->allocator && line->line && below(line->file, root))
				return line;
		}
	for (uint32_t n = node; n; n = home->nodes[n].parent)
		for (uint32_t l = 0; l < home->nodes[n].line_count; l++) {
			const struct ms_report_line *line = &home->lines[home->nodes[n].first_line + l];

			if (!line->allocator && *line->file && line->line)
				return line;
		}
	return ms_report_headline(home, node);
}

bool ms_export_counts(const struct ms_finding *f)
{
	return !f->suppressed_by && f->is_new;
}

size_t ms_export_finding_paths(struct ms_export_path paths[MS_EXPORT_PATHS], const struct ms_finding *f)
{
	size_t n = 0;

	if (f->allocation_node)
		paths[n++] = (struct ms_export_path){f->allocation_node, "the block was allocated here"};
	if (f->free_node)
		paths[n++] = (struct ms_export_path){f->free_node, "it was freed here"};
	if (f->error_node)
		paths[n++] = (struct ms_export_path){f->error_node, f->evidence == MS_EVIDENCE_DAMAGE ? "the damage was found here" : "the error is here"};
	return n;
}

char *ms_export_violation(const struct ms_export_condition *c)
{
	char most[80] = "", *words = NULL;

	if (c->share)
		snprintf(most, sizeof most, "; the largest part, %" PRIu64 ", is from one call path", c->share);
	return asprintf(&words, "it is %" PRIu64 "%s%s", c->value, c->bytes ? " bytes" : "", most) < 0 ? NULL : words;
}

const char *ms_export_program(const struct ms_report *r)
{
	const struct ms_process *p = r->trace.process;

	return p->executable && *p->executable ? p->executable : p->command_count ? p->command[0] : "program";
}
