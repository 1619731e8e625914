/*
 * timeline.js - the runs of both sides over each other: heap, resident memory, rates. By time since what is compared begins, or each run over the
 * whole width (--align, and a button). Dragging in a chart zooms all of them.
 */
import uPlot from 'uplot';
import { h, onWidth, replace } from '../dom.js';
import { bytes, duration, exactBytes, moment } from '../format.js';
import { css } from '../palette.js';
import { BINARY, blocksPerSecond as rateOfBlocks, perSecond as rateOfBytes } from '../widgets/charts.js';

const LEVEL = { short: bytes, steps: BINARY };

/* Values of a monitor series per step, null where there is no sample; null: it was not recorded. */
function monitored(run, name) {
	const list = run.tables.system_series;
	const bins = run.tables.system_bins;
	for (let s = 0; s < list.rows; s++) {
		if (list.text('name', s) !== name || !list.number('samples', s))
			continue;
		const values = new Array(run.tables.timeline.rows).fill(null);
		for (let i = 0; i < bins.rows; i++)
			if (bins.number('series', i) === s)
				values[bins.number('bucket', i)] = bins.number('max', i);
		return values;
	}
	return null;
}

/* What a chart shows of a run: a number per step of its timeline, or null when it was not recorded. */
function perSecond(column) {
	return (run) => {
		const starts = run.tables.timeline.column('start_ns');
		return Array.from(run.tables.timeline.column(column), (value, b) => (value * 1e9) / Math.max(1, (b + 1 < starts.length ? starts[b + 1] : run.from + run.span) - starts[b]));
	};
}
const CHARTS = [
	{ title: 'Heap', note: 'largest level of each step', height: 280, format: LEVEL, values: (run) => Array.from(run.tables.timeline.column('max_live_bytes')) },
	{ title: 'Resident memory', note: 'as the monitor sampled it', height: 170, format: LEVEL, values: (run) => monitored(run, 'rss'), gaps: true },
	{ title: 'Bytes allocated per second', height: 170, format: rateOfBytes, values: perSecond('allocated_bytes') },
	{ title: 'Blocks begun per second', height: 170, format: rateOfBlocks, values: perSecond('blocks_begun') },
];

/* Columns of one run: times from 0 on (seconds, or percent of the run), values; a last point, so that the last step has its width. */
function columns(run, chart, whole) {
	const values = chart.values(run);
	if (!values)
		return null;
	const x = (ns) => (whole ? ((ns - run.from) / run.span) * 100 : (ns - run.from) / 1e9);
	const times = Array.from(run.tables.timeline.column('start_ns'), x);
	return times.length ? [[...times, x(run.from + run.span)], [...values, values.at(-1)]] : null;
}

