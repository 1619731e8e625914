/*
 * charts.js - what curves over time have in common: axes, units, the time brush drawn in and set by dragging; monitor series as values per step.
 */
import { bytes, count, moment } from '../format.js';
import { css } from '../palette.js';

export function systemSeries(model, name) {
	const list = model.tables.system_series;
	for (let i = 0; i < list.rows; i++)
		if (list.text('name', i) === name && list.number('samples', i))
			return i;
	return -1;
}

/* Values of a monitor series per bucket, null where there is no sample. column: min, max or last. */
export function bins(model, series, column) {
	const table = model.tables.system_bins;
	const values = new Array(model.buckets).fill(null);
	for (let i = 0; i < table.rows; i++)
		if (table.number('series', i) === series)
			values[table.number('bucket', i)] = table.number(column, i);
	return values;
}

/* A cumulative series as its growth per second between samples, which says what was used: share of one processor for nanoseconds. */
export function growth(model, series, times) {
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

export function chartOptions(model, width, height, title, format, series, extra) {
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
export const BINARY = Array.from({ length: 60 }, (unused, i) => 2 ** i);
export const perSecond = { short: (value) => `${bytes(value)}/s`, steps: BINARY };
export const blocksPerSecond = { short: (value) => `${value >= 1e6 ? `${(value / 1e6).toPrecision(3)} M` : value >= 1e3 ? `${(value / 1e3).toPrecision(3)} k` : count(value)}/s` };
export const processors = { short: (value) => `${count(value * 100)} %` };

function legendValue(print) {
	return (u, value) => (value === null || value === undefined ? '–' : print(value));
}

export function line(label, colour, print, extra = {}) {
	return { label, stroke: css(colour), width: 1.5, points: { show: false }, value: legendValue(print), ...extra };
}

/*
 * A hook that draws pauses of the recording, the brush, marks and snapshots, and the peak into a chart; names only where named(u) holds: in the topmost of several.
 */
export function decorate(model, state, named) {
	return (u) => {
		const { ctx } = u;
		const now = state.get();
		const ratio = devicePixelRatio || 1;
		const x = (ns) => u.valToPos(ns / 1e9, 'x', true);
		ctx.save();
		ctx.fillStyle = css('pause');
		for (const pause of model.pauses())
			ctx.fillRect(x(pause.from_ns), u.bbox.top, Math.max(ratio, x(pause.to_ns) - x(pause.from_ns)), u.bbox.height);
		if (model.brush(now)) {
			ctx.fillStyle = css('veil');
			ctx.fillRect(u.bbox.left, u.bbox.top, x(now.from) - u.bbox.left, u.bbox.height);
			ctx.fillRect(x(now.to), u.bbox.top, u.bbox.left + u.bbox.width - x(now.to), u.bbox.height);
			ctx.strokeStyle = css('accent');
			ctx.lineWidth = ratio;
			ctx.setLineDash([]);
			ctx.strokeRect(x(now.from), u.bbox.top, x(now.to) - x(now.from), u.bbox.height);
		}
		const first = named(u);
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
	};
}

/* A hook: what is dragged over in a chart becomes the time brush. */
export function selected(model, state) {
	return (u) => {
		if (u.select.width < 2)
			return;
		const from = Math.round(u.posToVal(u.select.left, 'x') * 1e9);
		const to = Math.round(u.posToVal(u.select.left + u.select.width, 'x') * 1e9);
		u.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
		state.set({ from: Math.max(model.from, from), to: Math.min(model.to, to) });
	};
}
