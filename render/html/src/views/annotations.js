/*
 * annotations.js - what the program said of itself: tasks as a tree or a list, scopes by path, variables with the biographies of their blocks,
 * pools with the use that they make of their memory. One of them at a time; figures are those of the whole report.
 */
import { h, replace } from '../dom.js';
import { bytes, count, duration, exactBytes, of, share } from '../format.js';
import { NONE, fileName } from '../model.js';
import { threadText } from '../threads.js';
import { siteLinks } from '../widgets/link.js';
import { dataTable } from '../widgets/table.js';
import { treeView } from '../widgets/tree.js';

const SECTIONS = [['tasks', 'Tasks', 'task'], ['scopes', 'Scopes', 'scope'], ['variables', 'Variables', 'variable'], ['pools', 'Pools', 'pool']];
const PATH = 8; // names of a scope's path that are shown
const present = (model) => SECTIONS.filter(([id]) => model.tables[id].rows || (id === 'variables' && model.tables.biographies.rows));
const chosen = (model, now) => (present(model).find(([id]) => id === now['annotations.show']) ?? present(model)[0])[0];

/* ---- shared by tasks and scopes ------------------------------------------------------------------------------------------------ */

/* Rows of `table` that belong to each row of another: they stand in the order of its ids. */
function rowsOf(table, column, id) {
	const ids = table.column(column);
	let low = 0;
	let high = table.rows;
	while (low < high) {
		const middle = (low + high) >> 1;
		if (ids[middle] < id)
			low = middle + 1;
		else
			high = middle;
	}
	const rows = [];
	for (let i = low; i < table.rows && ids[i] === id; i++)
		rows.push(table.row(i));
	return rows;
}

const fact = (title, value, hover) => h('div', {}, h('dt', {}, title), h('dd', { title: hover }, value));
const available = (row) => row.start_bytes + row.allocated_bytes;
const freed = (row) => (available(row) ? share(row.freed_bytes, available(row)) : '–');

function ownedFacts(model, row) {
	const leaks = model.tables.annotations.number('leaks_observable', 0);
	return [
		fact('blocks begun', `${of(row.allocations, 'allocation')}, ${of(row.reallocations, 'reallocation')}`),
		fact('allocated', exactBytes(row.allocated_bytes)),
		fact('freed, by whoever', `${exactBytes(row.freed_bytes)} (${freed(row)})`),
		fact('largest of its own', `${exactBytes(row.peak_bytes)} after ${duration(row.peak_ns)}`),
		fact('alive at the end', `${exactBytes(row.live_bytes)} in ${of(row.live_blocks, 'block')}`),
		fact('leaked', leaks ? `${exactBytes(row.definite_bytes)} definitely, ${exactBytes(row.indirect_bytes)} hang on lost blocks` : 'not observable: there is no heap graph', leaks ? undefined : 'memscope-record --graph=exit takes one'),
		fact('temporary', of(row.temporary_allocations, 'block')),
		row.members > 1 ? fact('with all below it', `${exactBytes(row.all_allocated_bytes)} allocated, ${exactBytes(row.all_live_bytes)} alive, ${count(row.members)} in all`) : null,
	];
}

const amount = (id, title, note, wide) => ({ id, title, note, align: 'right', width: '96px', narrow: '80px', wide, value: (row) => row[id], cell: (row) => bytes(row[id]), title_of: (row) => exactBytes(row[id]) });
const number = (id, title, note, wide) => ({ id, title, note, align: 'right', width: '84px', narrow: '64px', wide, value: (row) => row[id], cell: (row) => count(row[id]) });
const time = (id, title, note, wide) => ({ id, title, note, align: 'right', width: '90px', narrow: '80px', wide, value: (row) => row[id], cell: (row) => duration(row[id]) });
const owned = (model) => [
	amount('allocated_bytes', 'Allocated', 'Blocks begun in it, also by realloc', true),
	amount('peak_bytes', 'Own peak', 'Most that was alive of its own', true),
	amount('live_bytes', 'Alive', 'Of its blocks, at the end'),
	{ id: 'freed', title: 'Freed', note: 'Of what was allocated, by whoever', align: 'right', width: '76px', narrow: '64px', value: (row) => (available(row) ? row.freed_bytes / available(row) : null), cell: freed, title_of: (row) => exactBytes(row.freed_bytes) },
	model.tables.annotations.number('leaks_observable', 0) ? { id: 'leaked', title: 'Leaked', note: 'Lost by the last heap graph, definitely or with a lost block', align: 'right', width: '88px', wide: true, value: (row) => row.definite_bytes + row.indirect_bytes, cell: (row) => bytes(row.definite_bytes + row.indirect_bytes) } : null,
	amount('all_live_bytes', 'With inner', 'Alive at the end, with all below it', true),
].filter(Boolean);

