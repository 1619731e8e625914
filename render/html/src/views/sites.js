/* sites.js - every call path that allocated: figures of the whole run, or of the brushed span of time; opens to the stack. */
import { h, replace, svg } from '../dom.js';
import { bytes, count, duration, exactBytes, of, share } from '../format.js';
import { METRICS } from '../model.js';
import { withFilter } from '../query.js';
import { estimates } from '../widgets/sample.js';
import { stackList } from '../widgets/stack.js';
import { dataTable } from '../widgets/table.js';

/* id -> the column that the metric of the state sorts by, so that links from other views land well. */
const SORT_OF_METRIC = { peak: 'peak_bytes', live: 'live_bytes', moment: 'live_bytes', allocated: 'allocated_bytes', allocations: 'begun', temporary: 'temporary_allocations' };

function figures(model, state) {
	const s = model.sites;
	const brush = model.brush(state);
	const window = brush && ['allocations', 'frees', 'allocated_bytes', 'live_bytes', 'live_blocks', 'peak_bytes'].reduce((all, name) => {
		all[name] = model.windowOfSites(brush, name);
		return all;
	}, {});
	const inWindow = window && window.allocations !== null;
	const mask = model.matches(state);
	const rows = [];
	for (let i = 0; i < s.rows; i++) {
		if (mask && !mask[i])
			continue;
		if (inWindow && !window.allocations[i] && !window.frees[i] && !window.live_bytes[i] && !window.peak_bytes[i])
			continue;
		const row = { site: i, id: s.number('id', i) };
		row.begun = inWindow ? window.allocations[i] : s.number('allocations', i) + s.number('reallocations', i);
		row.allocated_bytes = inWindow ? window.allocated_bytes[i] : s.number('allocated_bytes', i);
		row.live_bytes = inWindow ? window.live_bytes[i] : s.number('live_bytes', i);
		row.live_blocks = inWindow ? window.live_blocks[i] : s.number('live_blocks', i);
		row.own_peak_bytes = inWindow ? window.peak_bytes[i] : s.number('own_peak_bytes', i);
		row.peak_bytes = s.number('peak_bytes', i);
		row.temporary_allocations = s.number('temporary_allocations', i);
		row.culled_blocks = s.number('culled_blocks', i);
		row.culled_bytes = s.number('culled_bytes', i);
		row.estimated_live = s.number('estimated_live_bytes', i);
		row.estimated_allocated = s.number('estimated_allocated_bytes', i);
		row.life = s.number('ended_blocks', i) ? s.number('mean_lifetime_ns', i) : null;
		rows.push(row);
	}
	return { rows, brush: inWindow ? brush : null };
}

/* What this call path kept alive over time; the strip above has the same axis. */
function curve(model, site) {
	if (!model.hasSeries('site'))
		return null;
	if (model.isMerged('site', model.sites.number('id', site)))
		return h('p.small', {}, `How it went over time is not in this page: ${of(model.merged('site'), 'small call path')} share one series.`);
	const levels = model.groupSeries('site', 'last_live_bytes', (key) => key === model.sites.number('id', site));
	const most = levels.reduce((a, b) => Math.max(a, b), 1);
	const points = [];
	for (let b = 0; b < levels.length; b++) {
		const y = 40 - (levels[b] / most) * 38;
		points.push(`${model.bucketStarts[b] - model.from},${y.toFixed(1)}`, `${model.bucketEnd(b) - model.from},${y.toFixed(1)}`);
	}
	return h('figure.curve', {}, h('figcaption.small', {}, `alive over the run, at most ${bytes(most)} at the end of a step`),
		svg('svg', { viewBox: `0 0 ${model.to - model.from} 40`, preserveAspectRatio: 'none', role: 'img', 'aria-label': 'Curve of live bytes' },
			svg('polygon', { points: `0,40 ${points.join(' ')} ${model.to - model.from},40` })));
}

