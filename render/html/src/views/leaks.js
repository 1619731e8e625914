/*
 * leaks.js - what the last heap graph says: which blocks leaked, who holds the others, level by level, and what each call path retains; and
 * which call paths kept growing. All of it is of one moment (growth: of the second half of the run), so the time brush changes nothing here.
 */
import { h, replace } from '../dom.js';
import { bytes, count, duration, exactBytes, of, share } from '../format.js';
import { NONE, fileName, shortFunction } from '../model.js';
import { threadText } from '../threads.js';
import { link, siteLinks } from '../widgets/link.js';
import { banner } from '../widgets/quality.js';
import { stackList } from '../widgets/stack.js';
import { dataTable } from '../widgets/table.js';
import { treeView } from '../widgets/tree.js';

const HOW = ' memscope-record takes a heap graph when the program exits (--graph=exit, the default), on a signal with --graph-signal, and with a guard at a crash.';
const KINDS = {
	definite: ['error', 'No pointer to them was left anywhere: they can never be freed.'],
	indirect: ['warning', 'Only blocks that are lost themselves point to them: they go when those are freed.'],
	possible: ['warning', 'Only pointers into their middle were left: by accident, or by a program that does so on purpose.'],
	reachable: ['good', 'Something still points to them: not lost, but never freed.'],
};

/* A holder in the words of the text report. */
function holderText(model, row) {
	const name = row.name ? shortFunction(row.name) : '';
	const thread = row.thread || !row.tid ? threadText(model, row.thread) : `thread ${row.tid}`;
	switch (row.kind) {
	case 'global': return `${name ? `global ${name}` : 'data without a name'}${row.module ? ` in ${fileName(row.module)}` : ''}`;
	case 'stack': return name ? `${name}() in ${thread}` : `stack of ${thread}`;
	case 'registers': return `registers of ${thread}`;
	case 'tls': return `thread-local storage of ${thread}`;
	case 'mapping': return row.path ? `mapping of ${row.path}` : `mapping at ${row.address}`;
	default: return 'root of an unknown kind';
	}
}

const siteOf = (model, node) => model.siteOfNode.get(node);

function place(model, node) {
	const site = siteOf(model, node);
	return site === undefined ? model.line(NONE) : model.siteLine(site);
}

/* "Type from function file:line"; wrap: of the function. */
function placeNode(line, type, wrap = (text) => text) {
	return [type ? [h('span.code.strong', {}, type), ' from '] : null, wrap(h('span.code', {}, line.name)), ' ', h('span.where', {}, line.place)];
}

const placeTitle = (line) => `${line.full}\n${line.where || line.module}`;

function whereColumn(model, title, typeOf = () => '') {
	return {
		id: 'where', title, width: 'minmax(220px, 1fr)', narrow: 'minmax(0, 1fr)', first: 'ascending', value: (row) => place(model, row.node).name,
		cell: (row) => placeNode(place(model, row.node), typeOf(row)), title_of: (row) => placeTitle(place(model, row.node)),
	};
}

const bytesColumn = (id, title, note, extra) => ({ id, title, note, align: 'right', width: '110px', narrow: '96px', value: (row) => row[id], cell: (row) => bytes(row[id]), title_of: (row) => exactBytes(row[id]), ...extra });
const countColumn = (id, title, note, extra) => ({ id, title, note, align: 'right', width: '84px', narrow: '60px', value: (row) => row[id], cell: (row) => count(row[id]), ...extra });
const siteColumn = { id: 'site', title: 'Site', note: 'Number of the call path, as in the text report', align: 'right', width: '64px', wide: true, first: 'ascending', value: (row) => row.node, cell: (row) => `#${row.node}` };

/* ---- leaks: a row per kind and call path ------------------------------------------------------------------------------------- */

