/*
 * system.js - the process as the system saw it: the monitor's series as curves, what resident memory consisted of, and which series could
 * not be observed and why.
 */
import uPlot from 'uplot';
import { h, onWidth, replace } from '../dom.js';
import { bytes, count, duration, exactBytes, moment, of, share } from '../format.js';
import { BINARY, bins, blocksPerSecond, chartOptions, decorate, growth, line, perSecond, processors, selected, systemSeries } from '../widgets/charts.js';

const UNITS = { BYTES: 0, COUNT: 1, NANOSECONDS: 2, PERCENT: 3 };
const bytesOf = { short: bytes, steps: BINARY };
const countOf = { short: count, steps: Array.from({ length: 10 }, (unused, i) => [1, 2, 5].map((m) => m * 10 ** i)).flat() };
const percent = { short: (value) => `${count(value)} %` };
const shareOfTime = { short: (value) => `${(value * 100).toFixed(value && value < 0.1 ? 1 : 0)} %` };
const COLOURS = ['rss', 'heap', 'cat-2', 'cat-3', 'cat-4', 'cat-6', 'quiet'];
const DASHES = [undefined, [6, 3], [2, 3], [8, 2, 2, 2], [4, 2], [1, 3], [10, 4]];

/* title, note, names of the series, how values are printed; cumulative series are shown as growth per second. `hidden`: waits in the legend. */
const CHARTS = [
	{ title: 'Memory of the process', names: ['rss', 'pss', 'rss_anonymous', 'rss_file', 'rss_shared_memory', 'swap', 'virtual'], hidden: ['virtual'], format: bytesOf },
	{ title: 'Processor time', note: '100 % = one processor', names: ['cpu_user', 'cpu_system'], format: processors },
	{ title: 'Threads', names: ['threads'], format: countOf },
	{ title: 'Page faults', names: ['minor_faults', 'major_faults'], format: blocksPerSecond },
	{ title: 'Switches from thread to thread', names: ['voluntary_switches', 'involuntary_switches', 'main_thread_voluntary_switches', 'main_thread_involuntary_switches'], format: blocksPerSecond },
	{ title: 'Read and written', note: 'by calls, and from and to disks', names: ['read', 'written', 'disk_read', 'disk_written'], format: perSecond },
	{ title: 'Network', note: 'of the whole network namespace, not of the process alone', names: ['namespace_received', 'namespace_sent', 'namespace_loopback'], format: perSecond },
	{ title: 'Control group', note: 'all processes in it', names: ['cgroup_memory', 'cgroup_limit'], format: bytesOf },
	{ title: 'Stalled for memory', note: 'share of time that some process of the control group waited', names: ['cgroup_stalled'], format: shareOfTime },
	{ title: 'GPU memory', names: ['gpu_memory', 'gpu_device_memory'], format: bytesOf },
	{ title: 'GPU use', names: ['gpu_utilisation'], format: percent },
];

function unitPrint(series) {
	switch (series.unit) {
	case UNITS.BYTES: return { short: bytes, exact: exactBytes };
	case UNITS.NANOSECONDS: return { short: duration, exact: (value) => `${count(value)} ns` };
	case UNITS.PERCENT: return { short: (value) => `${count(value)} %`, exact: (value) => `${count(value)} %` };
	default: return { short: count, exact: count };
	}
}

/* Charts with at least one series that has samples; series that no chart names get one of their own. */
function chartsOf(model) {
	const all = model.tables.system_series.all();
	const named = new Set(CHARTS.flatMap((chart) => chart.names));
	const rest = all.filter((series) => series.samples && !named.has(series.name)).map((series) => ({
		title: series.name, names: [series.name],
		format: series.unit === UNITS.BYTES ? (series.cumulative ? perSecond : bytesOf) : series.unit === UNITS.NANOSECONDS ? shareOfTime : series.unit === UNITS.PERCENT ? percent : series.cumulative ? blocksPerSecond : countOf,
	}));
	return [...CHARTS, ...rest].map((chart) => ({ ...chart, series: chart.names.map((name) => systemSeries(model, name)).filter((index) => index >= 0) })).filter((chart) => chart.series.length);
}

function valuesOf(model, index, times) {
	const series = model.tables.system_series.row(index);
	if (!series.cumulative)
		return bins(model, index, 'max');
	const factor = series.unit === UNITS.NANOSECONDS ? 1 : 1e9;
	return growth(model, index, times).map((value) => (value === null ? null : value * factor));
}

/* ---- resident memory in parts ---------------------------------------------------------------------------------------------- */

