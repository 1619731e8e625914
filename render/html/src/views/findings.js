/*
 * findings.js - what detectors found: for each finding the stacks of access, free and allocation, a picture of the block, and its suppression;
 * and of each detector what it looked at.
 */
import { h, replace } from '../dom.js';
import { bytes, count, duration, exactBytes, of } from '../format.js';
import { NONE } from '../model.js';
import { test } from '../query.js';
import { suppression } from '../suppression.js';
import { threadMatches, threadText } from '../threads.js';
import { byteMap } from '../widgets/bytes.js';
import { siteLinks } from '../widgets/link.js';
import { banner } from '../widgets/quality.js';
import { stackList } from '../widgets/stack.js';

const PAGE = 50;
const CWE = {
	122: 'Heap-based Buffer Overflow', 124: 'Buffer Underwrite', 126: 'Buffer Over-read', 127: 'Buffer Under-read', 401: 'Missing Release of Memory',
	415: 'Double Free', 416: 'Use After Free', 590: 'Free of Memory not on the Heap', 761: 'Free of Pointer not at Start of Buffer',
	762: 'Mismatched Memory Management Routines', 763: 'Release of Invalid Pointer',
};
const CERTAINTY = {
	certain: 'The wrong call or access itself was recorded, together with its block.',
	observed: 'Its effect was recorded (bytes that nobody may write had changed), not the act.',
	inferred: 'It follows from the events, if the trace holds every allocation.',
};
const isLeak = (finding) => finding.kind.startsWith('leak-');

/* ---- one finding ---------------------------------------------------------------------------------------------------------- */

function headline(model, node, companion) {
	const lines = model.stack(node, companion);
	return model.line(lines.find((index) => !model.line(index, companion).allocator) ?? lines[0] ?? NONE, companion);
}

/* What a finding has to say to a search: all that stands on its stacks. */
function subject(model, f) {
	const companion = f.run === 2;
	const text = model.once(`text of finding ${f.id}`, () => [f.error_node, f.free_node, f.allocation_node].flatMap((node) => model.stack(node, companion).map((index) => {
		const line = model.line(index, companion);
		return `${line.full}\n${line.where}\n${line.module}`;
	})).concat(f.kind, f.message, f.fingerprint).join('\n').toLowerCase());
	return {
		id: companion ? -1 : f.allocation_node, has: (word) => text.includes(word), module: headline(model, f.allocation_node, companion).module.toLowerCase(),
		size: f.block_known ? f.block_size_bytes : 0, life: f.block_free_ns ? f.block_free_ns - f.block_birth_ns : null,
	};
}

function matches(model, now, f) {
	const query = model.query(now);
	const brush = model.brush(now);
	const from = f.has_window ? f.last_good_ns : f.time_ns;
	if (brush && !isLeak(f) && (from >= brush.to || Math.max(f.last_ns, f.damage_seen_ns) < brush.from))
		return false;
	const companion = f.run === 2;
	return (query.thread === undefined || [f.thread, f.block_birth_thread, f.block_free_thread].some((id) => threadMatches(model, id, query.thread, companion))) &&
		(query.empty || test(query, subject(model, f)));
}

function titledStack(model, title, note, node, companion, missing) {
	return h('section', {}, h('h4', {}, title, ' ', h('span.quiet', {}, note)), node ? stackList(model, node, companion, true) : h('p.quiet', {}, missing));
}

function stacks(model, f) {
	const companion = f.run === 2;
	const who = (id) => threadText(model, id, companion);
	if (isLeak(f))
		return [titledStack(model, 'Allocated', '', f.allocation_node, companion, 'No stack.')];
	const out = [f.evidence === 'damage'
		? titledStack(model, 'Damage', `written between ${duration(f.last_good_ns)} and ${duration(f.damage_seen_ns)}; seen by the check at ${f.check} in ${who(f.thread)}`, f.error_node, companion, 'No stack of the check.')
		: titledStack(model, f.free_call ? `Wrong ${f.free_call}` : 'Access', `${f.free_call ? 'called' : 'happened'} at ${duration(f.time_ns)} in ${who(f.thread)}`, f.error_node, companion,
			f.free_call && !model.process.free_stacks ? 'No stack: memscope-record --free-stacks, or --guard, records those of frees.' : 'No stack.')];
	if (!f.block_known)
		return out;
	if (f.block_freed && (f.block_free_kind || f.free_node))
		out.push(titledStack(model, 'Freed', `${f.block_free_kind ? `by ${f.block_free_kind} ` : ''}${f.block_free_ns ? `at ${duration(f.block_free_ns)} ` : ''}${f.block_free_thread ? `in ${who(f.block_free_thread)}` : ''}`,
			f.free_node, companion, model.process.free_stacks ? 'No stack.' : 'No stack: memscope-record --free-stacks, or --guard, records those of frees.'));
	if (f.block_id)
		out.push(titledStack(model, 'Allocated', `by ${f.block_birth_kind || 'an unknown call'} at ${duration(f.block_birth_ns)} in ${who(f.block_birth_thread)}`, f.allocation_node, companion, 'No stack.'));
	return out;
}