function leakDetail(model, state, row) {
	const fact = (title, value, hover) => h('div', {}, h('dt', {}, title), h('dd', { title: hover }, value));
	const site = siteOf(model, row.node);
	return h('div.detail', {},
		h('dl.facts', {},
			fact('kind', row.kind, KINDS[row.kind][1]),
			fact('blocks', `${exactBytes(row.bytes)} in ${of(row.blocks, 'block')}`),
			row.indirect_blocks ? fact('hanging on them', `${exactBytes(row.indirect_bytes)} in ${of(row.indirect_blocks, 'block')}`) : null,
			fact('sizes', row.min_bytes === row.max_bytes ? exactBytes(row.min_bytes) : `${exactBytes(row.min_bytes)} to ${exactBytes(row.max_bytes)}, mostly ${exactBytes(row.frequent_bytes)} (${count(row.frequent_blocks)})`),
			fact('born', row.blocks > 1 ? `as allocations ${count(row.first_block)} to ${count(row.last_block)}, ${duration(row.first_ns)} to ${duration(row.last_ns)}` : `as allocation ${count(row.first_block)}, after ${duration(row.first_ns)}`),
			fact('example', `block ${count(row.example_block)}, ${exactBytes(row.example_bytes)} at ${row.example_address}`, `memscope-analyze --why=${row.example_block} shows the way to it`),
			fact('the example retains', exactBytes(row.example_retained_bytes)),
			fact('allocated by', `${row.example_call || 'an unknown call'} in ${threadText(model, row.example_thread)}`),
			row.type ? fact('class', h('span.code', {}, row.type), 'C++ class by its vtable') : null,
			row.cycle_count ? fact('cycle', row.cycle_count === 1 ? 'the example points to itself' : `the example lies on a cycle of ${of(row.cycle_count, 'block')}`) : null,
			row.in_cycle_blocks ? fact('on cycles', of(row.in_cycle_blocks, 'block')) : null,
			row.fingerprint ? fact('finding', link(state, { view: 'findings', 'findings.kind': 'leaks', q: `"${row.fingerprint}"` }, row.fingerprint)) : null),
		stackList(model, row.node),
		site === undefined ? null : h('p.small', {}, siteLinks(model, state, site, 'leaked')));
}

function leakPanel(model, state) {
	const all = model.tables.leaks.all();
	const columns = [
		whereColumn(model, 'Allocated by', (row) => row.type),
		{ id: 'kind', title: 'Kind', width: '96px', narrow: '78px', first: 'ascending', value: (row) => Object.keys(KINDS).indexOf(row.kind), cell: (row) => [h(`span.kind.${KINDS[row.kind][0]}`, {}, row.kind), row.suppressed ? h('span.tag', {}, 'suppressed') : null] },
		bytesColumn('bytes', 'Bytes', 'Of the blocks of this kind and call path'),
		countColumn('blocks', 'Blocks', undefined, { wide: true }),
		bytesColumn('indirect_bytes', 'Hanging on', 'Bytes of lost blocks that only these hold', { wide: true, cell: (row) => (row.indirect_blocks ? bytes(row.indirect_bytes) : '') }),
		{ id: 'sizes', title: 'Sizes', align: 'right', width: '140px', wide: true, value: (row) => row.max_bytes, cell: (row) => (row.min_bytes === row.max_bytes ? bytes(row.min_bytes) : `${bytes(row.min_bytes)}..${bytes(row.max_bytes)}`) },
		{ id: 'born', title: 'Born as', note: 'Which allocations of the run', align: 'right', width: '120px', wide: true, first: 'ascending', value: (row) => row.first_block, cell: (row) => (row.blocks > 1 ? `${count(row.first_block)}..${count(row.last_block)}` : count(row.first_block)) },
		siteColumn,
	];
	const choice = h('select', { id: 'leaks-kind', onchange: () => state.set({ 'leaks.kind': choice.value === 'lost' ? undefined : choice.value }) },
		[['lost', 'all but reachable'], ...Object.keys(KINDS).map((kind) => [kind, kind]), ['all', 'all kinds']].map(([value, title]) => h('option', { value }, title)));
	const line = h('span.small', { role: 'status' });
	const table = dataTable({ label: 'Leaks', columns, sort: state.get()['leaks.sort'] || 'kind', key: (row) => `${row.kind}${row.node}`, detail: (row) => leakDetail(model, state, row), onSort: (sort) => state.set({ 'leaks.sort': sort }) });
	table.element.classList.add('fit');
	return {
		element: h('div', {}, h('p.bar', {}, h('label', {}, 'Kinds ', choice), line), table.element),
		update(now) {
			const kind = now['leaks.kind'] ?? 'lost';
			const mask = model.matches(now);
			choice.value = kind;
			const rows = all.filter((row) => (kind === 'all' || (kind === 'lost' ? row.kind !== 'reachable' : row.kind === kind)) && (!mask || mask[siteOf(model, row.node)]));
			const sum = rows.reduce((total, row) => total + row.bytes, 0);
			replace(line, `${of(rows.length, 'call path')}, `, h('span', { title: exactBytes(sum) }, `${bytes(sum)} in ${of(rows.reduce((total, row) => total + row.blocks, 0), 'block')}`));
			table.update(rows, now['leaks.sort'] || 'kind');
		},
		destroy: table.destroy,
	};
}