function threadTable(model, rows, calls) {
	return rows.length ? h('table.plain', {}, h('thead', {}, h('tr', {}, h('th', {}, 'Thread'), h('th.num', {}, calls), h('th.num', {}, 'Inside'), rows[0].live_bytes === undefined ? null : [h('th.num', {}, 'Allocated'), h('th.num', {}, 'Alive')])),
		h('tbody', {}, rows.slice(0, 100).map((row) => h('tr', {}, h('td', {}, threadText(model, row.thread)), h('td.num', {}, count(row.enters ?? row.calls)), h('td.num', {}, duration(row.inside_ns)),
			row.live_bytes === undefined ? null : [h('td.num', { title: exactBytes(row.allocated_bytes) }, bytes(row.allocated_bytes)), h('td.num', { title: exactBytes(row.live_bytes) }, bytes(row.live_bytes))])))) : null;
}

/* Words of the search that a name must have, or must not. */
function matcher(model, now) {
	const { words } = model.query(now);
	return words.length ? (text) => words.every((word) => text.toLowerCase().includes(word.text.toLowerCase()) !== !!word.no) : null;
}

/* ---- tasks --------------------------------------------------------------------------------------------------------------------- */

const taskName = (row) => `${row.name || '(no name)'}${row.has_key ? ` [${row.key}]` : ''}`;

function taskRows(model) {
	return model.once('annotation tasks', () => model.tables.tasks.all().map((row, i) => ({ ...row, id: i + 1 })));
}

function taskDetail(model, row) {
	const seen = (yes, ns) => (yes ? duration(ns) : 'not seen');
	return h('div.detail', {},
		h('dl.facts', {}, ownedFacts(model, row),
			fact('spawned', row.spawned ? `after ${duration(row.spawn_ns)} by ${threadText(model, row.spawn_thread)}` : 'not seen: what it did before is not known'),
			fact('first entered, last left', `${seen(row.first_enter_ns, row.first_enter_ns)}, ${seen(row.last_leave_ns, row.last_leave_ns)}`),
			fact('ended', row.ended ? `after ${duration(row.end_ns)}, with ${exactBytes(row.end_live_bytes)} alive in ${of(row.end_live_blocks, 'block')}` : 'not seen'),
			row.parent ? fact('parent', `#${row.parent} ${taskName(taskRows(model)[row.parent - 1])}`) : null,
			row.inside ? fact('entered at the end', of(row.inside, 'time')) : null),
		threadTable(model, rowsOf(model.tables.task_threads, 'task', row.id), 'Enters'));
}

