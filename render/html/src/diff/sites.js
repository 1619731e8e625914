/* sites.js - call paths that grew, shrank, are new, are gone or were moved, by the most important metric of each or by one; open to both stacks. */
import { h, replace } from '../dom.js';
import { count, of, share } from '../format.js';
import { link } from '../widgets/link.js';
import { stackList } from '../widgets/stack.js';
import { dataTable } from '../widgets/table.js';
import { amount, band, changeTag, exactAmount, kindOf, percent } from './words.js';

const CLASSES = ['new', 'grown', 'shrunk', 'gone', 'moved', 'noise'];
const NOTES = {
	moved: 'Paired by similar names: functions were renamed, inlined, put between or taken away. Their numbers may be the same.',
	noise: 'They differ, but no more than the runs of one side do.',
};

/* {row, metric, old, new, change, ...} of a call path as it stands in the table: in its own metric, or in the one that is asked for. */
function entry(model, row, metric) {
	const name = metric === 'impact' ? model.impact(row) ?? model.metrics[0].name : metric;
	const value = model.value(row, name);
	const noise = metric === 'impact' && !model.impact(row) && model.metrics.some((one) => model.value(row, one.name).change === 'noise');
	return { row, name, bytes: model.metric(name).bytes, rank: model.places.number('rank', row), moved: model.isMoved(row), ...value, change: noise ? 'noise' : value.change };
}

function entries(model, metric) {
	return model.once(`entries ${metric}`, () => Array.from({ length: model.count }, (unused, row) => entry(model, row, metric)).filter((one) => one.change !== 'same' || one.moved));
}

function belongs(model, one, wanted) {
	return wanted === 'moved' ? one.moved : wanted ? one.change === wanted : model.isChange(one.change);
}

function figures(model, row) {
	const shown = model.metrics.filter((metric) => metric.observable).map((metric) => ({ metric, ...model.value(row, metric.name) })).filter((one) => one.old || one.new || one.old_max || one.new_max);
	return h('table.plain.pair-figures', {},
		h('thead', {}, h('tr', {}, h('th', {}, 'Metric'), h('th.num', {}, 'Old'), h('th.num', {}, 'New'), h('th.num', {}, 'Change'), h('th.num.wide', {}, ''),
			model.several ? [h('th.num.wide', {}, 'Old runs'), h('th.num.wide', {}, 'New runs')] : null, h('th.wide', {}, ''))),
		h('tbody', {}, shown.map(({ metric, old, new: now, change, ...runs }) => h(`tr.is-${change}`, {}, h('td', {}, metric.title),
			h('td.num', { title: kindOf(metric.bytes).exact(old) }, kindOf(metric.bytes).short(old)), h('td.num', { title: kindOf(metric.bytes).exact(now) }, kindOf(metric.bytes).short(now)),
			h('td.num.change-cell', { title: exactAmount(old, now, metric.bytes) }, old === now ? '=' : amount(old, now, metric.bytes)), h('td.num.wide', {}, percent(old, now)),
			model.several ? [h('td.num.wide', {}, band(runs.old_min, runs.old_max, metric.bytes)), h('td.num.wide', {}, band(runs.new_min, runs.new_max, metric.bytes))] : null,
			h('td.wide', {}, change === 'same' ? null : changeTag(change))))));
}

/* A stack with the functions marked that the other one does not have. */
function sideStack(model, title, node, other) {
	if (!node)
		return h('section', {}, h('h3', {}, title), h('p.quiet', {}, 'It is not on this side.'));
	const names = (of_) => new Set(model.stack(of_).map((line) => model.line(line).name));
	const known = other ? names(other) : null;
	const list = stackList(model, node);
	if (known)
		model.stack(node).forEach((line, i) => list.children[i].classList.toggle('other', !known.has(model.line(line).name)));
	return h('section', {}, h('h3', {}, title), list);
}