/* ---- who holds it --------------------------------------------------------------------------------------------------------------- */

function graphBytes(model) {
	return model.tables.leak_kinds.all().reduce((sum, row) => sum + row.bytes, 0);
}

function holderPanel(model, state) {
	const { tables } = model;
	const all = graphBytes(model);
	const rows = tables.holders.all().map((row, i) => ({ ...row, index: i, text: holderText(model, row), places: [] }));
	for (const one of tables.held_places.all())
		rows[one.holding].places.push(one);
	const rest = tables.holders_summary.row();
	if (rest.shared_blocks)
		rows.push({ index: 'shared', text: '(several of them together)', retained_bytes: rest.shared_bytes, retained_blocks: rest.shared_blocks, pointers: null, places: [], name: '', module: '', what: 'shared' });
	if (rest.lost_blocks)
		rows.push({ index: 'lost', text: '(nothing: lost)', retained_bytes: rest.lost_bytes, retained_blocks: rest.lost_blocks, pointers: null, places: [], name: '', module: '', what: 'lost' });
	const group = (row) => (row.what ? tables.held_tree.all().findIndex((one) => one.what === row.what) : row.group === NONE ? -1 : row.group);
	const made = (row) => row.places.filter((one, i) => i === 0 || one.bytes * 10 >= row.retained_bytes).map((one, i) => {
		const line = model.line(one.line);
		return [i ? ', ' : '', `${share(one.bytes, row.retained_bytes)} `, placeNode(line, one.type)];
	});
	const columns = [
		{ id: 'holder', title: 'Held by', width: 'minmax(200px, 1fr)', narrow: 'minmax(0, 1fr)', first: 'ascending', value: (row) => row.text, cell: (row) => (row.what ? h('i', {}, row.text) : row.text), title_of: (row) => (row.name ? `${row.name}\n${row.module}` : row.text) },
		bytesColumn('retained_bytes', 'Retained', 'What would go if it let go'),
		{ id: 'share', title: 'Share', note: 'Of all blocks in the heap graph', align: 'right', width: '76px', wide: true, value: (row) => row.retained_bytes, cell: (row) => share(row.retained_bytes, all) },
		countColumn('retained_blocks', 'Blocks', undefined, { wide: true }),
		countColumn('pointers', 'Pointers', 'To blocks, that stand in it', { wide: true, cell: (row) => (row.pointers === null ? '' : count(row.pointers)) }),
		{ id: 'made', title: 'Made of', note: 'Largest places that allocated what it holds', width: 'minmax(200px, 1.4fr)', wide: true, value: (row) => row.places[0]?.bytes ?? null, cell: made },
	];
	const detail = (row) => h('div.detail', {},
		h('dl.facts', {}, row.what ? null : h('div', {}, h('dt', {}, 'kind'), h('dd', {}, row.kind)), row.what ? null : h('div', {}, h('dt', {}, 'address'), h('dd.code', {}, row.address)),
			h('div', {}, h('dt', {}, 'retained'), h('dd', {}, `${exactBytes(row.retained_bytes)} in ${of(row.retained_blocks, 'block')}`))),
		row.what === 'shared' ? h('p.small', {}, 'Ways from more than one holder lead to these blocks: none of them alone keeps them.') : null,
		row.places.length ? h('ul.small', {}, row.places.map((one) => h('li', {}, `${bytes(one.bytes)} in ${of(one.blocks, 'block')}: `, placeNode(model.line(one.line), one.type)))) : null,
		group(row) >= 0 ? h('p.small', {}, link(state, { 'leaks.show': 'tree', 'leaks.tree': String(group(row)) }, 'show it in the dominator tree')) : null);
	const table = dataTable({ label: 'Holders', columns, sort: state.get()['leaks.sort'] || '-retained_bytes', key: (row) => row.index, detail, onSort: (sort) => state.set({ 'leaks.sort': sort }) });
	table.element.classList.add('fit');
	return {
		element: h('div', {}, h('p.small', {}, 'Retained is what would go if this holder alone let go. The search looks at the names of holders here.'), table.element, blockTable(model)),
		update(now) {
			const words = model.query(now).words;
			const has = (row, text) => `${row.text}\n${row.name}\n${row.module}\n${row.places.map((one) => placeTitle(model.line(one.line))).join('\n')}`.toLowerCase().includes(text);
			table.update(rows.filter((row) => words.every((word) => has(row, word.text) !== word.no)), now['leaks.sort'] || '-retained_bytes');
		},
		destroy: table.destroy,
	};
}