export default {
	id: 'timeline',
	title: 'Timeline',
	empty: (model) => (model.runs.some((run) => run.tables.timeline.rows && run.totals.peak_bytes + run.totals.allocations > 0) ? null : 'No block was allocated on either side, so the heap has no course over time.'),
	render(root, { model, state }) {
		const holder = h('div.charts', {});
		const longest = model.runs.reduce((most, run) => Math.max(most, run.span), 1);
		const buttons = [['start', 'by time since the start', 'All runs at one speed; a shorter run is a shorter curve'], ['share', 'each over the whole width', 'Every run from its start to its end: the same share of the run stands at the same place']].map(([id, words, note]) =>
			h('button', { type: 'button', title: note, 'data-align': id, onclick: () => state.set({ 'timeline.align': id, 'timeline.zoom': undefined }) }, words));
		const reset = h('button', { type: 'button', onclick: () => state.set({ 'timeline.zoom': undefined }) }, 'Reset zoom');
		const line = h('p.small', { role: 'status' });
		let plots = [];
		let width = 0;
		const alignment = (now) => (['start', 'share'].includes(now['timeline.align']) ? now['timeline.align'] : model.info.align);

		function range(now) {
			const whole = alignment(now) === 'share';
			const end = whole ? 100 : longest / 1e9;
			const zoom = (now['timeline.zoom'] ?? '').split('_').map(Number);
			return zoom.length === 2 && zoom[1] > zoom[0] ? zoom : [0, end];
		}

		function marks(u, whole) {
			const { ctx } = u;
			const ratio = devicePixelRatio || 1;
			ctx.save();
			ctx.beginPath();
			ctx.rect(u.bbox.left, u.bbox.top, u.bbox.width, u.bbox.height);
			ctx.clip();
			for (const run of model.several ? [] : model.runs) {
				// Marks of the program: the moments that mean the same on both sides. Names of the old side stand below, those of the new one above.
				let free = -Infinity;
				ctx.strokeStyle = ctx.fillStyle = css(run.side);
				ctx.font = `${11 * ratio}px system-ui, sans-serif`;
				ctx.textAlign = 'left';
				ctx.textBaseline = run.side === 'old' ? 'bottom' : 'top';
				ctx.setLineDash([ratio, 3 * ratio]);
				for (const phase of run.tables.phases.all().slice(1)) {
					const px = u.valToPos(whole ? ((phase.from_ns - run.from) / run.span) * 100 : (phase.from_ns - run.from) / 1e9, 'x', true);
					ctx.beginPath();
					ctx.moveTo(px, u.bbox.top);
					ctx.lineTo(px, u.bbox.top + u.bbox.height);
					ctx.stroke();
					const name = phase.name.length > 24 ? `${phase.name.slice(0, 23)}…` : phase.name || '(mark)';
					if (px >= free) {
						ctx.fillText(name, px + 3 * ratio, run.side === 'old' ? u.bbox.top + u.bbox.height - 2 * ratio : u.bbox.top + 2 * ratio);
						free = px + ctx.measureText(name).width + 8 * ratio;
					}
				}
				if (!run.totals.peak_bytes)
					continue;
				const [[x, y], [otherX, otherY]] = [run, model.runs.find((one) => one !== run)].map((one) => {
					const ns = one.totals.peak_time_ns - one.from;
					return [u.valToPos(whole ? (ns / one.span) * 100 : ns / 1e9, 'x', true), u.valToPos(one.totals.peak_bytes, 'y', true)];
				});
				const close = Math.abs(otherX - x) < 150 * ratio && Math.abs(otherY - y) < 16 * ratio; // then the left one's words stand left
				const right = close ? x < otherX || (x === otherX && run.side === 'old') : x > u.bbox.left + u.bbox.width * 0.75;
				ctx.fillStyle = css(run.side);
				ctx.font = `${11 * ratio}px system-ui, sans-serif`;
				ctx.textAlign = right ? 'right' : 'left';
				ctx.textBaseline = 'bottom';
				ctx.beginPath();
				ctx.arc(x, y, 3 * ratio, 0, 7);
				ctx.fill();
				ctx.fillText(`${run.label}: peak ${bytes(run.totals.peak_bytes)}`, x + (right ? -6 : 6) * ratio, y - 2 * ratio);
			}
			ctx.restore();
		}

		function add(chart, now) {
			const whole = alignment(now) === 'share';
			const shown = model.runs.map((run) => ({ run, data: columns(run, chart, whole) })).filter((one) => one.data);
			if (!shown.length)
				return;
			const xText = (value) => (whole ? `${Math.round(value * 10) / 10} %` : moment(value * 1e9, longest));
			const axis = { stroke: css('quiet'), grid: { stroke: css('line'), width: 1 }, ticks: { stroke: css('line'), width: 1, size: 4 }, font: '11px system-ui, sans-serif' };
			const missing = model.runs.length - shown.length;
			const box = h('section.card.chart-card', { 'aria-label': chart.title }, h('h2', {}, chart.title, h('span.quiet', {}, chart.note ? ` ${chart.note}` : '', missing ? `; no samples in ${model.runs.filter((run) => !shown.some((one) => one.run === run)).map((run) => run.label).join(', ')}` : '')));
			holder.append(box);
			const [low, high] = range(now);
			const plot = new uPlot({
				width, height: chart.height, class: 'chart',
				cursor: { sync: { key: 'memscope-comparison', setSeries: false }, drag: { x: true, y: false, setScale: false }, points: { size: 5 } },
				legend: { live: true, markers: { width: 2 } },
				scales: { x: { time: false, range: () => [low, high] }, y: { range: (u, least, most) => [0, Math.max(most * (chart === CHARTS[0] ? 1.2 : 1.1), 1e-9)] } },
				axes: [
					{ ...axis, values: (u, splits) => splits.map(xText), space: 70, size: 30 },
					{ ...axis, values: (u, splits) => splits.map(chart.format.short), ...(chart.format.steps ? { incrs: chart.format.steps } : {}), size: width < 500 ? 72 : 84, space: 34 },
				],
				series: [{ label: whole ? 'of the run' : 'time', value: (u, value) => (value === null || value === undefined ? '–' : xText(value)) },
					...shown.map(({ run }) => ({
						label: run.label, stroke: css(run.side), width: model.several ? 1 : 1.5, dash: run.side === 'old' ? [5, 3] : undefined, alpha: model.several ? 0.75 : 1,
						points: { show: !!chart.gaps, size: 4, fill: css(run.side) }, ...(chart.gaps ? { spanGaps: true } : { paths: uPlot.paths.stepped({ align: 1 }) }), value: (u, value) => (value === null || value === undefined ? '–' : chart.format.short(value)),
					}))],
				hooks: {
					draw: chart === CHARTS[0] ? [(u) => marks(u, whole)] : [],
					setSelect: [(u) => {
						if (u.select.width < 2)
							return;
						const ends = [u.select.left, u.select.left + u.select.width].map((px) => Number(u.posToVal(px, 'x').toPrecision(6)));
						u.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
						state.set({ 'timeline.zoom': ends.join('_') });
					}],
				},
			}, uPlot.join(shown.map((one) => one.data)), box);
			plot.over.addEventListener('dblclick', () => state.set({ 'timeline.zoom': undefined }));
			plots.push(plot);
		}

		function draw() {
			for (const plot of plots)
				plot.destroy();
			plots = [];
			replace(holder);
			if (!width)
				return;
			const now = state.get();
			for (const button of buttons)
				button.setAttribute('aria-pressed', String(button.dataset.align === alignment(now)));
			reset.hidden = !now['timeline.zoom'];
			for (const chart of CHARTS)
				add(chart, now);
		}

		const key = (side) => h('span', {}, h(`i.line-key.of-${side}`, {}), side === 'old' ? 'old, dashed' : 'new');
		replace(line, 'Drag in a chart to zoom, double-click for all of it. ', key('old'), ' ', key('new'));
		const runs = h('ul.run-list.small', {}, model.runs.map((run) => h('li', {}, h('span.strong', {}, run.label), ' ', h('span', { title: exactBytes(run.totals.peak_bytes) }, `peak ${bytes(run.totals.peak_bytes)}`),
			` after ${duration(Math.max(0, run.totals.peak_time_ns - run.from))}, ${duration(run.span)} in all`, run.window.given ? `, from ${duration(run.from)} on` : '')));
		root.append(h('div.timeline', {}, h('div.bar', {}, h('div.chips', { role: 'group', 'aria-label': 'How the runs are laid over each other' }, buttons), reset, line), holder, runs));
		const stop = onWidth(holder, (now) => {
			width = now - 30;
			draw();
		});
		return {
			update(now, keys) {
				if (keys.has('timeline.align') || keys.has('timeline.zoom'))
					draw();
			},
			destroy() {
				stop();
				for (const plot of plots)
					plot.destroy();
			},
		};
	},
};