function detail(model, state, row) {
	const s = model.sites;
	const i = row.site;
	const line = model.siteLine(i);
	const fact = (title, value, exact) => h('div', {}, h('dt', {}, title), h('dd', { title: exact }, value));
	const begun = s.number('allocations', i) + s.number('reallocations', i);
	const search = (patch, text) => h('a', { href: state.link(patch), onclick: (event) => { event.preventDefault(); state.set(patch); } }, text);
	return h('div.detail', {},
		h('dl.facts', {},
			fact('blocks begun', `${of(s.number('allocations', i), 'allocation')}, ${of(s.number('reallocations', i), 'reallocation')}`),
			fact('allocated', exactBytes(s.number('allocated_bytes', i)), `mean size ${begun ? bytes(s.number('allocated_bytes', i) / begun) : '–'}`),
			fact('mean size', begun ? bytes(s.number('allocated_bytes', i) / begun) : '–'),
			fact('at the global peak', `${exactBytes(s.number('peak_bytes', i))} in ${of(s.number('peak_blocks', i), 'block')}`),
			fact('largest of its own', exactBytes(s.number('own_peak_bytes', i))),
			fact('alive at the end', `${exactBytes(s.number('live_bytes', i))} in ${of(s.number('live_blocks', i), 'block')}`),
			fact('freed', of(s.number('frees', i), 'block')),
			fact('temporary', `${of(s.number('temporary_allocations', i), 'block')} (${share(s.number('temporary_allocations', i), begun)})`),
			fact('mean lifetime', row.life === null ? 'no block has ended' : duration(row.life), row.life === null ? '' : `${count(row.life)} ns over ${of(s.number('ended_blocks', i), 'block')}`),
			s.number('culled_blocks', i) ? fact('culled', `${exactBytes(s.number('culled_bytes', i))} in ${of(s.number('culled_blocks', i), 'block')}`, 'Freed soon after their birth and left out of all other figures (--cull-temporary)') : null),
		curve(model, i),
		stackList(model, row.id),
		h('p.small', {}, 'Show only: ', search({ q: withFilter(state.get().q, 'site', String(row.id)) }, 'this call path'),
			line.module ? [' · ', search({ q: withFilter(state.get().q, 'module', line.module.slice(line.module.lastIndexOf('/') + 1)) }, 'its module')] : null));
}