/* Single blocks that keep others alive. */
function blockTable(model) {
	const rows = model.tables.held_blocks.all().filter((row) => row.retained_blocks > 1).slice(0, 20);
	if (!rows.length)
		return null;
	return h('section.card.after', {}, h('h2', {}, 'Blocks that hold most'), h('p.small', {}, 'memscope-analyze --why=BLOCK shows the way from a holder to one.'), h('table.plain', {},
		h('thead', {}, h('tr', {}, h('th.num', {}, 'Retained'), h('th.num.wide', {}, 'Blocks'), h('th.num.wide', {}, 'Itself'), h('th.num', {}, 'Block'), h('th', {}, 'What'))),
		h('tbody', {}, rows.map((row) => h('tr', {}, h('td.num', { title: exactBytes(row.retained_bytes) }, bytes(row.retained_bytes)), h('td.num.wide', {}, count(row.retained_blocks)),
			h('td.num.wide', { title: exactBytes(row.size_bytes) }, bytes(row.size_bytes)), h('td.num', {}, String(row.block)),
			h('td', { title: placeTitle(place(model, row.node)) }, ['definite', 'indirect'].includes(row.kind) ? '(lost) ' : '', placeNode(place(model, row.node), row.type)))))));
}

/* ---- the dominator tree --------------------------------------------------------------------------------------------------------- */