function copyButton(text, pre) {
	const button = h('button', { type: 'button' }, 'Copy');
	const said = h('span.small', { role: 'status' });
	button.addEventListener('click', async () => {
		try {
			await navigator.clipboard.writeText(text);
			replace(said, 'copied');
		} catch {
			const range = document.createRange(); // no clipboard for pages from disk in some browsers: select it
			range.selectNodeContents(pre);
			window.getSelection().removeAllRanges();
			window.getSelection().addRange(range);
			replace(said, document.execCommand?.('copy') ? 'copied' : 'selected: copy it with the keyboard');
		}
	});
	return [button, ' ', said];
}

function snippet(model, f) {
	const text = suppression(model, f);
	const pre = h('pre.snippet.code', { tabindex: '0', 'aria-label': 'Suppression' }, text);
	return h('details', {}, h('summary', {}, 'Suppression'),
		h('p.small', {}, 'In a file that is given to --suppressions, it leaves this finding out of reports; Valgrind reads it, too.'), pre, h('p', {}, copyButton(text, pre)));
}

function registers(f) {
	return h('details', {}, h('summary', {}, 'Registers at the access'),
		h('dl.registers.code', {}, f.registers.split(' ').map((pair) => {
			const [name, value] = pair.split('=');
			return h('div', {}, h('dt', {}, name), h('dd', {}, `0x${value.padStart(16, '0')}`));
		})));
}

function facts(model, f) {
	const fact = (title, value, hover) => h('div', {}, h('dt', {}, title), h('dd', { title: hover }, value));
	return h('dl.facts', {},
		fact('kind', f.kind),
		fact('weakness', `CWE-${f.cwe} ${CWE[f.cwe] ?? ''}`),
		fact('certainty', `${f.certainty}${f.confirmed ? ', and the damage was found' : ''}`, CERTAINTY[f.certainty]),
		f.count > 1 ? fact('occurrences', count(f.count), `from ${duration(f.time_ns)} to ${duration(f.last_ns)}`) : null,
		isLeak(f) ? fact('leaked', `${exactBytes(f.leaked_bytes)} in ${of(f.leaked_blocks, 'block')}`) : fact('when', duration(f.time_ns), `${count(f.time_ns)} ns after the start`),
		isLeak(f) ? null : fact('thread', threadText(model, f.thread, f.run === 2)),
		f.address && !isLeak(f) ? fact('address', h('span.code', {}, f.address)) : null,
		!isLeak(f) && f.evidence !== 'events' && f.evidence !== 'refused-free' ? fact('access', [f.access, f.length_bytes ? ` of ${of(f.length_bytes, 'byte')}` : '', f.function ? [' by ', h('span.code', {}, f.function)] : '']) : null,
		f.block_known && !isLeak(f) ? fact('block', `${bytes(f.block_size_bytes)} at ${f.block_address}${f.block_id ? `, number ${count(f.block_id)}` : ', known to the guard alone'}`) : null,
		f.byte_count ? fact('expected, found', h('span.code', {}, `${f.expected.toString(16).padStart(2, '0')} …, ${f.bytes.match(/../g).slice(0, 8).join(' ')}${f.byte_count > 8 ? ' …' : ''}`)) : null,
		fact('fingerprint', h('span.code', {}, f.fingerprint), 'Stays the same in the next run and after unrelated changes: baselines and suppressions go by it'));
}

function body(model, state, f) {
	const picture = byteMap(f);
	const site = f.run === 2 ? undefined : model.siteOfNode.get(f.allocation_node);
	return h('div.finding-body', {}, facts(model, f),
		picture ? h(`div.picture${picture.table ? '' : '.alone'}`, {}, picture.bar, picture.table) : null,
		h('div.three-stacks', {}, stacks(model, f)),
		f.registers ? registers(f) : null,
		snippet(model, f),
		site !== undefined ? h('p.small', {}, 'The allocation: ', siteLinks(model, state, site, isLeak(f) ? 'leaked' : 'allocated')) : null);
}

function tags(model, f) {
	const { tables } = model;
	const tag = (text, title) => h('span.tag', { title }, text);
	return [
		tag(f.certainty, CERTAINTY[f.certainty]), f.confirmed ? tag('damage found') : null, f.count > 1 ? tag(`${count(f.count)} times`) : null,
		f.in_both_runs ? tag('in both runs', 'With the guard page behind blocks, and before them') : f.run === 2 ? tag('in the second run', `Its stacks and threads are those of ${tables.findings_summary.text('companion_file', 0)}`) : null,
		tables.findings_summary.text('baseline', 0) ? tag(f.is_new ? 'new' : 'known') : null,
		f.suppressed_by ? tag(`suppressed by ${tables.suppressions.text('name', f.suppressed_by - 1)}`) : null,
	];
}