function tasks(model, state) {
	const all = taskRows(model);
	const facts = model.tables.annotations.row();
	const holder = h('div', {});
	let shown = null;
	const children = model.once('annotation children', () => {
		const lists = new Map();
		for (const row of all) {
			const list = lists.get(row.parent) ?? [];
			list.push(row.id);
			lists.set(row.parent, list);
		}
		for (const list of lists.values())
			list.sort((a, b) => all[b - 1].all_live_bytes - all[a - 1].all_live_bytes || all[b - 1].all_allocated_bytes - all[a - 1].all_allocated_bytes || a - b);
		return lists;
	});
	const nested = all.some((row) => row.parent);
	const button = (tree, text) => h('button', { type: 'button', 'data-tree': String(tree), onclick: () => state.set({ 'annotations.tree': tree ? '1' : undefined }) }, text);
	const buttons = nested ? [button(false, 'List'), button(true, 'Tree')] : [];
	const table = () => dataTable({
		label: 'Tasks', sort: state.get()['annotations.sort'] || '-live_bytes', key: (row) => row.id, onSort: (sort) => state.set({ 'annotations.sort': sort }), detail: (row) => taskDetail(model, row),
		columns: [
			{ id: 'id', title: 'Task', width: 'minmax(170px, 1fr)', narrow: 'minmax(0, 1fr)', first: 'ascending', value: (row) => row.id, cell: (row) => [h('span.quiet', {}, `#${row.id} `), taskName(row)], title_of: (row) => `#${row.id} ${taskName(row)}` },
			number('enters', 'Enters', 'Times that a thread entered it', true), time('inside_ns', 'Inside', 'From each enter to its leave', true), number('threads', 'Threads', 'That entered it', true), ...owned(model)],
	});
	const tree = () => treeView({
		label: 'Tree of tasks', heads: [{ text: 'Task' }, { text: 'Tasks', wide: true }, { text: 'Alive with children' }, { text: 'Alive' }, { text: 'Allocated', wide: true }], roots: children.get(0) ?? [],
		children: (id) => children.get(id) ?? [], isOpen: () => false, onToggle: () => {},
		cells: (id) => {
			const row = all[id - 1];
			return { name: `#${id} ${taskName(row)}`, title: `#${id} ${taskName(row)}`, rest: [{ text: count(row.members), title: 'Itself and all below it', wide: true }, { text: bytes(row.all_live_bytes), title: exactBytes(row.all_live_bytes) }, { text: bytes(row.live_bytes), title: exactBytes(row.live_bytes) }, { text: bytes(row.allocated_bytes), title: exactBytes(row.allocated_bytes), wide: true }] };
		},
	});
	return {
		element: [h('p.bar.small', {}, buttons, h('span', {}, `in no task: allocated ${bytes(facts.tasks_outside_allocated_bytes)}, alive ${bytes(facts.tasks_outside_live_bytes)}`),
			facts.tasks_unbalanced ? h('span.tag', {}, `${of(facts.tasks_unbalanced, 'leave')} of a task that was not entered last, or only by the end of its thread`) : null,
			facts.tasks_beyond_limit ? h('span.tag', {}, `${of(facts.tasks_beyond_limit, 'more task')} without a row`) : null), holder],
		update(now) {
			const wanted = nested && now['annotations.tree'] ? 'tree' : 'list';
			for (const one of buttons)
				one.setAttribute('aria-pressed', String((one.dataset.tree === 'true') === (wanted === 'tree')));
			if (wanted !== shown?.kind) {
				shown?.view.destroy?.();
				shown = { kind: wanted, view: wanted === 'tree' ? tree() : table() };
				shown.view.element.classList.add('fit');
				replace(holder, shown.view.element);
			}
			const match = matcher(model, now);
			if (wanted === 'list')
				shown.view.update(match ? all.filter((row) => match(`#${row.id} ${taskName(row)}`)) : all, now['annotations.sort'] || '-live_bytes');
		},
		destroy: () => shown?.view.destroy?.(),
	};
}

/* ---- scopes -------------------------------------------------------------------------------------------------------------------- */

function scopes(model, state) {
	const facts = model.tables.annotations.row();
	const rows = model.once('annotation scopes', () => {
		const list = model.tables.scopes.all().map((row, i) => ({ ...row, id: i + 1 }));
		for (const row of list) {
			const names = [];
			for (let at = row; at && names.length < PATH; at = list[at.parent - 1])
				names.unshift(at.name || '(no name)');
			row.path = `${row.depth > names.length ? '… / ' : ''}${names.join(' / ')}`;
		}
		return list;
	});
	const table = dataTable({
		label: 'Scopes', sort: state.get()['annotations.sort'] || '-live_bytes', key: (row) => row.id, onSort: (sort) => state.set({ 'annotations.sort': sort }),
		detail: (row) => h('div.detail', {}, h('dl.facts', {}, ownedFacts(model, row), fact('longest call', duration(row.longest_ns)), row.inside ? fact('not ended', of(row.inside, 'call')) : null), threadTable(model, rowsOf(model.tables.scope_threads, 'scope', row.id), 'Calls')),
		columns: [
			{ id: 'path', title: 'Scope', width: 'minmax(200px, 1fr)', narrow: 'minmax(0, 1fr)', first: 'ascending', value: (row) => row.path, cell: (row) => row.path, title_of: (row) => row.path },
			number('calls', 'Calls', 'Times that it was begun', true), time('inside_ns', 'Inside', 'Over all calls, scopes inside included', true), ...owned(model)],
	});
	table.element.classList.add('fit');
	return {
		element: [h('p.bar.small', {}, h('span', {}, `in no scope: allocated ${bytes(facts.scopes_outside_allocated_bytes)}, alive ${bytes(facts.scopes_outside_live_bytes)}`),
			facts.scopes_unbalanced ? h('span.tag', {}, `${of(facts.scopes_unbalanced, 'scope')} left by a jump, an exception or the end of a thread`) : null,
			facts.scopes_beyond_limit_calls ? h('span.tag', {}, `${of(facts.scopes_beyond_limit_calls, 'call')} of further paths count for the scope around them`) : null), table.element],
		update(now) {
			const match = matcher(model, now);
			table.update(match ? rows.filter((row) => match(row.path)) : rows, now['annotations.sort'] || '-live_bytes');
		},
		destroy: table.destroy,
	};
}