function treePanel(model, state) {
	const { tables } = model;
	const groups = tables.held_tree.all();
	const all = graphBytes(model);
	const below = groups.map(() => []);
	const roots = [];
	groups.forEach((row, i) => (row.parent === NONE ? roots : below[row.parent]).push(i));
	const holder = h('div', {});
	const line = h('p.small', { role: 'status' });
	let toggling = false;
	const opened = (now) => new Set((now['leaks.tree'] ?? String(roots[0] ?? '')).split(',').filter(Boolean).map(Number));

	function name(row) {
		if (row.what === 'holder')
			return [holderText(model, tables.holders.row(row.holding)), 'Held by this alone'];
		if (row.what === 'shared')
			return [h('i', {}, '(several of them together)'), 'Ways from more than one holder lead to these blocks: none of them alone keeps them'];
		if (row.what === 'lost')
			return [h('i', {}, '(nothing: lost)'), 'Leaked: no root leads to these blocks'];
		const at = place(model, row.site);
		const q = row.sites === 1 ? `site:${row.site}` : `"${at.full.replaceAll('"', '')}"`;
		return [[placeNode(at, row.type, (text) => link(state, { view: 'sites', q, 'sites.sort': undefined }, text)), row.blocks > 1 ? h('span.quiet', {}, ` × ${count(row.blocks)}`) : null], `${placeTitle(at)}\n${of(row.blocks, 'block')} from ${of(row.sites, 'call path')}, ${exactBytes(row.bytes)} themselves; block ${row.example} retains most`];
	}

	/* 1: it matches; 2: something below does. */
	function marks(now) {
		const mask = model.matches(now);
		if (!mask)
			return null;
		const wanted = new Set();
		for (let site = 0; site < mask.length; site++)
			if (mask[site])
				wanted.add(placeTitle(model.siteLine(site)));
		const found = groups.map((row) => (row.what === 'blocks' && wanted.has(placeTitle(place(model, row.site))) ? 1 : 0));
		const direct = found.reduce((sum, one) => sum + one, 0);
		for (let i = groups.length - 1; i >= 0; i--)
			if (found[i] && groups[i].parent !== NONE)
				found[groups[i].parent] ||= 2;
		for (let i = 0; i < groups.length; i++) // what hangs below a match is shown, too
			if (!found[i] && groups[i].parent !== NONE && found[groups[i].parent] === 1)
				found[i] = 1;
		return { found, matched: direct };
	}

	function update(now, keys) {
		if (toggling || (keys && !keys.has('q') && !keys.has('leaks.tree')))
			return;
		const { found, matched } = marks(now) ?? { found: null, matched: 0 };
		const seen = (ids) => (found ? ids.filter((id) => found[id]) : ids);
		const open = opened(now);
		replace(line, `Below each line stands what it keeps alive: freed with it, unless something else holds it by then. Blocks of one place are one line, so are lists and trees of them.`,
			found ? h('span.tag', {}, `${of(matched, 'line')} of ${count(groups.length)} ${matched === 1 ? 'matches' : 'match'}; what stands above and below is shown, too`) : null);
		replace(holder, roots.length ? treeView({
			label: 'Dominator tree', roots: seen(roots), children: (id) => seen(below[id]), isOpen: (id) => open.has(id) || (found !== null && found[id] === 2),
			heads: [{ text: 'What' }, { text: 'Retained' }, { text: 'Share', wide: true }, { text: 'Itself', wide: true }, { text: 'Blocks', wide: true }],
			cells(id) {
				const row = groups[id];
				const [text, title] = name(row);
				const missing = row.children - below[id].length;
				return {
					name: [text, missing ? h('span.tag', { title: 'Only the largest are kept in a report' }, `${of(missing, 'smaller one')} below not listed`) : null], title, rest: [
						{ text: bytes(row.retained_bytes), title: exactBytes(row.retained_bytes) }, { text: share(row.retained_bytes, all), wide: true },
						{ text: row.what === 'blocks' ? bytes(row.bytes) : '', title: row.what === 'blocks' ? exactBytes(row.bytes) : '', wide: true }, { text: count(row.retained_blocks), wide: true },
					],
				};
			},
			onToggle(id, isOpen) {
				const now_ = opened(state.get());
				now_[isOpen ? 'add' : 'delete'](id);
				toggling = true;
				state.set({ 'leaks.tree': [...now_].join(',') || 'none' });
				toggling = false;
			},
		}).element : h('p.quiet', {}, 'Nothing was alive.'));
	}
	const omitted = tables.held_tree_summary.number('omitted', 0);
	return { element: h('section.card', {}, line, holder, omitted ? h('p.small', {}, `${of(omitted, 'smaller line')} not listed: a report keeps the ${count(groups.length)} that retain most.`) : null), update };
}

/* ---- retained by call path -------------------------------------------------------------------------------------------------------- */

function retainedPanel(model, state) {
	const all = model.tables.held_paths.all();
	const total = graphBytes(model);
	const columns = [
		whereColumn(model, 'Allocated by'),
		bytesColumn('retained_bytes', 'Retained', 'What would go with all blocks of this call path, they among it'),
		{ id: 'share', title: 'Share', note: 'Of all blocks in the heap graph', align: 'right', width: '76px', wide: true, value: (row) => row.retained_bytes, cell: (row) => share(row.retained_bytes, total) },
		bytesColumn('bytes', 'Themselves', 'Bytes of its own blocks', { wide: true }),
		countColumn('blocks', 'Blocks', 'Of its own', { wide: true }),
		countColumn('retained_blocks', 'Retained blocks', undefined, { width: '120px', wide: true }),
		siteColumn,
	];
	const detail = (row) => h('div.detail', {}, stackList(model, row.node), siteOf(model, row.node) === undefined ? null : h('p.small', {}, siteLinks(model, state, siteOf(model, row.node), 'retained')));
	const table = dataTable({ label: 'Retained by call path', columns, sort: state.get()['leaks.sort'] || '-retained_bytes', key: (row) => row.node, detail, onSort: (sort) => state.set({ 'leaks.sort': sort }) });
	table.element.classList.add('fit');
	return {
		element: h('div', {}, h('p.small', {}, 'What the blocks of a call path keep alive, themselves among it. These overlap: a block that hangs on two call paths counts for both.'), table.element),
		update(now) {
			const mask = model.matches(now);
			table.update(all.filter((row) => !mask || mask[siteOf(model, row.node)]), now['leaks.sort'] || '-retained_bytes');
		},
		destroy: table.destroy,
	};
}

