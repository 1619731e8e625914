/*
 * threads.js - two ledgers per thread (what it allocated, what it ended), which thread's blocks ended in which other one, and blocks that one
 * module allocates and another frees.
 */
import { h, replace } from '../dom.js';
import { bytes, count, duration, exactBytes, of, share } from '../format.js';
import { NONE, fileName } from '../model.js';
import { withFilter } from '../query.js';
import { threadMatches, threadText } from '../threads.js';
import { link } from '../widgets/link.js';
import { dataTable } from '../widgets/table.js';

const MATRIX = 14;     // threads on each side of the matrix, those with most; the others are one row and one column
const STEPS = 6;       // shades

function label(model, id) {
	return threadText(model, id).replace(/^thread /, '');
}

/* Does the search speak of threads, or of names that a thread could have? Call paths are no matter of this view. */
function wanted(model, now) {
	const { thread, words } = model.query(now);
	if (thread === undefined && !words.length)
		return null;
	return (id) => (thread === undefined || threadMatches(model, id, thread)) && words.every((word) => threadMatches(model, id, word.text) !== word.no);
}

/* ---- ledgers ------------------------------------------------------------------------------------------------------------------ */

function ledgers(model, now) {
	const brush = model.brush(now);
	const window = brush && !model.merged('thread') && model.groupWindow('thread', brush); // of threads that share a series nothing is known by thread
	const at = window && new Map(Array.from(window.keys, (key, i) => [key, i]));
	const match = wanted(model, now);
	return {
		windowed: !!window,
		rows: model.tables.threads.all().filter((row) => !match || match(row.id)).map((row) => {
			const out = { ...row, begun: row.allocations + row.reallocations, remote: row.ended_others_blocks, ended_blocks: row.ended_own_blocks + row.ended_others_blocks };
			if (window) {
				const i = at.get(row.id);
				out.begun = i === undefined ? 0 : window.allocations[i];
				out.allocated_bytes = i === undefined ? 0 : window.allocated_bytes[i];
				out.live_bytes = i === undefined ? 0 : window.live_bytes[i];
				out.live_blocks = i === undefined ? 0 : window.live_blocks[i];
				out.own_peak_bytes = i === undefined ? 0 : window.peak_bytes[i];
			}
			return out;
		}),
	};
}

function detail(model, state, row) {
	const whole = model.tables.threads.row(row.id - 1);
	const begun = whole.allocations + whole.reallocations;
	const fact = (title, value, hover) => h('div', {}, h('dt', {}, title), h('dd', { title: hover }, value));
	return h('div.detail', {},
		h('h3', {}, 'What it allocated ', h('span.quiet', {}, 'in the whole run, wherever it was freed')),
		h('dl.facts', {},
			fact('blocks begun', `${of(whole.allocations, 'allocation')}, ${of(whole.reallocations, 'reallocation')}`),
			fact('allocated', exactBytes(whole.allocated_bytes)),
			fact('alive at the end', `${exactBytes(whole.live_bytes)} in ${of(whole.live_blocks, 'block')}`),
			fact('largest of its own', exactBytes(whole.own_peak_bytes)),
			fact('temporary', `${of(whole.temporary_allocations, 'block')} (${share(whole.temporary_allocations, begun)})`)),
		h('h3', {}, 'What it ended ', h('span.quiet', {}, 'in the whole run, by free and realloc, whoever had allocated it')),
		h('dl.facts', {},
			fact('frees', count(whole.frees)),
			fact('blocks of its own', `${exactBytes(whole.ended_own_bytes)} in ${of(whole.ended_own_blocks, 'block')}`),
			fact('blocks of others', `${exactBytes(whole.ended_others_bytes)} in ${of(whole.ended_others_blocks, 'block')}`, 'Remote frees'),
			fact('frees of unknown blocks', count(whole.unmatched_frees))),
		h('p.small', {}, `id ${whole.id}, tid ${whole.tid}${whole.image ? `, process image ${whole.image}` : ''}; ${duration(whole.start_ns)} to ${duration(whole.end_ns)}${whole.ended ? '' : ' (its last event; its end is not recorded)'}; ${of(whole.events, 'event')}. `,
			link(state, { view: 'timeline', 'timeline.group': 'thread', q: withFilter('', 'thread', String(whole.id)) }, 'Timeline of its blocks')));
}