export default {
	id: 'sites',
	title: 'Sites',
	empty: (model) => (model.sites.rows ? null : 'No block was allocated in this recording, so there is no call path to list.'),
	render(root, { model, state }) {
		const maxima = {};
		const withBar = (name, row) => h('span.bar-cell', {}, h('i', { style: { width: `${Math.max(0, Math.min(100, (row[name] / (maxima[name] || 1)) * 100))}%` } }), bytes(row[name]));
		const columns = [
			{
				id: 'name', title: 'Call path', width: 'minmax(260px, 1fr)', narrow: 'minmax(0, 1fr)', first: 'ascending', value: (row) => model.siteName(row.site),
				cell: (row) => {
					const line = model.siteLine(row.site);
					return [h('span.code', {}, line.name), ' ', h('span.where', {}, line.place)];
				},
				title_of: (row) => {
					const line = model.siteLine(row.site);
					return `${line.full}\n${line.where || line.module}`;
				},
			},
			{ id: 'id', title: 'Site', note: 'Number of the call path, as in the text report', align: 'right', width: '70px', wide: true, first: 'ascending', value: (row) => row.id, cell: (row) => `#${row.id}` },
			...(estimates(model) ? [
				['estimated_live', 'live_bytes_error', '~ Alive', 'Estimate of what this call path has alive at the end of the run, and its standard error'],
				['estimated_allocated', 'allocated_bytes_error', '~ Allocated', 'Estimate of all that this call path allocated, and its standard error'],
			] : []).map(([id, error, title, note]) => ({
				id, title, note, align: 'right', width: '160px', narrow: '120px', value: (row) => row[id],
				cell: (row) => `~${bytes(row[id])} +-${bytes(model.sites.number(error, row.site))}`, title_of: (row) => `~${exactBytes(row[id])} +-${exactBytes(model.sites.number(error, row.site))}`,
			})),
			...[
				['peak_bytes', 'At the peak', 'Bytes of this call path that were alive at the peak of the whole run'],
				['live_bytes', 'Alive at end', 'Bytes alive at the end; with a selection: at its end'],
				['own_peak_bytes', 'Own peak', 'Largest number of bytes of this call path alone; with a selection: in it'],
				['allocated_bytes', 'Allocated', 'Bytes of all blocks begun here; with a selection: in it'],
			].map(([id, title, note], i) => ({
				id, title, note, align: 'right', width: '116px', narrow: '84px', wide: i > 1, value: (row) => row[id],
				cell: (row) => (i < 2 ? withBar(id, row) : bytes(row[id])), title_of: (row) => exactBytes(row[id]),
			})),
			{ id: 'begun', title: 'Blocks', note: 'Blocks begun by allocations and reallocs; with a selection: in it', align: 'right', width: '104px', wide: true, value: (row) => row.begun, cell: (row) => count(row.begun) },
			{ id: 'temporary_allocations', title: 'Temporary', note: 'Blocks freed by the next allocation event of their thread', align: 'right', width: '96px', wide: true, value: (row) => row.temporary_allocations, cell: (row) => count(row.temporary_allocations) },
			{
				id: 'life', title: 'Lifetime', note: 'Mean lifetime of the blocks that have ended', align: 'right', width: '90px', wide: true, value: (row) => row.life,
				cell: (row) => (row.life === null ? '–' : duration(row.life)), title_of: (row) => (row.life === null ? 'No block has ended' : `${count(row.life)} ns`),
			},
			...(model.culled.within_ns ? [
				{ id: 'culled_blocks', title: 'Culled', note: 'Blocks left out of all other figures, as they were freed soon (--cull-temporary); of the run', align: 'right', width: '96px', wide: true, value: (row) => row.culled_blocks, cell: (row) => count(row.culled_blocks), title_of: (row) => exactBytes(row.culled_bytes) },
			] : []),
		];
		const sortOf = (now) => now['sites.sort'] || `-${estimates(model) ? { allocated: 'estimated_allocated', moment: 'live_bytes' }[now.metric] ?? 'estimated_live' : SORT_OF_METRIC[now.metric] ?? 'peak_bytes'}`;
		const line = h('p.bar.small', { role: 'status' });
		const table = dataTable({
			label: 'Call paths', columns, sort: sortOf(state.get()), key: (row) => row.site, detail: (row) => detail(model, state, row),
			onSort: (sort) => state.set({ 'sites.sort': sort }),
		});
		root.append(h('div.sites', {}, line, table.element));
		function update(now, keys) {
			if (keys && !['q', 'from', 'to', 'sites.sort', 'metric'].some((key) => keys.has(key)))
				return;
			const { rows, brush } = figures(model, now);
			for (const name of ['peak_bytes', 'live_bytes'])
				maxima[name] = rows.reduce((most, row) => Math.max(most, row[name]), 0);
			const sum = (name) => rows.reduce((all, row) => all + row[name], 0);
			replace(line, h('span', {}, `${of(rows.length, 'call path')} of ${count(model.sites.rows)}`),
				h('span', { title: exactBytes(sum('peak_bytes')) }, `at the peak ${bytes(sum('peak_bytes'))} (${share(sum('peak_bytes'), model.totals.peak_bytes)})`),
				h('span', { title: exactBytes(sum('live_bytes')) }, `${brush ? 'alive at the end of the selection' : 'alive at the end'} ${bytes(sum('live_bytes'))}`),
				h('span', { title: exactBytes(sum('allocated_bytes')) }, `allocated ${bytes(sum('allocated_bytes'))} in ${of(sum('begun'), 'block')}`),
				brush ? h('span.tag', {}, 'figures of the selected time; at the peak, temporary and lifetime of the run')
					: model.brush(now) ? h('span.tag', {}, 'of the whole run: this report has no series by call path') : null,
				brush && model.merged('site') ? h('span', {}, model.mergedNote(now)) : null);
			table.update(rows, sortOf(now));
			if (rows.length === 1 && (!keys || keys.has('q')))
				table.openOnly(rows[0]);
		}
		update(state.get());
		return { update, destroy: table.destroy };
	},
};