/* ---- variables ----------------------------------------------------------------------------------------------------------------- */

function siteLine(model, node) {
	const lines = model.stack(node).map((index) => model.line(index));
	return lines.find((line) => !line.allocator) ?? lines[0] ?? model.line(NONE);
}

function biography(model, state, row) {
	const { variable_events: events, variables } = model.tables;
	const line = siteLine(model, row.node);
	const site = model.siteOfNode.get(row.node);
	const items = [];
	for (let i = row.first_event; i < row.first_event + row.event_count; i++) {
		const event = events.row(i);
		const extra = [event.what === 'tracked' && event.variable ? `as ${variables.text('name', event.variable - 1)}` : null, event.other ? `block ${count(event.other)}` : null,
			event.bytes ? exactBytes(event.bytes) : null, event.what === 'handed over' ? `from ${threadText(model, event.from_thread)} to ${threadText(model, event.thread)}` : event.thread ? `by ${threadText(model, event.thread)}` : null];
		items.push(h('li', {}, h('span.life-time', {}, duration(event.time_ns)), h('span.life-what', {}, event.what), ' ', extra.filter(Boolean).join(', ')));
	}
	if (row.end === 'alive')
		items.push(h('li', {}, h('span.life-time', {}, 'the end'), h('span.life-what', {}, 'alive')));
	return h('div.detail', {}, h('p.small', {}, `begun in ${line.name} ${line.place}`, site === undefined ? null : [', ', siteLinks(model, state, site)]), h('ol.life', {}, items),
		row.omitted ? h('p.small', {}, `${of(row.omitted, 'more event')} in between are not kept`) : null);
}

function variables(model, state) {
	const { variables: list, biographies } = model.tables;
	const facts = model.tables.annotations.row();
	const rows = list.all().map((row, i) => ({ ...row, id: i + 1 }));
	const name = (id) => (id ? list.text('name', id - 1) || '(no name)' : 'no variable');
	const lives = model.once('annotation lives', () => biographies.all().map((row, i) => ({ ...row, id: i + 1, lived: (row.end === 'alive' ? model.to : row.end_ns) - row.birth_ns })));
	const table = dataTable({
		label: 'Variables', sort: '-live_bytes', key: (row) => row.id, onSort: () => {},
		detail: (row) => h('div.detail', {}, h('dl.facts', {}, fact('tracked at', row.file ? `${row.file}:${row.line}${row.function ? `, in ${row.function}` : ''}` : 'not known'), fact('type', row.type || 'not known'),
			fact('largest at once', `${exactBytes(row.peak_bytes)} after ${duration(row.peak_ns)}`), fact('alive at the end', `${exactBytes(row.live_bytes)} in ${of(row.live_blocks, 'block')}`), fact('reallocations', count(row.reallocations)),
			fact('clones, moves', `${count(row.clones)}, ${count(row.moves)}`), fact('borrowed, returned', `${count(row.borrows)}, ${count(row.returns)}`), fact('handed to another thread', count(row.hand_overs)),
			row.untracked ? fact('pointed to no known block', of(row.untracked, 'time')) : null)),
		columns: [
			{ id: 'name', title: 'Variable', width: 'minmax(150px, 1fr)', narrow: 'minmax(0, 1fr)', first: 'ascending', value: (row) => row.name, cell: (row) => h('span.code', {}, row.name || '(no name)'), title_of: (row) => row.name },
			{ id: 'type', title: 'Type', width: 'minmax(120px, 1fr)', wide: true, first: 'ascending', value: (row) => row.type, cell: (row) => (row.type ? h('span.code', {}, row.type) : h('span.quiet', {}, 'not known')), title_of: (row) => row.type },
			{ id: 'where', title: 'Where', width: 'minmax(110px, 0.7fr)', wide: true, first: 'ascending', value: (row) => `${row.file}:${row.line}`, cell: (row) => (row.file ? `${fileName(row.file)}:${row.line}` : ''), title_of: (row) => row.file },
			number('blocks', 'Blocks', 'That came to belong to it'), amount('live_bytes', 'Alive', 'Of its blocks, at the end'), amount('peak_bytes', 'Peak', 'Most that belonged to it at once', true), number('freed', 'Freed', 'Blocks', true), number('hand_overs', 'Handed', 'To another thread', true)],
	});
	const lifeTable = dataTable({
		label: 'Biographies', sort: '-size_bytes', key: (row) => row.id, onSort: () => {}, detail: (row) => biography(model, state, row),
		columns: [
			{ id: 'first_block', title: 'Block', width: '90px', narrow: '70px', align: 'right', first: 'ascending', value: (row) => row.first_block, cell: (row) => count(row.first_block), title_of: (row) => row.address },
			{ id: 'variable', title: 'Variable', width: 'minmax(120px, 1fr)', narrow: 'minmax(0, 1fr)', first: 'ascending', value: (row) => name(row.variable), cell: (row) => h(row.variable ? 'span.code' : 'span.quiet', {}, name(row.variable)) },
			{ id: 'node', title: 'Begun in', width: 'minmax(150px, 1fr)', wide: true, first: 'ascending', value: (row) => siteLine(model, row.node).name, cell: (row) => siteLine(model, row.node).name },
			amount('size_bytes', 'Size', 'In the end'), time('birth_ns', 'Born', 'After the start', true), time('lived', 'Lived', 'To its end, or that of the recording', true), number('event_count', 'Events', 'Of its biography', true),
			{ id: 'end', title: 'End', width: '84px', narrow: '64px', first: 'ascending', value: (row) => row.end, cell: (row) => row.end }],
	});
	table.element.classList.add('short');
	lifeTable.element.classList.add('short');
	const title = h('h2.list-title', {});
	return {
		element: [facts.unknown_blocks ? h('p.bar.small', {}, h('span.tag', {}, `${of(facts.unknown_blocks, 'block')} of clones, moves, borrows and returns that the trace does not know`)) : null,
			rows.length ? table.element : null, title, lifeTable.element],
		update(now) {
			const match = matcher(model, now);
			const shown = match ? lives.filter((row) => match(name(row.variable))) : lives;
			table.update(match ? rows.filter((row) => match(`${row.name} ${row.type} ${row.file}`)) : rows, '-live_bytes');
			lifeTable.update(shown, '-size_bytes');
			replace(title, 'Biographies ', h('span.quiet', {}, `of ${of(shown.length, 'block')}${facts.biographies_omitted ? `; those of ${of(facts.biographies_omitted, 'further block')} were not kept` : ''}`));
		},
		destroy: () => { table.destroy?.(); lifeTable.destroy?.(); },
	};
}

