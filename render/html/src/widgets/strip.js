/*
 * strip.js - the time strip above every view: the heap's curve, and the brush that selects a span of time. Drag to select, drag an edge to
 * move it, double-click or Escape to clear; both edges are sliders for the keyboard (arrows, with Shift ten steps, Home, End).
 */
import { h, onWidth, replace, sharp } from '../dom.js';
import { bytes, moment } from '../format.js';
import { css } from '../palette.js';

const HEIGHT = 44;

export function timeStrip(model, state) {
	const canvas = h('canvas', { 'aria-hidden': 'true' });
	const edges = ['from', 'to'].map((edge) => h('div.edge', { role: 'slider', tabindex: '0', 'aria-label': edge === 'from' ? 'Start of the selected time' : 'End of the selected time' }));
	const label = h('span.strip-label', {});
	const clear = h('button.clear', { type: 'button', onclick: () => state.set({ from: 0, to: 0 }) }, 'whole run');
	const area = h('div.strip-area', { title: 'Drag to select a span of time; double-click for the whole run' }, canvas, edges);
	const element = h('div.strip', { role: 'group', 'aria-label': 'Time' }, area, h('div.strip-line', {}, label, clear));
	const span = model.to - model.from;
	const timeline = model.tables.timeline;
	let width = 0;

	const x = (ns) => ((ns - model.from) / span) * width;
	const time = (px) => Math.round(model.from + (Math.max(0, Math.min(width, px)) / width) * span);

	function draw() {
		if (!width)
			return;
		const now = state.get();
		const c = sharp(canvas, width, HEIGHT);
		const most = Math.max(1, model.totals.peak_bytes);
		const y = (value) => HEIGHT - 2 - (value / most) * (HEIGHT - 6);
		c.clearRect(0, 0, width, HEIGHT);
		c.beginPath();
		c.moveTo(0, HEIGHT);
		for (let b = 0; b < model.buckets; b++) {
			c.lineTo(x(model.bucketStarts[b]), y(timeline.number('max_live_bytes', b)));
			c.lineTo(x(model.bucketEnd(b)), y(timeline.number('max_live_bytes', b)));
		}
		c.lineTo(width, HEIGHT);
		c.closePath();
		c.fillStyle = css('strip');
		c.fill();
		c.fillStyle = css('pause');
		for (const pause of model.pauses())
			c.fillRect(x(pause.from_ns), 0, Math.max(1, x(pause.to_ns) - x(pause.from_ns)), HEIGHT);
		c.fillStyle = css('mark');
		for (const mark of model.marks())
			c.fillRect(Math.round(x(mark.time_ns)), 0, 1, HEIGHT);
		const brush = model.brush(now);
		if (brush) {
			c.fillStyle = css('veil');
			c.fillRect(0, 0, x(now.from), HEIGHT);
			c.fillRect(x(now.to), 0, width - x(now.to), HEIGHT);
			c.strokeStyle = css('accent');
			c.strokeRect(x(now.from) + 0.5, 0.5, Math.max(1, x(now.to) - x(now.from) - 1), HEIGHT - 1);
		}
		if (model.totals.peak_bytes) {
			c.fillStyle = css('peak');
			const px = x(model.totals.peak_time_ns);
			c.beginPath();
			c.moveTo(px - 4, 0);
			c.lineTo(px + 4, 0);
			c.lineTo(px, 6);
			c.fill();
		}
		edges.forEach((edge, i) => {
			const at = i === 0 ? (brush ? now.from : model.from) : brush ? now.to : model.to;
			edge.style.left = `${x(at)}px`;
			edge.setAttribute('aria-valuemin', '0');
			edge.setAttribute('aria-valuemax', String(Math.round(span)));
			edge.setAttribute('aria-valuenow', String(Math.round(at - model.from)));
			edge.setAttribute('aria-valuetext', moment(at, span));
		});
		replace(label, brush ? `${moment(now.from, span)} – ${moment(now.to, span)}, ${moment(now.to - now.from, span)} selected`
			: `${moment(model.from, span)} – ${moment(model.to, span)}, peak ${bytes(model.totals.peak_bytes)} at ${moment(model.totals.peak_time_ns, span)}`);
		clear.hidden = !brush;
	}

	function drag(event) {
		if (event.button !== 0 || !width)
			return;
		const left = area.getBoundingClientRect().left;
		const edge = edges.indexOf(event.target);
		const now = state.get();
		const brush = model.brush(now);
		const anchor = edge === 0 ? (brush ? now.to : model.to) : edge === 1 ? (brush ? now.from : model.from) : time(event.clientX - left);
		const startX = event.clientX;
		area.setPointerCapture(event.pointerId);
		const move = (e) => {
			if (Math.abs(e.clientX - startX) < 3 && edge < 0)
				return;
			const at = time(e.clientX - left);
			state.set({ from: Math.min(anchor, at), to: Math.max(anchor, at) });
		};
		const up = () => {
			area.removeEventListener('pointermove', move);
			area.removeEventListener('pointerup', up);
			area.removeEventListener('pointercancel', up);
		};
		area.addEventListener('pointermove', move);
		area.addEventListener('pointerup', up);
		area.addEventListener('pointercancel', up);
	}
	area.addEventListener('pointerdown', drag);
	area.addEventListener('dblclick', () => state.set({ from: 0, to: 0 }));
	edges.forEach((edge, i) => edge.addEventListener('keydown', (event) => {
		const now = state.get();
		const brush = model.brush(now);
		let from = brush ? now.from : model.from;
		let to = brush ? now.to : model.to;
		const step = (span / 100) * (event.shiftKey ? 10 : 1);
		let at = i === 0 ? from : to;
		if (event.key === 'ArrowLeft' || event.key === 'ArrowDown')
			at -= step;
		else if (event.key === 'ArrowRight' || event.key === 'ArrowUp')
			at += step;
		else if (event.key === 'Home')
			at = model.from;
		else if (event.key === 'End')
			at = model.to;
		else if (event.key === 'Escape')
			return state.set({ from: 0, to: 0 });
		else
			return undefined;
		event.preventDefault();
		at = Math.round(Math.max(model.from, Math.min(model.to, at)));
		if (i === 0)
			from = Math.min(at, to - 1);
		else
			to = Math.max(at, from + 1);
		return state.set({ from, to });
	}));
	onWidth(area, (now) => {
		width = now;
		draw();
	});
	return { element, update: (now, keys) => (keys.has('from') || keys.has('to') || keys.has('theme')) && draw() };
}