/* ---- growth ------------------------------------------------------------------------------------------------------------------------- */

function slope(perHour) {
	return perHour >= 3600 ? `${bytes(Math.floor(perHour / 3600))}/s` : `${bytes(perHour)}/h`;
}

function growthPanel(model, state) {
	const { tables } = model;
	const g = tables.growth_summary.row();
	const words = tables.verdict.all().find((row) => row.topic === 'growth').text;
	const holder = h('div', {});
	const cell = (row) => h('td', { title: placeTitle(place(model, row.node)) }, siteOf(model, row.node) === undefined ? placeNode(place(model, row.node)) : link(state, { view: 'timeline', q: `site:${row.node}` }, placeNode(place(model, row.node))));
	const amount = (value, wide) => h(`td.num${wide ? '.wide' : ''}`, { title: exactBytes(value) }, bytes(value));
	function grown(title, rows, mask) {
		const shown = rows.filter((row) => !mask || mask[siteOf(model, row.node)]);
		return rows.length ? h('section.card', {}, h('h2', {}, title), h('table.plain', {},
			h('thead', {}, h('tr', {}, h('th.num', {}, 'From'), h('th.num', {}, 'To'), h('th.num.wide', {}, 'Slope'), h('th.num.wide', {}, 'Blocks'), h('th.num.wide', {}, 'Rises'), h('th', {}, 'Where'))),
			h('tbody', {}, shown.slice(0, 100).map((row) => h('tr', {}, amount(row.from_bytes), amount(row.to_bytes), h('td.num.wide', {}, slope(row.slope_bytes_per_hour)), h('td.num.wide', {}, count(row.to_blocks)), h('td.num.wide', {}, count(row.rises)), cell(row))))),
			shown.length > 100 ? h('p.small', {}, `${of(shown.length - 100, 'more call path')} grew less.`) : null) : null;
	}
	return {
		element: h('div', {}, banner(g.observable && tables.growth.rows ? 'warning' : 'note', h('p.strong', {}, words.charAt(0).toUpperCase() + words.slice(1)),
			g.observable && tables.growth.rows + tables.growth_filled.rows ? h('p.small', {}, `A suspicion (inferred), not a leak: least level in ${of(g.windows, 'window')} of ${duration(g.window_ns)}, from ${duration(g.from_ns)} on.`) : null), holder),
		update(now) {
			const mask = model.matches(now);
			const periodic = tables.growth_periodic.all().filter((row) => !mask || mask[siteOf(model, row.node)]);
			replace(holder, grown('As a leak does: never fell before the last window, and rose in most', tables.growth.all(), mask),
				grown(`As a cache that is full does: rose, never fell before the last window, and stayed flat in the last ${of(Math.floor(g.windows / 4), 'window')} or more`, tables.growth_filled.all(), mask),
				tables.growth_periodic.rows ? h('section.card', {}, h('h2', {}, 'Goes up and down with a period (inferred)'), h('table.plain', {},
					h('thead', {}, h('tr', {}, h('th.num', {}, 'Period'), h('th.num', {}, 'Low'), h('th.num', {}, 'High'), h('th.num.wide', {}, 'Regular'), h('th', {}, 'Where'))),
					h('tbody', {}, periodic.slice(0, 100).map((row) => h('tr', {}, h('td.num', {}, duration(row.period_ns)), amount(row.low_bytes), amount(row.high_bytes), h('td.num.wide', {}, `${row.correlation_percent} %`), cell(row)))))) : null);
		},
	};
}

/* ---- the view ------------------------------------------------------------------------------------------------------------------------- */

const PANELS = [
	['leaks', 'Leaks', leakPanel], ['holders', 'Who holds it', holderPanel], ['tree', 'Dominator tree', treePanel], ['retained', 'Retained by call path', retainedPanel], ['growth', 'Growth', growthPanel],
];