/* ---- pools --------------------------------------------------------------------------------------------------------------------- */

function pools(model, state) {
	const rows = model.tables.pools.all().map((row, i) => ({ ...row, id: i + 1 }));
	const used = (row) => (row.parent_bytes ? share(row.peak_bytes, row.parent_bytes) : '–');
	const table = dataTable({
		label: 'Pools', sort: state.get()['annotations.sort'] || '-peak_bytes', key: (row) => row.id, onSort: (sort) => state.set({ 'annotations.sort': sort }),
		detail: (row) => {
			const parent = row.parent_block ? siteLine(model, row.parent_node) : null;
			const site = parent ? model.siteOfNode.get(row.parent_node) : undefined;
			const asked = rowsOf(model.tables.pool_sites, 'pool', row.id);
			return h('div.detail', {}, h('dl.facts', {},
				fact('memory', parent ? [`block ${count(row.parent_block)}, ${exactBytes(row.parent_bytes)}, begun in ${parent.name}`, site === undefined ? null : [': ', siteLinks(model, state, site)]] : 'no block that is known'),
				fact('created', row.created ? `after ${duration(row.create_ns)} by ${threadText(model, row.create_thread)}` : 'not seen'),
				fact('destroyed', row.destroyed ? `after ${duration(row.destroy_ns)}, with ${exactBytes(row.destroyed_bytes)} alive in ${of(row.destroyed_blocks, 'block')}` : 'not seen'),
				fact('given out', `${exactBytes(row.allocated_bytes)} in ${of(row.allocations, 'block')}`), fact('came back', `${exactBytes(row.freed_bytes)} in ${of(row.frees, 'block')}`),
				fact('resets', `${count(row.resets)}, with ${exactBytes(row.reset_bytes)} alive in ${of(row.reset_blocks, 'block')}`), fact('alive at the end', `${exactBytes(row.live_bytes)} in ${of(row.live_blocks, 'block')}`),
				fact('most at once', `${exactBytes(row.peak_bytes)} in ${of(row.peak_blocks, 'block')} after ${duration(row.peak_ns)}`),
				row.parent_end_ns ? fact('memory freed', `after ${duration(row.parent_end_ns)}, before the pool was destroyed`) : null, row.outside ? fact('not inside its memory', of(row.outside, 'block')) : null,
				row.unmatched_frees ? fact('not its own, but came back', of(row.unmatched_frees, 'block')) : null, row.replaced ? fact('given out again without a free', of(row.replaced, 'block')) : null),
			asked.length ? h('table.plain', {}, h('thead', {}, h('tr', {}, h('th', {}, 'Asked for by'), h('th.num', {}, 'Blocks'), h('th.num', {}, 'Bytes'), h('th.num', {}, 'Alive'))),
				h('tbody', {}, asked.slice(0, 50).map((one) => { const line = siteLine(model, one.node); return h('tr', {}, h('td', {}, h('span.code', { title: line.full }, line.name), ' ', h('span.where', { title: line.where }, line.place)), h('td.num', {}, count(one.allocations)), h('td.num', { title: exactBytes(one.allocated_bytes) }, bytes(one.allocated_bytes)), h('td.num', { title: exactBytes(one.live_bytes) }, bytes(one.live_bytes))); }))) : null,
			asked.length > 50 ? h('p.small', {}, of(asked.length - 50, 'more call path')) : null);
		},
		columns: [
			{ id: 'name', title: 'Pool', width: 'minmax(150px, 1fr)', narrow: 'minmax(0, 1fr)', first: 'ascending', value: (row) => row.name, cell: (row) => [h('span.quiet', {}, `#${row.id} `), row.name || '(no name)'], title_of: (row) => row.name },
			{ ...amount('parent_bytes', 'Memory', 'The block that it cuts its blocks from', true), cell: (row) => (row.parent_block ? bytes(row.parent_bytes) : '–'), title_of: (row) => (row.parent_block ? exactBytes(row.parent_bytes) : 'no block that is known') }, amount('peak_bytes', 'Peak', 'Most that lived at once'),
			{ id: 'used', title: 'Used', note: 'Peak of memory', align: 'right', width: '80px', narrow: '64px', value: (row) => (row.parent_bytes ? row.peak_bytes / row.parent_bytes : null), cell: used },
			number('allocations', 'Blocks', 'That it gave out', true), amount('allocated_bytes', 'Given out', 'In all', true), amount('live_bytes', 'Alive', 'At the end'), number('resets', 'Resets', 'All blocks free at once', true)],
	});
	table.element.classList.add('fit');
	return {
		element: [h('p.bar.small', {}, h('span', {}, 'blocks of pools lie inside blocks of the heap: they are in no total')), table.element],
		update(now) {
			const match = matcher(model, now);
			table.update(match ? rows.filter((row) => match(row.name)) : rows, now['annotations.sort'] || '-peak_bytes');
		},
		destroy: table.destroy,
	};
}

