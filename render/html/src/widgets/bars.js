/*
 * bars.js - a histogram: one bar per class on an axis of powers of two, exact figures of the bar under the pointer or the keyboard in a line below.
 *
 *   barChart({label, print, binary, onOpen}) gives {element, update(bars, ticks, {print, binary}), destroy}
 *     print   value -> text of the axis; binary: its steps are powers of two
 *     bars    [{value, text = the line that describes it, dim}] from left to right, without gaps in the classes; dim: outside the search
 *     ticks   [{at = left edge of this bar, text}]
 *     onOpen  index -> what Enter and a click do; absent = nothing
 *
 * Keyboard: arrows, Home, End go from bar to bar. The chart is one stop for the tabulator; its label says what it is, and a table beside it has the
 * same figures for those who do not see it.
 */
import { h, onWidth, replace, svg } from '../dom.js';

const HEIGHT = 170;
const BELOW = 22;
const LEFT = 62;

/* Round values for the axis: 1, 2, 5 times a power of ten, or powers of two for bytes. */
function steps(most, binary) {
	const raw = most / 4;
	if (binary) {
		const step = 2 ** Math.max(0, Math.round(Math.log2(raw || 1)));
		return Array.from({ length: Math.floor(most / step) + 1 }, (unused, i) => i * step).filter((value, i, all) => all.length < 8 || i % 2 === 0);
	}
	const power = 10 ** Math.floor(Math.log10(raw || 1));
	const step = Math.max(1, [1, 2, 5, 10].map((m) => m * power).find((one) => one >= raw));
	return Array.from({ length: Math.floor(most / step) + 1 }, (unused, i) => i * step);
}

export function barChart({ label, print, binary, onOpen }) {
	const line = h('p.small.bars-line', { role: 'status' });
	const holder = h('div.bars-holder', { tabindex: '0', role: 'img', 'aria-label': label, 'aria-keyshortcuts': 'ArrowLeft ArrowRight Home End' });
	const element = h('div.bars', {}, holder, line);
	let bars = [];
	let ticks = [];
	let format = { print, binary };
	let chosen = -1;
	let width = 0;
	let marks = [];

	function say() {
		line.textContent = bars[chosen]?.text ?? (bars.length ? `Point at a bar, or use the arrow keys, for its figures${onOpen ? '; click or Enter searches for it' : ''}.` : '');
		marks.forEach((mark, i) => mark.classList.toggle('chosen', i === chosen));
	}

	function draw() {
		if (!width || !bars.length)
			return;
		const most = bars.reduce((m, bar) => Math.max(m, bar.value), 0);
		const slot = Math.min((width - LEFT - 4) / bars.length, 64);
		const x = (i) => LEFT + i * slot;
		const y = (value) => HEIGHT - (most ? (value / most) * (HEIGHT - 12) : 0);
		marks = bars.map((bar, i) => svg(`g.bar-mark${bar.dim ? '.dim' : ''}`, { 'data-index': i },
			svg('rect.hit', { x: x(i), y: 0, width: slot, height: HEIGHT }),
			svg('rect.body', { x: x(i) + 1, y: bar.value ? Math.min(y(bar.value), HEIGHT - 1.5) : HEIGHT, width: Math.max(1, slot - 2), height: bar.value ? Math.max(1.5, HEIGHT - y(bar.value)) : 0 })));
		const longest = ticks.reduce((m, tick) => Math.max(m, tick.text.length), 1) * 6.2;
		const every = Math.ceil((longest + 8) / slot); // a label for each of so many bars
		const labels = ticks.filter((tick, i) => i % every === 0 && x(tick.at) + longest / 2 < width)
			.map((tick) => svg('text', { x: x(tick.at), y: HEIGHT + 15, 'text-anchor': 'middle' }, tick.text));
		replace(holder, svg('svg', { viewBox: `0 0 ${width} ${HEIGHT + BELOW}`, width, height: HEIGHT + BELOW, 'aria-hidden': 'true' },
			steps(most, format.binary).map((value) => [svg('line.rule', { x1: LEFT, x2: width, y1: y(value), y2: y(value) }), svg('text', { x: LEFT - 6, y: y(value) + 4, 'text-anchor': 'end' }, format.print(value))]),
			marks, svg('line.axis', { x1: LEFT, x2: width, y1: HEIGHT, y2: HEIGHT }), labels));
		say();
	}

	function choose(index) {
		chosen = Math.max(-1, Math.min(bars.length - 1, index));
		say();
	}
	const indexOf = (event) => {
		const mark = event.target.closest?.('.bar-mark');
		return mark ? Number(mark.dataset.index) : -1;
	};
	holder.addEventListener('pointermove', (event) => choose(indexOf(event)));
	holder.addEventListener('pointerleave', () => document.activeElement !== holder && choose(-1));
	holder.addEventListener('click', (event) => indexOf(event) >= 0 && onOpen?.(indexOf(event)));
	holder.addEventListener('keydown', (event) => {
		const next = { ArrowRight: chosen + 1, ArrowLeft: chosen < 0 ? bars.length - 1 : Math.max(0, chosen - 1), Home: 0, End: bars.length - 1 }[event.key];
		if (next !== undefined) {
			event.preventDefault();
			choose(next);
		} else if (event.key === 'Enter' && chosen >= 0) {
			onOpen?.(chosen);
		}
	});
	const stop = onWidth(holder, (now) => {
		width = now;
		draw();
	});
	return {
		element,
		update(newBars, newTicks, newFormat = format) {
			bars = newBars;
			ticks = newTicks;
			format = newFormat;
			chosen = Math.min(chosen, bars.length - 1);
			draw();
			say();
		},
		destroy: stop,
	};
}