function reconciliation(model) {
	const r = model.tables.reconciliation.row();
	const title = h('h2', { id: 'rss-title' }, 'What resident memory consisted of', r.reason ? null : h('span.quiet', {}, ` after ${moment(r.time_ns, model.to - model.from)}, when the address space was looked at last`));
	if (r.reason || !model.tables.reconciliation_rows.rows)
		return h('section.card', { 'aria-labelledby': 'rss-title' }, title, h('p.quiet', {}, `Not observable: ${r.reason || 'the recording has no samples of the address space'}.`));
	const rows = model.tables.reconciliation_rows.all();
	const most = rows.reduce((m, row) => Math.max(m, row.bytes), 1);
	const maps = model.tables.reconciliation_mappings.all();
	return h('section.card.rss-parts', { 'aria-labelledby': 'rss-title' }, title,
		h('p.small', {}, `Resident ${exactBytes(r.resident_bytes)}`, r.swapped_bytes ? `, swapped ${exactBytes(r.swapped_bytes)}` : '', `; ${of(r.live_blocks, 'block')} with ${exactBytes(r.live_bytes)} alive then`,
			r.untouched_bytes ? `, of which at least ${exactBytes(r.untouched_bytes)} were never touched` : '', r.complete ? '.' : '. Not all mappings were seen.'),
		h('table.plain', {}, h('thead', {}, h('tr', {}, h('th', {}, 'Part'), h('th.wide', {}), h('th.num', {}, 'Bytes'), h('th.num.wide', {}, 'Exactly'), h('th.num', {}, 'Share'))),
			h('tbody', {}, rows.map((row) => h(`tr${row.basis === 'not observable' ? '.quiet' : ''}`, {},
				h('td', {}, h('span.strong', {}, row.name), h('span.tag', {}, row.basis), h('p.small', {}, row.note)),
				h('td.wide.part-cell', { 'aria-hidden': 'true' }, h('div.slack-bar', {}, h(row.name === 'unexplained' ? 'i.rounded' : 'i.requested', { style: { width: `${(row.bytes / most) * 100}%` } }))),
				row.basis === 'not observable' ? [h('td.num', {}, '–'), h('td.num.wide', {}), h('td.num', {})]
					: [h('td.num', { title: exactBytes(row.bytes) }, bytes(row.bytes)), h('td.num.wide', {}, exactBytes(row.bytes)), h('td.num', {}, share(row.bytes, r.resident_bytes))])),
			h('tr.sum', {}, h('td.strong', {}, 'resident'), h('td.wide', {}), h('td.num', { title: exactBytes(r.resident_bytes) }, bytes(r.resident_bytes)), h('td.num.wide', {}, exactBytes(r.resident_bytes)), h('td.num', {}, share(r.resident_bytes, r.resident_bytes))))),
		h('details', {}, h('summary.small', {}, `The ${of(maps.length, 'mapping')} behind it, by name`), h('div.scroll-box', { tabindex: '0', role: 'region', 'aria-label': 'Mappings' }, h('table.plain', {},
			h('thead', {}, h('tr', {}, h('th', {}, 'Mapping'), h('th', {}, 'Part'), h('th.num.wide', {}, 'Mappings'), h('th.num', {}, 'Resident'), h('th.num.wide', {}, 'Swapped'))),
			h('tbody', {}, maps.map((map) => h('tr', {}, h('td.code', {}, map.name || '(anonymous)'), h('td', {}, map.row), h('td.num.wide', {}, count(map.mappings)), h('td.num', { title: exactBytes(map.resident_bytes) }, bytes(map.resident_bytes)), h('td.num.wide', { title: exactBytes(map.swapped_bytes) }, bytes(map.swapped_bytes)))))))));
}

/* ---- series that are not there ----------------------------------------------------------------------------------------------- */

function unobservable(model) {
	const reasons = new Map();
	for (const series of model.tables.system_series.all())
		if (!series.samples)
			reasons.set(series.reason || 'no sample was taken', [...(reasons.get(series.reason || 'no sample was taken') ?? []), series.name]);
	if (!reasons.size)
		return null;
	return h('section.card', { 'aria-labelledby': 'blind-title' }, h('h2', { id: 'blind-title' }, 'Not observable here'),
		h('ul.plain-list', {}, [...reasons].map(([reason, names]) => h('li', {}, h('span.code', {}, names.join(', ')), h('span.quiet', {}, `: ${reason}`)))));
}