function ledgerTable(model, state) {
	const amount = (id, title, note, wide) => ({ id, title, note, align: 'right', width: '104px', narrow: '84px', wide, value: (row) => row[id], cell: (row) => bytes(row[id]), title_of: (row) => exactBytes(row[id]) });
	const number = (id, title, note, wide, hover) => ({ id, title, note, align: 'right', width: '92px', narrow: '70px', wide, value: (row) => row[id], cell: (row) => count(row[id]), title_of: hover });
	return dataTable({
		label: 'Threads', sort: state.get()['threads.sort'] || '-allocated_bytes', key: (row) => row.id, onSort: (sort) => state.set({ 'threads.sort': sort }), detail: (row) => detail(model, state, row),
		columns: [
			{ id: 'name', title: 'Thread', width: 'minmax(160px, 1fr)', narrow: 'minmax(0, 1fr)', first: 'ascending', value: (row) => row.id, cell: (row) => [label(model, row.id), row.main ? h('span.tag', {}, 'main') : null], title_of: (row) => `id ${row.id}, tid ${row.tid}` },
			{ id: 'life', title: 'Lived', note: 'From its start or first event to its end or last event', align: 'right', width: '90px', wide: true, value: (row) => row.end_ns - row.start_ns, cell: (row) => duration(row.end_ns - row.start_ns), title_of: (row) => `${duration(row.start_ns)} to ${duration(row.end_ns)}` },
			number('begun', 'Blocks', 'Blocks that it began, by allocations and reallocs; with a selection: in it', true),
			amount('allocated_bytes', 'Allocated', 'By it; with a selection: in it'),
			amount('live_bytes', 'Alive at end', 'Of what it allocated; with a selection: at its end', true),
			amount('own_peak_bytes', 'Own peak', 'Most that was alive of what it allocated; with a selection: in it', true),
			number('temporary_allocations', 'Temporary', 'Blocks freed by the next allocation event of the thread', true),
			number('ended_blocks', 'Ended', 'Blocks that it freed or reallocated, whoever had allocated them', true),
			{ ...number('remote', 'Remote', 'Of these, blocks that other threads had allocated', false, (row) => `${exactBytes(row.ended_others_bytes)}, ${share(row.remote, row.ended_blocks)} of what it ended`) },
			number('unmatched_frees', 'Unmatched', 'Frees of blocks that the trace does not know', true),
		],
	});
}

/* ---- the matrix ---------------------------------------------------------------------------------------------------------------- */