/* A card that opens: what is inside is made when it opens first. */
function card(model, state, f, open, onToggle) {
	// Damage is seen by a check, wherever that happens: who allocated the block says more.
	const byAllocation = f.evidence === 'damage' || !f.error_node;
	const at = headline(model, byAllocation ? f.allocation_node : f.error_node, f.run === 2);
	const holder = h('div', {});
	let made = false;
	const element = h(`details.card.finding.${f.suppressed_by ? 'note' : f.severity}`, { 'data-finding': f.id, open },
		h('summary', {}, h('span.mark', { 'aria-label': f.severity }, f.severity === 'error' ? '✕' : '!'),
			h('span.finding-title', {}, h('span.strong', {}, `${f.id}. ${f.kind}`), `: ${f.message} `,
				h('span.small', {}, byAllocation ? 'allocated by ' : 'in ', h('span.code', { title: at.full }, at.name), ' ', h('span.where', { title: at.where }, at.place)), tags(model, f))),
		holder);
	function make() {
		if (!made)
			holder.append(body(model, state, f));
		made = true;
	}
	if (open)
		make();
	element.addEventListener('toggle', () => {
		if (element.open)
			make();
		onToggle(f.id, element.open);
	});
	return element;
}

/* ---- detectors, suppressions, odd requests ------------------------------------------------------------------------------------ */

const STATUS = { found: ['✕', 'error'], clean: ['✓', 'good'], not_observable: ['–', 'note'] };

function detectors(model) {
	const rows = model.tables.detectors.all();
	const mark = (row) => (!row.kinds ? ['i', 'note'] : row.status === 'clean' && !row.checked ? STATUS.not_observable : STATUS[row.status]); // clean among nothing says nothing
	return h('section.card', { 'aria-labelledby': 'detectors-title' }, h('h2', { id: 'detectors-title' }, 'What was looked for'),
		h('ul.verdict', {}, rows.map((row, i) => h(`li.${mark(row)[1]}`, {}, h('span.mark', { 'aria-label': row.status.replace('_', ' ') }, mark(row)[0]),
			h('div', {}, h('span.strong', { title: row.summary }, row.name), ` ${model.tables.detector_words.text('words', i)}`)))));
}

function suppressions(model) {
	const rows = model.tables.suppressions.all();
	if (!rows.length)
		return null;
	return h('section.card', {}, h('h2', {}, 'Suppressions'), h('table.plain', {},
		h('thead', {}, h('tr', {}, h('th', {}, 'Name'), h('th.wide', {}, 'File'), h('th.num', {}, 'Findings'), h('th.num', {}, 'Occurrences'))),
		h('tbody', {}, rows.map((row) => h('tr', {}, h('td', {}, row.name, row.findings ? null : h('span.tag', {}, 'unused')), h('td.code.wide', {}, `${row.file}:${row.line}`),
			h('td.num', {}, count(row.findings)), h('td.num', {}, count(row.occurrences)))))));
}

const ODD = { zero: 'for nothing', huge: 'for 1 TiB or more', negative: 'for a negative size' };

function oddSizes(model, state) {
	const rows = model.tables.odd_sizes.all();
	if (!rows.length)
		return null;
	return h('section.card', {}, h('h2', {}, 'Odd requests'), h('p.small', {}, 'Facts worth a look, no errors by themselves.'), h('table.plain', {},
		h('thead', {}, h('tr', {}, h('th', {}, 'Request'), h('th.num', {}, 'Times'), h('th.num.wide', {}, 'First size'), h('th.wide', {}, 'Answer'), h('th', {}, 'Where'))),
		h('tbody', {}, rows.map((row) => {
			const at = headline(model, row.node, false);
			return h('tr', {}, h('td', {}, ODD[row.kind] ?? row.kind), h('td.num', {}, count(row.requests)), h('td.num.wide', { title: exactBytes(row.first_bytes) }, bytes(row.first_bytes)),
				h('td.wide', {}, row.failed ? 'NULL' : 'a block'), h('td', {}, h('span.code', { title: at.full }, at.name), ' ', h('span.where', { title: at.where }, at.place)));
		}))));
}

function unmatched(model) {
	const rows = model.tables.unmatched_frees.all();
	if (!model.trace.unmatched_frees)
		return null;
	return h('section.card', {}, h('h2', {}, 'Frees of blocks that the trace does not know ', h('span.quiet', {}, count(model.trace.unmatched_frees))),
		rows.length ? h('table.plain', {}, h('thead', {}, h('tr', {}, h('th.num', {}, 'Frees'), h('th', {}, 'Called by'))),
			h('tbody', {}, rows.slice(0, PAGE).map((row) => h('tr', {}, h('td.num', {}, count(row.frees)), h('td', {}, stackList(model, row.node))))))
			: h('p.small', {}, 'Where they were called is not recorded: memscope-record --free-stacks records it.'));
}