function pairing(model, row) {
	const { edits, old_paths: before, new_paths: after } = model.rows.row(row);
	switch (model.pairings[model.rows.number('pairing', row)]) {
	case 'exact': return 'The same functions on both sides.';
	case 'fuzzy': return `Paired by similar names: ${of(edits, 'function')} ${edits === 1 ? 'differs' : 'differ'}, marked below.`;
	case 'merged': return `${of(before, 'call path')} of the old side and ${count(after)} of the new one, paired by similar names; one of each is shown.`;
	default: return before ? 'Only on the old side.' : 'Only on the new side.';
	}
}

function detail(model, state, { row, rank, name }) {
	const oldNode = model.places.number('old_node', row);
	const newNode = model.places.number('new_node', row);
	const { old_run: oldRun, old_site: oldSite, new_run: newRun, new_site: newSite } = model.rows.row(row);
	const label = (side, run, site) => `${side}${model.info[`${side.toLowerCase()}_runs`] > 1 ? ` run ${run + 1}` : ''}, site #${site}`;
	return h('div.detail', {}, figures(model, row), h('p.small', {}, pairing(model, row)),
		h('div.pair-stacks', {}, sideStack(model, label('Old', oldRun, oldSite), oldNode, newNode), sideStack(model, label('New', newRun, newSite), newNode, oldNode)),
		rank ? h('p.small', {}, 'Show only: ', link(state, { q: `site:${rank}` }, 'this call path'), ' · ', link(state, { view: 'flame', q: `site:${rank}`, 'diff.metric': name }, 'in the flame graph')) : null);
}

