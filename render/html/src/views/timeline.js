/*
 * timeline.js - the course of the run: heap (band from least to largest level) with resident memory, rates, processor time; one cursor over all
 * charts; dragging in any of them selects a span of time for every view. Under a search the matching call paths stand in their own colour.
 */
import uPlot from 'uplot';
import { h, onWidth, replace } from '../dom.js';
import { bytes, count, exactBytes } from '../format.js';
import { NONE } from '../model.js';
import { css } from '../palette.js';
import { threadMatches } from '../threads.js';
import { BINARY, bins, blocksPerSecond, chartOptions, decorate as decorateChart, growth, line, perSecond, processors, selected, systemSeries } from '../widgets/charts.js';

const GROUPS = [['', 'the whole heap'], ['module', 'by module'], ['thread', 'by thread'], ['size', 'by size'], ['family', 'by allocation call'], ['site', 'by call path']];
const STACKED = 7; // keys that get a colour of their own; the rest is one band

function keyName(model, group, key) {
	switch (group) {
	case 'site': return model.siteOfNode.has(key) ? `${model.siteName(model.siteOfNode.get(key))} #${key}` : `#${key}`;
	case 'thread': return model.threadName(key);
	case 'module': return model.tables.modules.text('module', key).replace(/^.*\//, '') || '(unknown module)';
	case 'size': {
		const low = model.tables.sizes.number('min_bytes', key);
		const high = model.tables.sizes.number('max_bytes', key);
		return low === high ? bytes(low) : `${bytes(low)} to ${bytes(high)}`;
	}
	default: return model.familyName(key);
	}
}

/* Does a key of the group match the search? null: the search says nothing about this group. */
function matcher(model, group, now) {
	const query = model.query(now);
	if (group === 'thread' && query.thread !== undefined)
		return (key) => threadMatches(model, key, query.thread);
	if (group === 'size' && query.size)
		return (key) => model.tables.sizes.number('max_bytes', key) >= query.size.low && model.tables.sizes.number('min_bytes', key) <= query.size.high;
	if (group === 'module' && query.module !== undefined)
		return (key) => model.tables.modules.text('module', key).toLowerCase().includes(query.module);
	return null;
}

/* What the search selects, as a level per bucket: by the most fitting group. */
function matching(model, now) {
	const query = model.query(now);
	if (query.empty)
		return null;
	const onlyFilter = (name) => query[name] !== undefined && !query.words.length && ['site', 'module', 'thread', 'size', 'life'].every((other) => other === name || query[other] === undefined);
	for (const group of ['thread', 'size'])
		if (onlyFilter(group) && model.hasSeries(group))
			return { label: `matching ${group}`, values: model.groupSeries(group, 'last_live_bytes', matcher(model, group, now)) };
	if (!model.hasSeries('site'))
		return null;
	const mask = model.matches(now);
	return { label: model.merged('site') ? 'matching, of call paths with a series' : 'matching call paths', values: model.groupSeries('site', 'last_live_bytes', (key) => model.siteOfNode.has(key) && mask[model.siteOfNode.get(key)]) };
}

/* The largest keys of a group as levels stacked on each other. */
function stackOf(model, group) {
	return model.once(`stack ${group}`, () => {
		const series = model.tables[`timeline_by_${group}`];
		const cells = model.tables[`timeline_by_${group}_cells`];
		const peaks = Array.from({ length: series.rows }, (unused, i) => {
			let most = 0;
			const first = series.number('first_cell', i);
			for (let c = first; c < first + series.number('cell_count', i); c++)
				most = Math.max(most, cells.number('max_live_bytes', c));
			return { key: series.number('key', i), most };
		}).filter((one) => one.key !== NONE).sort((a, b) => b.most - a.most);
		const top = peaks.slice(0, STACKED);
		const named = new Set(top.map((one) => one.key));
		const layers = top.map((one) => ({ label: keyName(model, group, one.key), values: model.groupSeries(group, 'last_live_bytes', (key) => key === one.key) }));
		const more = peaks.length - top.length + model.merged(group);
		if (more)
			layers.push({ label: `${count(more)} more`, rest: true, values: model.groupSeries(group, 'last_live_bytes', (key) => !named.has(key)) });
		const sums = new Float64Array(model.buckets);
		for (const layer of layers) {
			layer.sum = Array.from(layer.values, (value, b) => {
				sums[b] += value;
				return sums[b];
			});
		}
		return layers;
	});
}

export default {
	id: 'timeline',
	title: 'Timeline',
	empty: (model) => (model.buckets && model.totals.peak_bytes + model.totals.allocations > 0 ? null : 'No block was allocated in this recording, so the heap has no course over time.'),
	render(root, { model, state }) {
		const times = Array.from(model.bucketStarts, (ns) => ns / 1e9);
		const lengths = times.map((t, b) => Math.max(1e-9, model.bucketEnd(b) / 1e9 - t));
		const column = (name) => Array.from(model.tables.timeline.column(name));
		const rate = (name) => column(name).map((value, b) => value / lengths[b]);
		const steps = uPlot.paths.stepped({ align: 1 });
		const holder = h('div.charts', {});
		const groups = h('select', { id: 'timeline-group', onchange: (event) => state.set({ 'timeline.by': event.target.value }) },
			GROUPS.filter(([group]) => !group || model.hasSeries(group)).map(([group, text]) => h('option', { value: group }, text)));
		let plots = [];
		let width = 0;

		const decorate = decorateChart(model, state, (u) => u === plots[0]?.plot || !plots.length);
		const onSelect = selected(model, state);

		function chart(title, note, options, data) {
			const box = h('section.card.chart-card', { 'aria-label': title }, h('h2', {}, title, note ? h('span.quiet', {}, ` ${note}`) : null));
			holder.append(box);
			const plot = new uPlot({ ...options, hooks: { draw: [decorate], setSelect: [onSelect] } }, data, box);
			plot.over.addEventListener('dblclick', () => state.set({ from: 0, to: 0 }));
			plots.push({ plot });
		}

		function heapChart(now) {
			const by = GROUPS.some(([group]) => group && group === now['timeline.by'] && model.hasSeries(group)) ? now['timeline.by'] : '';
			const rss = systemSeries(model, 'rss');
			const match = matching(model, now);
			/* A program whose own blocks are few is a flat line under what the process needs anyway: then resident memory waits in the legend. */
			const dwarfed = rss >= 0 && model.tables.system_series.number('max', rss) > 20 * model.totals.peak_bytes;
			const data = [times];
			const series = [];
			const bands = [];
			if (by) {
				const layers = stackOf(model, by);
				for (let i = layers.length - 1; i >= 0; i--) {
					const colour = layers[i].rest ? css('line-strong') : css(`cat-${i}`);
					data.push(layers[i].sum);
					series.push({ label: layers[i].label, stroke: colour, fill: colour, width: 0, paths: steps, points: { show: false }, value: (u, value, s, at) => (at === null || at === undefined ? '–' : bytes(layers[i].values[at])) });
				}
			} else {
				data.push(column('max_live_bytes'), column('min_live_bytes'));
				series.push(line('heap, largest', 'heap', bytes, { paths: steps }), line('least', 'heap', bytes, { paths: steps, width: 0.5 }));
				bands.push({ series: [1, 2], fill: css('heap-soft') });
			}
			if (rss >= 0) {
				data.push(bins(model, rss, 'max'));
				series.push(line('resident (RSS)', 'rss', bytes, { spanGaps: true, dash: [6, 3], show: !dwarfed }));
			}
			if (match) {
				data.push(Array.from(match.values));
				series.push(line(match.label, 'match', bytes, { paths: steps, fill: `${css('match')}33` }));
			}
			const title = by ? `Heap ${GROUPS.find(([group]) => group === by)[1]}` : 'Heap';
			chart(title, dwarfed ? `resident memory is hidden: up to ${bytes(model.tables.system_series.number('max', rss))}; click its name below` : by ? 'levels at the end of each step' : rss < 0 ? `resident memory: ${model.tables.system.text('reason', 0) || 'no samples'}` : '',
				chartOptions(model, width, 260, title, { short: bytes, steps: BINARY }, series, { bands }), data);
		}

		function draw() {
			for (const { plot } of plots)
				plot.destroy();
			plots = [];
			replace(holder);
			if (!width)
				return;
			const now = state.get();
			groups.value = now['timeline.by'] ?? '';
			heapChart(now);
			const small = 150;
			chart('Bytes per second', '', chartOptions(model, width, small, 'Bytes per second', perSecond, [line('allocated', 'begun', perSecond.short, { paths: steps }), line('freed', 'ended', perSecond.short, { paths: steps, dash: [4, 2] })]),
				[times, rate('allocated_bytes'), rate('freed_bytes')]);
			chart('Blocks per second', '', chartOptions(model, width, small, 'Blocks per second', blocksPerSecond, [line('begun', 'begun', blocksPerSecond.short, { paths: steps }), line('ended', 'ended', blocksPerSecond.short, { paths: steps, dash: [4, 2] })]),
				[times, rate('blocks_begun'), rate('blocks_ended')]);
			const user = systemSeries(model, 'cpu_user');
			const system = systemSeries(model, 'cpu_system');
			if (user >= 0 || system >= 0) {
				const data = [times];
				const series = [];
				for (const [index, label, colour] of [[user, 'user', 'cpu'], [system, 'system', 'quiet']])
					if (index >= 0) {
						data.push(growth(model, index, times));
						series.push(line(label, colour, processors.short, { paths: steps, dash: label === 'system' ? [4, 2] : undefined }));
					}
				chart('Processor time', '100 % = one processor', chartOptions(model, width, small, 'Processor time', processors, series), data);
			}
		}

		const summary = h('p.small', { role: 'status' });
		function describe(now) {
			const brush = model.brush(now);
			if (!brush) {
				replace(summary, 'Drag in a chart to select a span of time for all views; double-click for the whole run.');
				return;
			}
			const w = model.timeWindow(brush);
			replace(summary, h('span', { title: exactBytes(w.peak_bytes) }, `selection: peak ${bytes(w.peak_bytes)}`), ' · ', h('span', { title: exactBytes(w.live_bytes) }, `alive at its end ${bytes(w.live_bytes)}`), ' · ',
				h('span', { title: exactBytes(w.allocated_bytes) }, `allocated ${bytes(w.allocated_bytes)} in ${count(w.allocations)} blocks`), ' · ', h('span', { title: exactBytes(w.freed_bytes) }, `freed ${bytes(w.freed_bytes)} in ${count(w.frees)}`));
		}
		const between = (phase) => ({ from: phase.from_ns, to: phase.to_ns });
		const phases = model.tables.phases.rows > 1 ? h('label', { for: 'timeline-phase' }, 'Phase', h('select', {
			id: 'timeline-phase', title: 'From one mark of the program to the next: selects this span of time',
			onchange: (event) => state.set(event.target.value ? between(model.tables.phases.row(Number(event.target.value))) : { from: 0, to: 0 }),
		}, h('option', { value: '' }, 'all'), model.tables.phases.all().map((phase, i) => h('option', { value: i },
			`${i + 1} ${phase.name || (i ? '(mark)' : '(start)')}: peak ${bytes(phase.peak_bytes)}, keeps ${bytes(phase.kept_bytes)}`)))) : null;
		root.append(h('div.timeline', {}, h('div.bar', {}, h('label', { for: 'timeline-group' }, 'Show', groups), phases, summary), holder));
		describe(state.get());
		const stop = onWidth(holder, (now) => {
			width = now - 30;
			draw();
		});
		return {
			update(now, keys) {
				describe(now);
				if (keys.has('q') || keys.has('timeline.by'))
					draw();
				else if (keys.has('from') || keys.has('to'))
					for (const { plot } of plots)
						plot.redraw(false, false);
			},
			destroy() {
				stop();
				for (const { plot } of plots)
					plot.destroy();
			},
		};
	},
};