export default {
	id: 'findings',
	title: 'Findings',
	empty: (model) => (model.tables.detectors.rows ? null : 'No detector ran over this recording.'),
	render(root, { model, state }) {
		const all = model.tables.findings.all();
		const summary = model.tables.findings_summary.row();
		const verdict = model.tables.verdict.all().find((row) => row.topic === 'errors');
		const notes = model.tables.notes.all().filter((row) => row.topic === 'errors');
		const groups = new Map([['errors', 'heap errors'], ['leaks', 'leaks'], ['all', 'all']]);
		for (const f of all)
			groups.set(f.kind, f.kind);
		const inGroup = (group) => (f) => group === 'all' || (group === 'errors' ? !isLeak(f) : group === 'leaks' ? isLeak(f) : f.kind === group);
		const usual = all.some((f) => !isLeak(f) && !f.suppressed_by) || !all.length ? 'errors' : 'leaks';
		const kinds = h('select', { id: 'findings-kind', onchange: () => state.set({ 'findings.kind': kinds.value === usual ? undefined : kinds.value }) },
			[...groups].map(([id, title]) => h('option', { value: id }, `${title} (${count(all.filter(inGroup(id)).length)})`)));
		const hidden = h('input', { type: 'checkbox', onchange: () => state.set({ 'findings.suppressed': hidden.checked ? '1' : undefined }) });
		const line = h('span.small', { role: 'status' });
		const list = h('div.findings', {});
		const opened = (now) => (now['findings.open'] === undefined ? null : new Set(now['findings.open'].split(',').filter(Boolean).map(Number)));
		let shown = PAGE;
		let first = null;
		let toggling = false;

		function onToggle(id, open) {
			const now = opened(state.get()) ?? new Set(first ? [first] : []);
			if (now.has(id) === open)
				return;
			now[open ? 'add' : 'delete'](id);
			toggling = true;
			state.set({ 'findings.open': [...now].join(',') || '0' });
			toggling = false;
		}

		function update(now, keys) {
			if (toggling || (keys && !['q', 'from', 'to', 'findings.kind', 'findings.suppressed', 'findings.open'].some((key) => keys.has(key))))
				return;
			const group = groups.has(now['findings.kind']) ? now['findings.kind'] : usual;
			kinds.value = group;
			hidden.checked = now['findings.suppressed'] === '1';
			const candidates = all.filter((f) => inGroup(group)(f) && (hidden.checked || !f.suppressed_by));
			const rows = candidates.filter((f) => matches(model, now, f));
			first = rows[0]?.id ?? null;
			const open = opened(now) ?? new Set(first ? [first] : []);
			replace(line, `${of(rows.length, 'finding')}${rows.length === candidates.length ? '' : ` of ${count(candidates.length)}`}`,
				model.brush(now) ? h('span.tag', {}, 'of the selected time; leaks have none') : null);
			replace(list, rows.slice(0, shown).map((f) => card(model, state, f, open.has(f.id), onToggle)),
				rows.length > shown ? h('button', { type: 'button', onclick: () => { shown += PAGE; update(state.get()); } }, `Show ${count(Math.min(PAGE, rows.length - shown))} of ${count(rows.length - shown)} more`) : null,
				rows.length ? null : h('p.card.quiet', {}, candidates.length ? 'No finding matches the search and the selected time.'
					: group === 'errors' ? 'No heap errors were found; what was looked for, and what could not be seen, stands below.' : 'None.'));
		}
		root.append(h('div', {},
			banner(verdict.level, h('p.strong', {}, verdict.text),
				notes.map((note) => h('p', {}, note.text)),
				summary.suppressed ? h('p', {}, `suppressed: ${of(summary.suppressed, 'finding')}`) : null,
				summary.omitted ? h('p', {}, `${of(summary.omitted, 'more error')} not listed`) : null,
				summary.companion_problem ? h('p', {}, `the trace of the other run is missing here: ${summary.companion_problem}`) : null,
				summary.companion_file && !summary.companion_problem ? h('p.small', {}, `Findings of the second run, ${summary.companion_file}, are among these.`) : null,
				summary.baseline ? h('p.small', {}, `Compared with the baseline ${summary.baseline}.`) : null),
			all.length ? h('p.bar', {}, h('label', {}, 'Show ', kinds), summary.suppressed ? h('label', {}, hidden, ' suppressed ones, too') : null, line) : null,
			list, detectors(model), oddSizes(model, state), unmatched(model), suppressions(model)));
		update(state.get());
		return { update };
	},
};