export default {
	id: 'system',
	title: 'System',
	empty: (model) => {
		const { reason } = model.tables.system.row();
		if (model.tables.system_series.all().some((series) => series.samples) || model.tables.reconciliation_rows.rows)
			return null;
		return `Not observable: ${reason || 'the monitor took no sample'}. memscope-record --monitor samples the process unless it is told --monitor=off.`;
	},
	render(root, { model, state }) {
		const times = Array.from(model.bucketStarts, (ns) => ns / 1e9);
		const charts = chartsOf(model);
		const steps = uPlot.paths.stepped({ align: 1 });
		const holder = h('div.charts.two', {});
		const level = h('div', {});
		const table = h('div', {});
		const { interval_ns: interval } = model.tables.system.row();
		const reconciled = reconciliation(model);
		root.append(h('div.system', {},
			h('p.small.bar', {}, `Samples${interval ? ` about every ${duration(interval)}` : ''}; between two of them nothing is known. Drag in a chart to select a span of time for all views. The search does not apply to the process as a whole.`),
			holder, level, reconciled, h('section.card', { 'aria-labelledby': 'series-title' }, h('h2', { id: 'series-title' }, 'All series'), table), unobservable(model)));
		let plots = [];
		let width = 0;

		function draw() {
			for (const plot of plots)
				plot.destroy();
			plots = [];
			replace(holder);
			if (!width)
				return;
			const own = width >= 900 ? Math.floor((width - 14) / 2) - 30 : width - 30;
			const flat = [];
			for (const chart of charts) {
				const data = chart.series.map((index) => valuesOf(model, index, times));
				const rows = chart.series.map((index) => model.tables.system_series.row(index));
				const names = rows.map((row) => row.name).join(', ');
				const points = data.reduce((most, values) => Math.max(most, values.filter((value) => value !== null).length), 0);
				if (points < 2 || data.every((values) => values.every((value) => !value))) {
					flat.push(h('li', {}, h('span.strong', {}, chart.title), h('span.quiet', {}, ` (${names}): ${points < 2 ? 'too few samples for a curve; the table below has them' : '0 at every sample'}`)));
					continue;
				}
				const box = h('section.card.chart-card', { 'aria-label': chart.title }, h('h2', {}, chart.title, chart.note ? h('span.quiet', {}, ` ${chart.note}`) : null));
				holder.append(box);
				const place = (row) => chart.names.indexOf(row.name) % COLOURS.length; // the same colour in every report, whatever else is there
				const series = rows.map((row) => line(row.name.replaceAll('_', ' '), COLOURS[place(row)], chart.format.short,
					{ spanGaps: true, dash: DASHES[place(row)], show: !(chart.hidden?.includes(row.name)), points: { show: !row.cumulative && row.samples < 40, size: 4 }, ...(row.cumulative ? { paths: steps } : {}) }));
				const plot = new uPlot({ ...chartOptions(model, own, 170, chart.title, chart.format, series, {}), hooks: { draw: [decorate(model, state, () => plots.length === 0)], setSelect: [selected(model, state)] } }, [times, ...data], box);
				plot.over.addEventListener('dblclick', () => state.set({ from: 0, to: 0 }));
				plots.push(plot);
			}
			replace(level, flat.length ? h('section.card', { 'aria-labelledby': 'flat-title' }, h('h2', { id: 'flat-title' }, 'Without a curve'), h('ul.plain-list', {}, flat)) : null);
		}

		/* Least, largest and last value of each series in the selection (the bins of its steps), or of the run. */
		function list(now) {
			const brush = model.brush(now);
			const found = new Map();
			if (brush) {
				const b = model.tables.system_bins;
				for (let i = 0; i < b.rows; i++) {
					const bucket = b.number('bucket', i);
					if (bucket < brush.first || bucket > brush.last)
						continue;
					const key = b.number('series', i);
					const one = found.get(key) ?? { samples: 0, min: Infinity, max: 0, first: b.number('min', i) };
					one.samples += b.number('samples', i);
					one.min = Math.min(one.min, b.number('min', i));
					one.max = Math.max(one.max, b.number('max', i));
					one.last = b.number('last', i);
					found.set(key, one);
				}
			}
			const rows = model.tables.system_series.all().map((series, i) => ({ series, one: brush ? found.get(i) : series.samples ? series : undefined })).filter(({ series }) => series.samples);
			const cell = (value, print) => h('td.num', { title: print.exact(value) }, print.short(value));
			replace(table, h('p.small', {}, brush ? 'Of the samples in the selected time. Series that only grow have their growth in it.' : 'Of all samples. Series that only grow count from the start of the process.'),
				h('div.scroll-box', { tabindex: '0', role: 'region', 'aria-label': 'Series' }, h('table.plain', {},
					h('thead', {}, h('tr', {}, ['Series', 'Samples', 'Least', 'Largest', 'Last', 'Growth'].map((title, i) => h(i ? (i === 1 || i === 2 ? 'th.num.wide' : 'th.num') : 'th', {}, title)))),
					h('tbody', {}, rows.map(({ series, one }) => {
						const print = unitPrint(series);
						return h('tr', {}, h('td', { title: series.source }, h('span.code', {}, series.name)), one ? [h('td.num.wide', {}, count(one.samples)), h('td.num.wide', { title: print.exact(one.min) }, print.short(one.min)), cell(one.max, print), cell(one.last, print),
							series.cumulative ? cell(Math.max(0, one.last - one.first), print) : h('td.num', {}, '')] : h('td.quiet', { colspan: '5' }, 'no sample in the selected time'));
					})))));
		}

		list(state.get());
		const stop = onWidth(holder, (now) => {
			width = now;
			draw();
		});
		return {
			update(now, keys) {
				if (!keys.has('from') && !keys.has('to'))
					return;
				list(now);
				for (const plot of plots)
					plot.redraw(false, false);
			},
			destroy() {
				stop();
				for (const plot of plots)
					plot.destroy();
			},
		};
	},
};