function matrix(model, state, now) {
	const { handovers, threads } = model.tables;
	const by = now['threads.by'] === 'bytes' ? 'bytes' : 'blocks';
	const print = by === 'bytes' ? bytes : count;
	const match = wanted(model, now);
	const pairs = handovers.all().filter((row) => !match || match(row.from) || match(row.to));
	if (!pairs.length)
		return h('p.quiet', {}, 'No hand-over matches the search.');
	const axis = (side) => {
		const weight = new Map();
		for (const row of pairs)
			weight.set(row[side], (weight.get(row[side]) ?? 0) + row[by]);
		const ranked = [...weight].sort((a, b) => b[1] - a[1] || a[0] - b[0]).map(([id]) => id);
		const shown = ranked.slice(0, MATRIX).sort((a, b) => a - b);
		const names = shown.map((id) => label(model, id));
		if (ranked.length > MATRIX)
			names.push(`${count(ranked.length - MATRIX)} others`);
		return { shown, names, at: new Map(shown.map((id, i) => [id, i])) };
	};
	const rows = axis('from');
	const columns = axis('to');
	const cells = rows.names.map(() => columns.names.map(() => ({ blocks: 0, bytes: 0 })));
	for (const row of pairs) {
		const cell = cells[rows.at.get(row.from) ?? rows.names.length - 1][columns.at.get(row.to) ?? columns.names.length - 1];
		cell.blocks += row.blocks;
		cell.bytes += row.bytes;
	}
	const most = Math.max(...cells.flat().map((cell) => cell[by]));
	const shade = (value) => (value ? 1 + Math.min(STEPS - 1, Math.floor((Math.log(value + 1) / Math.log(most + 1)) * STEPS)) : 0);
	const cellOf = (cell, i, k) => {
		const id = rows.shown[i];
		const text = `${rows.names[i]} to ${columns.names[k]}`;
		if (id === undefined || id !== columns.shown[k])
			return h(`td.num.shade-${shade(cell[by])}`, { title: `${text}: ${of(cell.blocks, 'block')}, ${exactBytes(cell.bytes)}` }, cell[by] ? print(cell[by]) : '·');
		const own = { blocks: threads.number('ended_own_blocks', id - 1), bytes: threads.number('ended_own_bytes', id - 1) };
		return h('td.num.shade-own', { title: `${rows.names[i]} ended ${of(own.blocks, 'block')} of its own, ${exactBytes(own.bytes)}` }, own[by] ? print(own[by]) : '·');
	};
	const caption = `${by === 'bytes' ? 'Bytes of blocks' : 'Blocks'} allocated by the thread of the row and freed (or reallocated) by that of the column`;
	return [h('p.small', {}, caption), h('div.matrix-scroll', { tabindex: '0', role: 'group', 'aria-label': 'Hand-over matrix' }, h(`table.matrix${columns.names.length <= 8 ? '.few' : ''}`, { 'aria-label': caption },
		h('thead', {}, h('tr', {}, h('th', { scope: 'col' }, 'from ↓  to →'), columns.names.map((name) => h('th.num', { scope: 'col', title: name }, name)))),
		h('tbody', {}, cells.map((row, i) => h('tr', {}, h('th', { scope: 'row', title: rows.names[i] }, rows.names[i]), row.map((cell, k) => cellOf(cell, i, k)))))))];
}

function handoverCard(model, state) {
	const { handovers, safety } = model.tables;
	if (!handovers.rows)
		return { element: h('section.card', {}, h('h2', {}, 'Hand-overs between threads'), h('p.quiet', {}, !safety.number('frees', 0) ? 'No block ended.' : `None: every one of the ${of(safety.number('frees', 0), 'block')} that ended was ended by the thread that had allocated it.`)), update: () => {} };
	const holder = h('div', {});
	const list = h('div', {});
	const button = (by, text) => h('button', { type: 'button', 'data-by': by, onclick: () => state.set({ 'threads.by': by === 'blocks' ? undefined : by }) }, text);
	const buttons = [button('blocks', 'Blocks'), button('bytes', 'Bytes')];
	const sum = (name) => handovers.all().reduce((total, row) => total + row[name], 0);
	return {
		element: h('section.card', { 'aria-labelledby': 'handover-title' }, h('h2', { id: 'handover-title' }, 'Hand-overs between threads ', h('span.quiet', {}, `${of(sum('blocks'), 'block')}, ${bytes(sum('bytes'))} of the whole run, among ${of(handovers.rows, 'pair')}`)),
			h('p.bar', {}, buttons, h('span.small', {}, 'Freed by another thread than the allocating one: no error, but allocators pay for it. Dashed: what a thread ended of its own.')),
			holder, h('details', {}, h('summary', {}, 'As a list'), list)),
		update(now) {
			for (const one of buttons)
				one.setAttribute('aria-pressed', String(one.dataset.by === (now['threads.by'] === 'bytes' ? 'bytes' : 'blocks')));
			replace(holder, matrix(model, state, now));
			const match = wanted(model, now);
			const rows = handovers.all().filter((row) => !match || match(row.from) || match(row.to));
			replace(list, h('table.plain', {}, h('thead', {}, h('tr', {}, h('th', {}, 'Allocated by'), h('th', {}, 'Freed by'), h('th.num', {}, 'Blocks'), h('th.num', {}, 'Bytes'))),
				h('tbody', {}, rows.slice(0, 200).map((row) => h('tr', {}, h('td', {}, label(model, row.from)), h('td', {}, label(model, row.to)), h('td.num', {}, count(row.blocks)), h('td.num', { title: exactBytes(row.bytes) }, bytes(row.bytes)))))),
			rows.length > 200 ? h('p.small', {}, `${of(rows.length - 200, 'more pair')} of fewer blocks`) : null);
		},
	};
}

