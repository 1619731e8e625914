/*
 * address.js - where live blocks lie in the address space: what the heap has grown to and how much of it is in use, over time and at one
 * moment, with a map of the pages.
 *
 * The report looks at a few moments, evenly spread (analyze/address_space.h); the one shown is the last one of a selection of time, else the one
 * with most live bytes, unless the slider chose another.
 */
import uPlot from 'uplot';
import { h, onWidth, replace, sharp } from '../dom.js';
import { bytes, count, exactBytes, moment, of, share } from '../format.js';
import { css } from '../palette.js';
import { BINARY, chartOptions, decorate, line, selected } from '../widgets/charts.js';

const PAGE = 4096;
const CELL = 9;
const SHOWN = 12; // regions that are drawn; the table has all

function chosenMoment(model, now, moments) {
	const asked = Number(now['address.moment']);
	if (now['address.moment'] !== undefined && Number.isInteger(asked) && asked >= 0 && asked < moments.length)
		return asked;
	const brush = model.brush(now);
	if (brush) {
		const last = moments.findLastIndex((one) => one.time_ns <= brush.to);
		return Math.max(0, last);
	}
	return moments.reduce((best, one, i) => (one.live_bytes > moments[best].live_bytes ? i : best), 0);
}

export default {
	id: 'address',
	title: 'Address space',
	empty: (model) => {
		const { reason } = model.tables.address_space.row();
		if (reason)
			return `Not observable: ${reason}.`;
		if (!model.tables.address_moments.rows)
			return 'This report was made without it: memscope-analyze --html and --address-space look at the address space in a second pass over the trace.';
		return model.tables.address_regions.rows ? null : 'At none of the moments looked at was a block alive, so there is nothing to show in the address space.';
	},
	render(root, { model, state }) {
		const moments = model.tables.address_moments.all();
		const regions = model.tables.address_regions.all();
		const { usable_rule: rule, bin_count: binCount } = model.tables.address_space.row();
		const occupancy = model.tables.address_occupancy.column('bytes');
		const span = model.to - model.from;
		const external = (one) => Math.max(0, one.occupied_pages * PAGE - one.live_bytes);
		const regionName = (region) => region.name || '(anonymous or not in the address maps)';
		const liveIn = (region, at) => {
			let sum = 0;
			for (let b = 0; b < region.bin_count; b++)
				sum += occupancy[at * binCount + region.first_bin + b];
			return sum;
		};
		const binBytes = (region, b) => Math.min(region.bin_bytes, region.bytes - b * region.bin_bytes);

		const slider = h('input.snap-slider', { type: 'range', min: '0', max: String(moments.length - 1), step: '1', 'aria-label': 'Moment' });
		const where = h('p.snap-where', { role: 'status' });
		const figures = h('dl.figures.five', {});
		const chartHolder = h('div', {});
		const momentTable = h('table.plain', {},
			h('thead', {}, h('tr', {}, ['Moment', 'Live', 'Occupied pages', 'Heap pages', 'Unused in pages', ...(rule ? ['Rounding'] : []), 'Largest hole'].map((title, i) => h(i ? 'th.num' : 'th', {}, title)))),
			h('tbody', {}, moments.map((one) => h('tr', {}, [moment(one.time_ns, span), one.live_bytes, one.occupied_pages * PAGE, one.heap_pages * PAGE, external(one), ...(rule ? [Math.max(0, one.usable_bytes - one.live_bytes)] : []), one.largest_hole_bytes]
				.map((value, i) => (i ? h('td.num', { title: exactBytes(value) }, bytes(value)) : h('td', {}, value)))))));
		const chartBox = h('section.card.chart-card', { 'aria-labelledby': 'fragments-title' }, h('h2', { id: 'fragments-title' }, 'Fragmentation over time', h('span.quiet', {}, ` ${count(moments.length)} moments; points are moments, nothing is known between them`)), chartHolder, h('details', {}, h('summary.small', {}, 'The moments as a table'), h('div.scroll-box', { tabindex: '0', role: 'region', 'aria-label': 'Moments' }, momentTable)));
		const canvas = h('canvas', { tabindex: '0', role: 'img', 'aria-keyshortcuts': 'ArrowUp ArrowDown ArrowLeft ArrowRight Home End' });
		const mapHolder = h('div.map-holder', {}, canvas);
		const line_ = h('p.small.bars-line', { role: 'status' });
		const mapNote = h('p.small', {});
		const mappings = h('div', {});
		root.append(h('div.address', {},
			h('section.card', { 'aria-label': 'The moment' }, where, slider,
				h('p.small', {}, `Live bytes and addresses are measured, the rest is derived from them; pages have ${count(PAGE)} bytes. A selection of time chooses the last moment in it. The search does not apply: addresses are those of all blocks.`)),
			figures,
			chartBox,
			h('section.card', { 'aria-labelledby': 'map-title' }, h('h2', { id: 'map-title' }, 'Occupancy map', h('span.quiet', {}, ' the stronger the colour, the fuller')), mapNote, mapHolder, line_),
			h('section.card', { 'aria-labelledby': 'mappings-title' }, h('h2', { id: 'mappings-title' }, 'By mapping', h('span.quiet', {}, ' regions of the same name together')), mappings)));

		let width = 0;
		let plot = null;
		let boxes = []; // drawn cells: {region, bin, x, y}
		let rows = []; // first box of each line of cells
		let chosen = -1;
		let at = 0;

		function drawChart() {
			plot?.destroy();
			const times = moments.map((one) => one.time_ns / 1e9);
			const dots = { points: { show: true, size: 5 } };
			const series = [line('heap pages', 'quiet', bytes, { ...dots, dash: [6, 3] }), line('occupied pages', 'rss', bytes, dots), line('live bytes', 'heap', bytes, { ...dots, fill: css('heap-soft') }), line('largest hole', 'ended', bytes, { ...dots, dash: [2, 3] })];
			const here = (u) => {
				const x = u.valToPos(moments[at].time_ns / 1e9, 'x', true);
				u.ctx.save();
				u.ctx.fillStyle = css('accent');
				u.ctx.fillRect(x - devicePixelRatio, u.bbox.top, 2 * devicePixelRatio, u.bbox.height);
				u.ctx.restore();
			};
			plot = new uPlot({ ...chartOptions(model, width, 230, '', { short: bytes, steps: BINARY }, series, {}), hooks: { draw: [decorate(model, state, () => false), here], setSelect: [selected(model, state)] } },
				[times, moments.map((one) => one.heap_pages * PAGE), moments.map((one) => one.occupied_pages * PAGE), moments.map((one) => one.live_bytes), moments.map((one) => one.largest_hole_bytes)], chartHolder);
			plot.over.addEventListener('dblclick', () => state.set({ from: 0, to: 0 }));
		}

		function drawMap() {
			const lines = Math.max(8, Math.floor(width / CELL));
			const shown = regions.map((region) => ({ region, live: liveIn(region, at) })).sort((a, b) => b.live - a.live || b.region.bytes - a.region.bytes).slice(0, SHOWN).filter((one) => one.live > 0);
			boxes = [];
			rows = [];
			let y = 0;
			const titles = [];
			for (const { region, live } of shown) {
				titles.push({ y, region, live });
				y += 18;
				for (let b = 0; b < region.bin_count; b++) {
					if (b % lines === 0)
						rows.push(boxes.length);
					boxes.push({ region, bin: b, x: (b % lines) * CELL, y: y + Math.floor(b / lines) * CELL, line: rows.length - 1 });
				}
				y += Math.ceil(region.bin_count / lines) * CELL + 8;
			}
			const c = sharp(canvas, width, Math.max(1, y));
			c.font = '12px system-ui, sans-serif';
			c.textBaseline = 'middle';
			const hot = css('heap');
			for (const { y: top, region, live } of titles) {
				const label = `${region.start}  ${region.name || 'anonymous or unknown'}: ${bytes(live)} live of ${bytes(region.bytes)}, cells of ${bytes(region.bin_bytes)}`;
				c.fillStyle = css('text');
				c.fillText(label, 0, top + 9, width);
			}
			for (const box of boxes) {
				const part = occupancy[at * binCount + box.region.first_bin + box.bin] / binBytes(box.region, box.bin);
				c.fillStyle = css('line');
				c.fillRect(box.x, box.y, CELL - 1, CELL - 1);
				if (part > 0) {
					c.globalAlpha = 0.18 + 0.82 * Math.min(1, part);
					c.fillStyle = hot;
					c.fillRect(box.x, box.y, CELL - 1, CELL - 1);
					c.globalAlpha = 1;
				}
			}
			if (boxes[chosen]) {
				c.strokeStyle = css('peak');
				c.lineWidth = 2;
				c.strokeRect(boxes[chosen].x, boxes[chosen].y, CELL - 1, CELL - 1);
			}
			const withLive = regions.filter((region) => liveIn(region, at) > 0).length;
			replace(mapNote, shown.length ? `${withLive > shown.length ? `The ${shown.length} fullest of ${of(withLive, 'region')} with live blocks. ` : ''}From the lowest address on, line by line; grey where nothing was alive at this moment.` : 'No block was alive at this moment.');
			canvas.setAttribute('aria-label', `Map of ${of(shown.length, 'region')} in ${count(boxes.length)} cells; the table below has the sums`);
		}

		function say() {
			const box = boxes[chosen];
			if (!box) {
				line_.textContent = boxes.length ? 'Point at a cell, or use the arrow keys, for its address and its live bytes.' : '';
				return;
			}
			const live = occupancy[at * binCount + box.region.first_bin + box.bin];
			const room = binBytes(box.region, box.bin);
			const address = `0x${(BigInt(box.region.start) + BigInt(box.bin) * BigInt(box.region.bin_bytes)).toString(16)}`;
			line_.textContent = `${address}, ${regionName(box.region)}: ${exactBytes(live)} live of ${exactBytes(room)} (${share(live, room)})`;
		}

		function byMapping() {
			const names = new Map();
			for (const region of regions) {
				const one = names.get(regionName(region)) ?? { name: regionName(region), regions: 0, bytes: 0, live: 0, most: 0 };
				one.regions++;
				one.bytes += region.bytes;
				one.live += liveIn(region, at);
				names.set(one.name, one);
			}
			const all = [...names.values()].sort((a, b) => b.live - a.live || b.bytes - a.bytes);
			const sum = all.reduce((s, one) => s + one.live, 0);
			replace(mappings, h('div.scroll-box', { tabindex: '0', role: 'region', 'aria-label': 'Mappings' }, h('table.plain', {},
				h('thead', {}, h('tr', {}, h('th', {}, 'Mapping'), h('th.num.wide', {}, 'Regions'), h('th.num.wide', {}, 'Span'), h('th.num', {}, 'Live'), h('th.num', {}, 'Share'))),
				h('tbody', {}, all.map((one) => h('tr', {}, h('td.code', {}, one.name), h('td.num.wide', {}, count(one.regions)), h('td.num.wide', { title: exactBytes(one.bytes) }, bytes(one.bytes)),
					h('td.num', { title: exactBytes(one.live) }, bytes(one.live)), h('td.num', {}, share(one.live, sum))))))),
			h('p.small', {}, 'Span: from the first to the last page that held a block at one of the moments. Names come from the address maps that the recorder took now and then.'));
		}

		function figure(title, value, exact, note) {
			return h('div.figure', {}, h('dt', {}, title), h('dd', {}, h('span.value', { title: exact }, value), h('span.note', {}, note)));
		}

		function update(now) {
			at = chosenMoment(model, now, moments);
			const one = moments[at];
			const room = one.occupied_pages * PAGE;
			slider.value = String(at);
			slider.setAttribute('aria-valuetext', `${moment(one.time_ns, span)}, ${bytes(one.live_bytes)} live`);
			replace(where, h('span.strong', {}, `after ${moment(one.time_ns, span)}`), ` · moment ${count(at + 1)} of ${count(moments.length)} · `, h('span', { title: exactBytes(one.live_bytes) }, `${bytes(one.live_bytes)} alive in ${of(one.live_blocks, 'block')}`));
			const inner = Math.max(0, one.usable_bytes - one.live_bytes);
			replace(figures,
				figure('Live', bytes(one.live_bytes), exactBytes(one.live_bytes), `in ${of(one.live_blocks, 'block')}`),
				figure('Occupied pages', bytes(room), exactBytes(room), `${of(one.occupied_pages, 'page')} with a live byte`),
				figure('Unused in them', share(external(one), room), exactBytes(external(one)), `${bytes(external(one))} beside live blocks`),
				rule ? figure('Rounding', share(inner, one.usable_bytes), exactBytes(inner), `${bytes(inner)} of it, by ${rule.split(':')[0]}`) : figure('Rounding', '–', '', 'not known for this allocator'),
				figure('Largest hole', bytes(one.largest_hole_bytes), exactBytes(one.largest_hole_bytes), `of ${bytes(one.heap_pages * PAGE)} that the heap has grown to`));
			byMapping();
			if (width) {
				drawMap();
				say();
				plot?.redraw(false, false);
			}
		}

		function choose(index) {
			chosen = Math.max(-1, Math.min(boxes.length - 1, index));
			drawMap();
			say();
		}
		slider.addEventListener('input', () => state.set({ 'address.moment': slider.value }));
		canvas.addEventListener('pointermove', (event) => {
			const rect = canvas.getBoundingClientRect();
			const x = event.clientX - rect.left;
			const y = event.clientY - rect.top;
			const next = boxes.findIndex((box) => x >= box.x && x < box.x + CELL && y >= box.y && y < box.y + CELL);
			if (next !== chosen)
				choose(next);
		});
		canvas.addEventListener('pointerleave', () => document.activeElement !== canvas && choose(-1));
		canvas.addEventListener('keydown', (event) => {
			const row = boxes[chosen]?.line ?? 0;
			const into = (target) => (rows[target] === undefined ? chosen : Math.min(rows[target] + Math.max(0, chosen - rows[row]), (rows[target + 1] ?? boxes.length) - 1));
			const next = { ArrowRight: chosen + 1, ArrowLeft: Math.max(0, chosen - 1), ArrowDown: into(row + 1), ArrowUp: into(row - 1), Home: 0, End: boxes.length - 1 }[event.key];
			if (next !== undefined) {
				event.preventDefault();
				choose(next);
			}
		});
		update(state.get());
		const stop = onWidth(mapHolder, (now) => {
			width = now;
			drawChart();
			drawMap();
			say();
		});
		return {
			update(now, keys) {
				if ((keys.has('from') || keys.has('to')) && now['address.moment'] !== undefined && !keys.has('address.moment'))
					state.set({ 'address.moment': undefined });
				else if (['from', 'to', 'address.moment'].some((key) => keys.has(key)))
					update(now);
			},
			destroy() {
				stop();
				plot?.destroy();
			},
		};
	},
};
