/*
 * suppression.js - the suppression of a finding in Valgrind's syntax, as memscope-analyze --gen-suppressions writes it (render/suppression_file.c).
 */
const FRAMES = 24; // Valgrind reads no longer ones
const NAMES = { 'leak-definite': 'definite', 'leak-indirect': 'indirect', 'leak-possible': 'possible' };

/* A name as a glob: what would break the line of a file matches as any character. */
function glob(name) {
	return [...name].map((c) => (c < ' ' || c === '\x7f' ? '?' : c)).join('');
}

export function suppression(model, finding) {
	const { tables } = model;
	const companion = finding.run === 2;
	const lines = companion ? tables.companion_lines : tables.lines;
	const valgrind = tables.finding_kinds.all().find((kind) => kind.name === finding.kind).valgrind;
	const byAllocation = finding.kind in NAMES || finding.evidence === 'damage' || !finding.error_node;
	const first = byAllocation ? finding.first_frame_allocation : finding.first_frame_error;
	const size = valgrind === 'Addr' ? ([2, 4, 8].includes(finding.length_bytes) ? finding.length_bytes : 1) : '';
	const out = ['{', `   ${finding.fingerprint}`, `   Memcheck:${valgrind}${size}`];
	if (finding.kind in NAMES)
		out.push(`   match-leak-kinds: ${NAMES[finding.kind]}`);
	if (first)
		out.push(`   fun:${glob(first)}`);
	const node = byAllocation ? finding.allocation_node : finding.error_node;
	if (!node)
		out.push('   ...');
	const stack = model.stack(node, companion);
	for (let i = 0; i < stack.length && i + 1 < FRAMES; i++) {
		const { function: name, linkage_name: mangled, module } = lines.row(stack[i]);
		out.push(mangled || name ? `   fun:${glob(mangled || name)}` : `   obj:${module ? glob(module) : '*'}`);
		if (name === 'main')
			break;
	}
	return [...out, '}', ''].join('\n');
}