/* ---- modules ------------------------------------------------------------------------------------------------------------------- */

function boundaryCard(model, state) {
	const { boundaries, safety } = model.tables;
	const { frees, frees_with_stack: seen, omitted } = safety.row();
	const file = (path) => fileName(path) || 'unknown module';
	const node = (id) => {
		const lines = model.stack(id).map((index) => model.line(index));
		const line = lines.find((one) => !one.allocator) ?? lines[0] ?? model.line(NONE);
		return [h('span.code', { title: line.full }, line.name), ' ', h('span.where', { title: line.where }, line.place)];
	};
	const rows = boundaries.all();
	return h('section.card', { 'aria-labelledby': 'boundary-title' }, h('h2', { id: 'boundary-title' }, 'Across modules ', h('span.quiet', {}, 'allocated by the code of one, freed by that of another')),
		rows.length ? h('table.plain', {},
			h('thead', {}, h('tr', {}, h('th', {}, 'Allocated in, first by'), h('th', {}, 'Freed in, first by'), h('th.num', {}, 'Blocks'), h('th.num.wide', {}, 'Bytes'))),
			h('tbody', {}, rows.slice(0, 100).map((row) => h('tr', {},
				h('td', {}, link(state, { view: 'sites', q: withFilter('', 'module', file(row.from)) }, file(row.from)), h('div', {}, node(row.allocation_node))), h('td', {}, h('span', { title: row.to }, file(row.to)), h('div', {}, node(row.free_node))),
				h('td.num', {}, count(row.blocks)), h('td.num.wide', { title: exactBytes(row.bytes) }, bytes(row.bytes))))))
			: h('p.quiet', {}, !frees ? 'No block ended.' : !seen ? 'Not observable: stacks of frees are not in this trace; memscope-record --free-stacks, or --guard, records them.' : `None among ${of(seen, 'free')}.`),
		rows.length && seen < frees ? h('p.small', {}, `Of ${of(frees, 'block')} that ended, ${count(seen)} have the stack of their free.`) : null,
		omitted ? h('p.small', {}, `${of(omitted, 'block or request')} in further rows were not kept.`) : null);
}

export default {
	id: 'threads',
	title: 'Threads',
	empty: (model) => (model.tables.threads.rows ? null : 'No thread allocated or freed anything in this recording.'),
	render(root, { model, state }) {
		const line = h('p.bar.small', { role: 'status' });
		const table = ledgerTable(model, state);
		table.element.classList.add('fit');
		const handover = handoverCard(model, state);
		root.append(h('div.threads', {}, line, table.element, h('div.after', {}, handover.element, boundaryCard(model, state))));
		function update(now, keys) {
			if (keys && !['q', 'from', 'to', 'threads.sort', 'threads.by'].some((key) => keys.has(key)))
				return;
			const { rows, windowed } = ledgers(model, now);
			const query = model.query(now);
			replace(line, h('span', {}, `${of(rows.length, 'thread')} of ${count(model.tables.threads.rows)}`),
				h('span', { title: exactBytes(rows.reduce((sum, row) => sum + row.allocated_bytes, 0)) }, `allocated ${bytes(rows.reduce((sum, row) => sum + row.allocated_bytes, 0))} in ${of(rows.reduce((sum, row) => sum + row.begun, 0), 'block')}`),
				h('span', {}, `${of(rows.reduce((sum, row) => sum + row.remote, 0), 'remote free')}`),
				windowed ? h('span.tag', {}, 'blocks, allocated, alive and own peak of the selected time; the rest of the run')
					: model.brush(now) && model.merged('thread') ? h('span.tag', {}, 'of the whole run: there are too many threads for a series of each') : null,
				query.site !== undefined || query.module !== undefined || query.size || query.life ? h('span.tag', {}, 'here the search looks at threads alone: thread:NAME, or a word of the name') : null);
			table.update(rows, now['threads.sort'] || '-allocated_bytes');
			handover.update(now);
		}
		update(state.get());
		return { update, destroy: table.destroy };
	},
};
