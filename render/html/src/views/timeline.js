/*
 * timeline.js - the course of the run: heap (band from least to largest level) with resident memory, rates, processor time; one cursor over all
 * charts; dragging in any of them selects a span of time for every view. Under a search the matching call paths stand in their own colour.
 */
import uPlot from 'uplot';
import { h, onWidth, replace } from '../dom.js';
import { bytes, count, exactBytes, moment } from '../format.js';
import { css } from '../palette.js';

const GROUPS = [['', 'the whole heap'], ['module', 'by module'], ['thread', 'by thread'], ['size', 'by size'], ['family', 'by allocation call'], ['site', 'by call path']];
const STACKED = 7; // keys that get a colour of their own; the rest is one band

function systemSeries(model, name) {
	const list = model.tables.system_series;
	for (let i = 0; i < list.rows; i++)
		if (list.text('name', i) === name && list.number('samples', i))
			return i;
	return -1;
}

/* Values of a monitor series per bucket, null where there is no sample. column: min, max or last. */
function bins(model, series, column) {
	const table = model.tables.system_bins;
	const values = new Array(model.buckets).fill(null);
	for (let i = 0; i < table.rows; i++)
		if (table.number('series', i) === series)
			values[table.number('bucket', i)] = table.number(column, i);
	return values;
}

/* A cumulative series as its growth per second between samples, which says what was used: share of one processor for nanoseconds. */
function growth(model, series, times) {
	const last = bins(model, series, 'last');
	const values = new Array(last.length).fill(null);
	let before = -1;
	for (let b = 0; b < last.length; b++) {
		if (last[b] === null)
			continue;
		if (before >= 0 && times[b] > times[before])
			for (let k = before + 1; k <= b; k++)
				values[k] = (last[b] - last[before]) / ((times[b] - times[before]) * 1e9);
		before = b;
	}
	return values;
}

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
		return (key) => String(key) === query.thread || model.threadName(key).toLowerCase().split(' ').slice(1).some((word) => word.includes(query.thread));
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
	return { label: 'matching call paths', values: model.groupSeries('site', 'last_live_bytes', (key) => model.siteOfNode.has(key) && mask[model.siteOfNode.get(key)]) };
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
		}).sort((a, b) => b.most - a.most);
		const top = peaks.slice(0, STACKED);
		const named = new Set(top.map((one) => one.key));
		const layers = top.map((one) => ({ label: keyName(model, group, one.key), values: model.groupSeries(group, 'last_live_bytes', (key) => key === one.key) }));
		if (peaks.length > STACKED)
			layers.push({ label: `${count(peaks.length - STACKED)} more`, rest: true, values: model.groupSeries(group, 'last_live_bytes', (key) => !named.has(key)) });
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

function chartOptions(model, width, height, title, format, series, extra) {
	const span = model.to - model.from;
	const axis = { stroke: css('quiet'), grid: { stroke: css('line'), width: 1 }, ticks: { stroke: css('line'), width: 1, size: 4 }, font: '11px system-ui, sans-serif' };
	return {
		width, height, title: undefined, class: 'chart',
		cursor: { sync: { key: 'memscope', setSeries: false }, drag: { x: true, y: false, setScale: false }, points: { size: 5 } },
		select: { show: true },
		legend: { live: true, markers: { width: 2 } },
		scales: { x: { time: false, min: model.from / 1e9, max: model.to / 1e9 }, y: { range: (u, low, high) => [0, Math.max(high * 1.06, 1e-9)] } },
		axes: [
			{ ...axis, values: (u, splits) => splits.map((s) => moment(s * 1e9, span)), space: 70, size: 30 },
			{ ...axis, values: (u, splits) => splits.map(format.short), ...(format.steps ? { incrs: format.steps } : {}), size: width < 500 ? 72 : 84, space: 34 },
		],
		series: [{ label: 'time', value: (u, value) => (value === null || value === undefined ? '–' : moment(value * 1e9, span)) }, ...series],
		...extra,
	};
}