const MAKERS = { tasks, scopes, variables, pools };

export default {
	id: 'annotations',
	title: 'Annotations',
	empty: (model) => (present(model).length ? null : 'The program says nothing of itself: with memscope.h it can name its tasks, scopes, variables and pools (MEMSCOPE_TASK, MEMSCOPE_SCOPE, MEMSCOPE_TRACK, memscope_pool_create).'),
	render(root, { model, state }) {
		const buttons = present(model).map(([id, title]) => h('button', { type: 'button', 'data-show': id, onclick: () => state.set({ 'annotations.show': id, 'annotations.sort': undefined }) }, title));
		const counts = present(model).map(([id, , noun]) => of(model.tables[id].rows, noun)).join(', ');
		const holder = h('div', {});
		let shown = null;
		root.append(h('div.annotations', {}, h('p.bar', { role: 'group', 'aria-label': 'What to show' }, buttons, h('span.small', { role: 'status' }, `${counts}; figures of the whole ${model.window.given ? 'window' : 'recording'}`)), holder));
		function update(now, keys) {
			if (keys && ![...keys].some((key) => key === 'q' || key.startsWith('annotations.')))
				return;
			const kind = chosen(model, now);
			for (const one of buttons)
				one.setAttribute('aria-pressed', String(one.dataset.show === kind));
			if (kind !== shown?.kind) {
				shown?.part.destroy?.();
				shown = { kind, part: MAKERS[kind](model, state) };
				replace(holder, shown.part.element);
			}
			shown.part.update(now);
		}
		update(state.get());
		return { update, destroy: () => shown?.part.destroy?.() };
	},
};