export default {
	id: 'sites',
	title: 'Call paths',
	empty: (model) => (entries(model, model.info.ranked_by).length ? null : `No call path changed: ${model.info.paths}.`),
	render(root, { model, state }) {
		let most = 1;
		const short = (one, value) => kindOf(one.bytes).short(value);
		const columns = [
			{ id: 'rank', title: 'Rank', note: 'By the largest share that its change has in the total of a metric; site:RANK finds it', align: 'right', width: '64px', wide: true, first: 'ascending', value: (one) => one.rank || null, cell: (one) => (one.rank ? `#${one.rank}` : '–') },
			{
				id: 'name', title: 'Call path', width: 'minmax(240px, 1fr)', narrow: 'minmax(0, 1fr)', first: 'ascending', value: (one) => model.place(one.row).name,
				cell: (one) => {
					const place = model.place(one.row);
					return [h(`span.code${one.change === 'noise' ? '.quiet' : ''}`, {}, place.name), ' ', place.was ? h('span.where', {}, `was ${place.was} `) : null, h('span.where', {}, place.place)];
				},
				title_of: (one) => {
					const place = model.place(one.row);
					return `${place.full}\n${place.where || place.module}`;
				},
			},
			{ id: 'change', title: 'Became', width: '92px', narrow: '84px', first: 'ascending', value: (one) => one.change, cell: (one) => [changeTag(one.change), one.moved ? h('span.quiet', { title: NOTES.moved }, ' ⇄') : null] },
			{ id: 'metric', title: 'In', width: '150px', wide: true, first: 'ascending', value: (one) => one.name, cell: (one) => h('span.quiet', {}, one.name) },
			{ id: 'old', title: 'Old', align: 'right', width: '100px', wide: true, value: (one) => one.old, cell: (one) => short(one, one.old), title_of: (one) => kindOf(one.bytes).exact(one.old) },
			{ id: 'new', title: 'New', align: 'right', width: '100px', wide: true, value: (one) => one.new, cell: (one) => short(one, one.new), title_of: (one) => kindOf(one.bytes).exact(one.new) },
			{
				id: 'by', title: 'Change', note: 'From old to new; sorted by its size', align: 'right', width: '124px', narrow: '92px', value: (one) => Math.abs(one.new - one.old),
				cell: (one) => h(`span.bar-cell.is-${one.change}`, {}, h('i', { style: { width: `${Math.min(100, (Math.abs(one.new - one.old) / most) * 100)}%` } }), one.new === one.old ? '=' : amount(one.old, one.new, one.bytes)),
				title_of: (one) => exactAmount(one.old, one.new, one.bytes),
			},
			{ id: 'percent', title: '%', align: 'right', width: '84px', wide: true, value: (one) => (one.old ? (one.new - one.old) / one.old : one.new ? Infinity : 0), cell: (one) => percent(one.old, one.new) },
			{ id: 'share', title: 'Of total', note: 'Share of its change in the total of the metric that it is ranked by', align: 'right', width: '84px', wide: true, value: (one) => (one.rank ? model.places.number('share', one.row) : null), cell: (one) => (one.rank ? share(model.places.number('share', one.row), 2 ** 32) : '–') },
		];
		const select = h('select', { id: 'diff-metric', onchange: (event) => state.set({ 'diff.metric': event.target.value === model.info.ranked_by ? undefined : event.target.value, 'sites.sort': undefined }) },
			model.info.ranked_by === 'impact' ? h('option', { value: 'impact' }, 'each by its most important') : null, model.metrics.map((metric) => h('option', { value: metric.name, disabled: !metric.observable }, metric.title)));
		const buttons = ['', ...CLASSES].filter((name) => name !== 'noise' || model.several).map((name) => h('button', { type: 'button', title: NOTES[name] ?? '', onclick: () => state.set({ 'sites.class': name || undefined }) }));
		const line = h('p.bar.small', { role: 'status' });
		const sortOf = (now) => now['sites.sort'] || (model.chosen(now) === 'impact' ? 'rank' : '-by');
		const table = dataTable({ label: 'Call paths that changed', columns, sort: sortOf(state.get()), key: (one) => one.row, detail: (one) => detail(model, state, one), onSort: (sort) => state.set({ 'sites.sort': sort }) });
		root.append(h('div.sites.diff-grid', {}, h('div.bar', {}, h('label', { for: 'diff-metric' }, 'Metric', select), h('div.chips', { role: 'group', 'aria-label': 'What became of them' }, buttons)), line, table.element));

		function update(now, keys) {
			if (keys && !['q', 'diff.metric', 'sites.class', 'sites.sort'].some((key) => keys.has(key)))
				return;
			const metric = model.chosen(now);
			const wanted = CLASSES.includes(now['sites.class']) ? now['sites.class'] : '';
			const mask = model.matches(now);
			const found = entries(model, metric).filter((one) => !mask || mask[one.row]);
			const rows = found.filter((one) => belongs(model, one, wanted));
			select.value = metric;
			['', ...CLASSES].forEach((name, i) => {
				if (!buttons[i])
					return;
				const number = found.filter((one) => belongs(model, one, name)).length;
				replace(buttons[i], name ? changeTag(name) : 'all changed', ' ', h('span.quiet', {}, count(number)));
				buttons[i].setAttribute('aria-pressed', String(name === wanted));
				buttons[i].disabled = !number && name !== wanted && name !== '';
			});
			most = rows.reduce((largest, one) => Math.max(largest, Math.abs(one.new - one.old)), 1);
			const sum = (side) => rows.reduce((all, one) => all + one[side], 0);
			replace(line, h('span', {}, `${of(rows.length, 'call path')} of ${count(model.info.paths_old)} old and ${count(model.info.paths_new)} new`),
				metric === 'impact' ? null : h('span', { title: exactAmount(sum('old'), sum('new'), model.metric(metric).bytes) }, `${model.metric(metric).title}: ${sum('old') === sum('new') ? 'no change in all' : `${amount(sum('old'), sum('new'), model.metric(metric).bytes)} in all`}`),
				NOTES[wanted] ? h('span', {}, NOTES[wanted]) : null);
			table.update(rows, sortOf(now));
			if (rows.length === 1 && (!keys || keys.has('q')))
				table.openOnly(rows[0]);
		}
		update(state.get());
		return { update, destroy: table.destroy };
	},
};