/* Steps of an axis in bytes: 1, 2, 4, 8, ... so that its labels are round in KiB and MiB. */
const BINARY = Array.from({ length: 60 }, (unused, i) => 2 ** i);
const perSecond = { short: (value) => `${bytes(value)}/s`, steps: BINARY };
const blocksPerSecond = { short: (value) => `${value >= 1e6 ? `${(value / 1e6).toPrecision(3)} M` : value >= 1e3 ? `${(value / 1e3).toPrecision(3)} k` : count(value)}/s` };
const processors = { short: (value) => `${count(value * 100)} %` };

function legendValue(print) {
	return (u, value) => (value === null || value === undefined ? '–' : print(value));
}

function line(label, colour, print, extra = {}) {
	return { label, stroke: css(colour), width: 1.5, points: { show: false }, value: legendValue(print), ...extra };
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

		/* The brush and the peak, drawn into every chart. */
		function decorate(u) {
			const { ctx } = u;
			const now = state.get();
			const ratio = devicePixelRatio || 1;
			const x = (ns) => u.valToPos(ns / 1e9, 'x', true);
			ctx.save();
			if (model.brush(now)) {
				ctx.fillStyle = css('veil');
				ctx.fillRect(u.bbox.left, u.bbox.top, x(now.from) - u.bbox.left, u.bbox.height);
				ctx.fillRect(x(now.to), u.bbox.top, u.bbox.left + u.bbox.width - x(now.to), u.bbox.height);
				ctx.strokeStyle = css('accent');
				ctx.lineWidth = ratio;
				ctx.setLineDash([]);
				ctx.strokeRect(x(now.from), u.bbox.top, x(now.to) - x(now.from), u.bbox.height);
			}
			const first = u === plots[0]?.plot || !plots.length;
			ctx.strokeStyle = ctx.fillStyle = css('mark');
			ctx.lineWidth = ratio;
			ctx.font = `${11 * ratio}px system-ui, sans-serif`;
			ctx.textAlign = 'left';
			ctx.textBaseline = 'bottom';
			let free = -Infinity; // a name is written where the one before has ended
			for (const mark of model.marks()) {
				const px = x(mark.time_ns);
				ctx.setLineDash([ratio, 2 * ratio]);
				ctx.beginPath();
				ctx.moveTo(px, u.bbox.top);
				ctx.lineTo(px, u.bbox.top + u.bbox.height);
				ctx.stroke();
				const label = mark.name.length > 24 ? `${mark.name.slice(0, 23)}…` : mark.name;
				if (first && px >= free && px + ctx.measureText(label).width < u.bbox.left + u.bbox.width) {
					ctx.fillText(label, px + 3 * ratio, u.bbox.top - 2 * ratio);
					free = px + ctx.measureText(label).width + 12 * ratio;
				}
			}
			if (model.totals.peak_bytes) {
				const px = x(model.totals.peak_time_ns);
				ctx.strokeStyle = ctx.fillStyle = css('peak');
				ctx.lineWidth = ratio;
				ctx.setLineDash([3 * ratio, 3 * ratio]);
				ctx.beginPath();
				ctx.moveTo(px, u.bbox.top);
				ctx.lineTo(px, u.bbox.top + u.bbox.height);
				ctx.stroke();
				if (first) {
					const right = px > u.bbox.left + u.bbox.width * 0.7;
					ctx.font = `${11 * ratio}px system-ui, sans-serif`;
					ctx.textAlign = right ? 'right' : 'left';
					ctx.textBaseline = 'top';
					ctx.fillText(`peak ${bytes(model.totals.peak_bytes)}`, px + (right ? -5 : 5) * ratio, u.bbox.top + 3 * ratio);
				}
			}
			ctx.restore();
		}

		function selected(u) {
			if (u.select.width < 2)
				return;
			const from = Math.round(u.posToVal(u.select.left, 'x') * 1e9);
			const to = Math.round(u.posToVal(u.select.left + u.select.width, 'x') * 1e9);
			u.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
			state.set({ from: Math.max(model.from, from), to: Math.min(model.to, to) });
		}

		function chart(title, note, options, data) {
			const box = h('section.card.chart-card', { 'aria-label': title }, h('h2', {}, title, note ? h('span.quiet', {}, ` ${note}`) : null));
			holder.append(box);
			const plot = new uPlot({ ...options, hooks: { draw: [decorate], setSelect: [selected] } }, data, box);
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