function alive(model) {
	const { alive_blocks: blocks, alive_bytes: total } = model.tables.leaks_summary.row();
	return blocks ? `Which of the ${bytes(total)} in ${of(blocks, 'block')} that were alive at the end leaked is not known.` : 'Nothing was alive at the end.';
}

function kinds(model, state) {
	const l = model.tables.leaks_summary.row();
	const rows = model.tables.leak_kinds.all();
	const notes = model.tables.notes.all().filter((row) => row.topic === 'leaks');
	return h('section.card', { 'aria-labelledby': 'kinds-title' }, h('h2', { id: 'kinds-title' }, 'Leaks ', h('span.quiet', {},
		`from ${of(l.graph_blocks, 'live block')} and ${of(l.graph_edges, 'pointer')} between them, ${l.graph_reason === 'exit' ? 'at exit' : `after ${duration(l.graph_ns)}`}; the program stood still for ${duration(l.pause_ns)}`)),
	h('ul.verdict.leak-kinds', {}, rows.map((row) => h(`li.${row.blocks ? KINDS[row.kind][0] : 'good'}`, {},
		h('span.mark', { 'aria-hidden': 'true' }, !row.blocks || row.kind === 'reachable' ? '✓' : row.kind === 'definite' ? '✕' : '!'),
		h('div', {}, h('span.strong', { title: exactBytes(row.bytes) }, row.blocks ? link(state, { 'leaks.show': 'leaks', 'leaks.kind': row.kind }, row.words) : row.words), h('p.small', {}, KINDS[row.kind][1]))))),
	notes.map((note) => h('p.small', {}, '! ', note.text)),
	l.suppressed_blocks ? h('p.small', {}, `Suppressed of these: ${bytes(l.suppressed_bytes)} in ${of(l.suppressed_blocks, 'block')}.`) : null,
	l.cycles ? h('p.small', {}, `${of(l.cycles, 'cycle')} among lost blocks, of ${of(l.cycle_blocks, 'block')} together.`) : null,
	h('p.small', {}, 'All of this is as of that moment: the selection of time changes nothing here, the search does.'));
}

export default {
	id: 'leaks',
	title: 'Leaks & retention',
	empty(model) {
		const { tables } = model;
		if (tables.growth.rows + tables.growth_filled.rows + tables.growth_periodic.rows)
			return null;
		if (tables.leaks_summary.number('observable', 0))
			return tables.leaks_summary.number('graph_blocks', 0) ? null : 'Nothing was alive when the heap graph was taken: nothing leaked, and there was nothing to hold.';
		return `Leaks and holders are not observable: ${tables.leaks_summary.text('reason', 0)}. ${alive(model)}${HOW}`;
	},
	render(root, { model, state }) {
		const { tables } = model;
		const observable = tables.leaks_summary.number('observable', 0);
		const lost = tables.leaks.all().some((row) => row.kind !== 'reachable');
		const panels = observable ? PANELS : PANELS.filter(([id]) => id === 'growth');
		const usual = !observable ? 'growth' : lost ? 'leaks' : 'holders';
		const holder = h('div', {});
		const buttons = panels.map(([id, title]) => h('button', { type: 'button', 'data-panel': id, onclick: () => state.set({ 'leaks.show': id === usual ? undefined : id, 'leaks.sort': undefined }) }, title));
		let shown = null;
		let panel = null;
		function update(now, keys) {
			const wanted = panels.find(([id]) => id === now['leaks.show']) ?? panels.find(([id]) => id === usual);
			if (wanted[0] === shown) {
				panel.update(now, keys);
				return;
			}
			shown = wanted[0];
			panel?.destroy?.();
			panel = wanted[2](model, state);
			replace(holder, panel.element);
			panel.update(now);
			for (const button of buttons)
				button.setAttribute('aria-pressed', String(button.dataset.panel === shown));
		}
		root.append(h('div.leaks', {},
			observable ? kinds(model, state) : banner('note', h('p.strong', {}, `Leaks and holders are not observable: ${tables.leaks_summary.text('reason', 0)}`), h('p', {}, alive(model)), h('p.small', {}, HOW.trim())),
			h('div.bar.panels', { role: 'group', 'aria-label': 'What to show' }, buttons), holder));
		update(state.get());
		return { update, destroy: () => panel?.destroy?.() };
	},
};
