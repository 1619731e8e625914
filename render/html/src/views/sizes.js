/*
 * sizes.js - how large blocks are, how long they live, both together as a heat map, and what the allocator's rounding adds.
 *
 * The report has these figures by classes of powers of two for all blocks of the run. Only the blocks begun, by size, are also known for a
 * selection of time; the view says so where a selection or a search does not apply.
 */
import { h, onWidth, replace, sharp } from '../dom.js';
import { bytes, count, duration, exactBytes, of, share } from '../format.js';
import { css } from '../palette.js';
import { withFilter } from '../query.js';
import { barChart } from '../widgets/bars.js';

const compact = (value) => (value >= 1e9 ? `${(value / 1e9).toPrecision(3)} G` : value >= 1e6 ? `${(value / 1e6).toPrecision(3)} M` : value >= 1e4 ? `${(value / 1e3).toPrecision(3)} k` : count(value));
const MEASURES = {
	blocks: { title: 'Blocks', print: compact, exact: (value) => of(value, 'block'), binary: false },
	bytes: { title: 'Bytes', print: bytes, exact: exactBytes, binary: true },
};

function sizeRange(low, high) {
	if (low === high)
		return exactBytes(low);
	return high < 1024 ? `${count(low)} to ${exactBytes(high)}` : `${bytes(low)} up to ${bytes(high + 1)}`;
}

function lifeRange(low, high) {
	return low === high ? `${low} ns` : `${duration(low)} up to ${duration(high + 1)}`;
}

/* The classes between the first and the last that hold something, both included. */
function used(rows, has) {
	let first = rows.findIndex(has);
	let last = rows.length - 1;
	while (last > first && !has(rows[last], last))
		last--;
	return first < 0 ? [] : Array.from({ length: last - first + 1 }, (unused, i) => first + i);
}

const within = (low, high, range) => high >= range.low && low <= range.high;

function details(summary, ...children) {
	return h('details', {}, h('summary.small', {}, summary), children);
}

function plainTable(label, head, rows) {
	return h('div.scroll-box', { tabindex: '0', role: 'region', 'aria-label': label }, h('table.plain', {}, h('thead', {}, h('tr', {}, head.map((title, i) => h(i ? 'th.num' : 'th', {}, title)))),
		h('tbody', {}, rows.map((cells) => h('tr', {}, cells.map((cell, i) => h(i ? 'td.num' : 'td', cell?.title ? { title: cell.title } : {}, cell?.text ?? cell)))))));
}

const exactly = (value) => ({ text: bytes(value), title: exactBytes(value) });

/* ---- the heat map ------------------------------------------------------------------------------------------------------- */

const CELL = 22;

/*
 * Columns: lifetimes of blocks that have ended, and one for blocks alive at the end. Rows: sizes, large ones on top. A cell's colour is the
 * logarithm of its share, because a few cells hold most blocks of most programs.
 */
function heatMap(model, grid, onOpen) {
	const canvas = h('canvas', { tabindex: '0', role: 'img', 'aria-keyshortcuts': 'ArrowUp ArrowDown ArrowLeft ArrowRight' });
	const line = h('p.small.bars-line', { role: 'status' });
	const legend = h('span.small.quiet', {});
	const holder = h('div.heat-holder', {}, canvas);
	let width = 0;
	let measure = 'blocks';
	let chosen = null;
	let cell = CELL;
	let left = 0;

	const x = (column) => left + column * cell + (grid.columns[column]?.alive ? 10 : 0);
	const y = (row) => (grid.rows.length - 1 - row) * CELL;
	const value = (row, column) => grid.cells.get(row * 100 + column)?.[measure] ?? 0;

	function text(row, column) {
		const size = grid.rows[row];
		const life = grid.columns[column];
		const here = grid.cells.get(row * 100 + column);
		const what = `${sizeRange(size.min_bytes, size.max_bytes)}, ${life.alive ? 'alive at the end' : `lived ${lifeRange(life.min_ns, life.max_ns)}`}`;
		return here ? `${what}: ${of(here.blocks, 'block')} (${share(here.blocks, grid.blocks)}), ${exactBytes(here.bytes)} (${share(here.bytes, grid.bytes)})` : `${what}: none`;
	}

	function draw() {
		if (!width)
			return;
		left = width < 500 ? 62 : 76;
		cell = Math.max(6, Math.min(44, (width - left - 12) / grid.columns.length));
		const height = grid.rows.length * CELL + 34;
		const c = sharp(canvas, width, height);
		const most = [...grid.cells.values()].reduce((m, one) => Math.max(m, one[measure]), 1);
		const hot = css('heap');
		c.font = '11px system-ui, sans-serif';
		c.textBaseline = 'middle';
		for (let row = 0; row < grid.rows.length; row++) {
			c.fillStyle = css('quiet');
			c.textAlign = 'right';
			const size = grid.rows[row];
			if (grid.rows.length < 24 || row % 2 === 0)
				c.fillText(size.min_bytes ? bytes(size.min_bytes) : '0 B', left - 8, y(row) + CELL / 2);
			for (let column = 0; column < grid.columns.length; column++) {
				const here = value(row, column);
				c.globalAlpha = here ? 0.12 + 0.88 * (Math.log(here + 1) / Math.log(most + 1)) : 1;
				c.fillStyle = here ? (grid.columns[column].alive ? css('ended') : hot) : css('hover');
				c.fillRect(x(column) + 0.5, y(row) + 0.5, cell - 1, CELL - 1);
				c.globalAlpha = 1;
				if (grid.dim(row)) {
					c.fillStyle = css('veil');
					c.fillRect(x(column), y(row), cell, CELL);
				}
			}
		}
		c.fillStyle = css('quiet');
		c.textAlign = 'center';
		const every = Math.ceil(50 / cell); // a label for each of so many classes
		grid.columns.forEach((life, column) => {
			const label = life.alive ? 'alive' : life.min_ns ? duration(life.min_ns).replace(/^(\d+)\.\d+ /, '$1 ') : '0 ns';
			const half = c.measureText(label).width / 2;
			if (life.alive || (column % every === 0 && (column + every / 2 + 1) * cell < (grid.columns.length - 1) * cell - 20))
				c.fillText(label, life.alive ? Math.min(x(column) + cell / 2, width - half) : x(column), grid.rows.length * CELL + 12);
		});
		if (chosen) {
			c.strokeStyle = css('text');
			c.lineWidth = 2;
			c.strokeRect(x(chosen.column) + 1, y(chosen.row) + 1, cell - 2, CELL - 2);
		}
		replace(legend, `Strongest colour: ${MEASURES[measure].exact(most)}; by logarithm, so that rare ones are seen. Right: the blocks alive at the end.`);
		line.textContent = chosen ? text(chosen.row, chosen.column) : 'Point at a cell, or use the arrow keys, for its figures; click or Enter searches for call paths of this size.';
	}

	function cellAt(event) {
		const box = canvas.getBoundingClientRect();
		const row = grid.rows.length - 1 - Math.floor((event.clientY - box.top) / CELL);
		const column = grid.columns.findIndex((unused, i) => event.clientX - box.left >= x(i) && event.clientX - box.left < x(i) + cell);
		return row >= 0 && row < grid.rows.length && column >= 0 ? { row, column } : null;
	}
	function choose(next) {
		if (next?.row === chosen?.row && next?.column === chosen?.column)
			return;
		chosen = next;
		draw();
	}
	canvas.addEventListener('pointermove', (event) => choose(cellAt(event)));
	canvas.addEventListener('pointerleave', () => document.activeElement !== canvas && choose(null));
	canvas.addEventListener('click', (event) => {
		const at = cellAt(event);
		if (at)
			onOpen(grid.rows[at.row]);
	});
	canvas.addEventListener('keydown', (event) => {
		const step = { ArrowUp: [1, 0], ArrowDown: [-1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
		if (step) {
			event.preventDefault();
			const from = chosen ?? { row: 0, column: 0 };
			choose(chosen ? { row: Math.max(0, Math.min(grid.rows.length - 1, from.row + step[0])), column: Math.max(0, Math.min(grid.columns.length - 1, from.column + step[1])) } : from);
		} else if (event.key === 'Enter' && chosen) {
			onOpen(grid.rows[chosen.row]);
		}
	});
	const stop = onWidth(holder, (now) => {
		width = now;
		draw();
	});
	return {
		element: h('div.heat', {}, holder, line, legend),
		update(newMeasure) {
			measure = newMeasure;
			canvas.setAttribute('aria-label', `Heat map of ${measure} by size and lifetime; the table below has its figures`);
			draw();
		},
		destroy: stop,
	};
}

/* ---- the view ------------------------------------------------------------------------------------------------------------- */

export default {
	id: 'sizes',
	title: 'Sizes & lifetimes',
	empty: (model) => (model.tables.sizes.all().some((row) => row.blocks || row.live_blocks) || model.tables.size_lifetimes.rows ? null : 'No block was allocated in this recording, so there are no sizes and lifetimes.'),
	render(root, { model, state }) {
		const sizes = model.tables.sizes.all();
		const lives = model.tables.lifetimes.all();
		const { usable_rule: rule } = model.tables.distributions.row();
		/* Of a window the map has blocks that were begun before it, whose sizes may be of no block begun in it. */
		const together = model.tables.size_lifetimes.all();
		const [sizesEnded, livesEnded] = ['size_class', 'lifetime_class'].map((name) => new Set(together.map((one) => one[name])));
		const sizeClasses = used(sizes, (row, k) => row.blocks || row.live_blocks || sizesEnded.has(k));
		const lifeClasses = used(lives, (row, k) => row.blocks || livesEnded.has(k));
		const search = (name, low, high) => state.set({ q: withFilter(state.get().q, name, `${low}..${high}`) });
		const sizeSearch = (row) => search('size', row.min_bytes, row.max_bytes);
		const measureSelect = h('select', { id: 'sizes-measure', onchange: (event) => state.set({ 'sizes.measure': event.target.value === 'blocks' ? undefined : event.target.value }) },
			Object.entries(MEASURES).map(([id, measure]) => h('option', { value: id }, measure.title)));
		const note = h('p.small', { role: 'status' });

		const grid = { rows: sizeClasses.map((k) => sizes[k]), columns: [...lifeClasses.map((k) => lives[k]), { alive: true }], cells: new Map(), blocks: 0, bytes: 0, dim: () => false };
		const put = (row, column, blocks, sum) => {
			if (!blocks)
				return;
			grid.cells.set(row * 100 + column, { row, column, blocks, bytes: sum });
			grid.blocks += blocks;
			grid.bytes += sum;
		};
		for (const one of together)
			put(sizeClasses.indexOf(one.size_class), lifeClasses.indexOf(one.lifetime_class), one.blocks, one.bytes);
		sizeClasses.forEach((k, row) => put(row, lifeClasses.length, sizes[k].live_blocks, sizes[k].live_bytes));

		const sizeChart = barChart({ label: 'Histogram of block sizes; the table below has its figures', ...MEASURES.blocks, onOpen: (i) => sizeSearch(sizes[sizeClasses[i]]) });
		const lifeChart = barChart({ label: 'Histogram of lifetimes; the table below has its figures', ...MEASURES.blocks, onOpen: (i) => lifeClasses[i] !== undefined && search('life', `${lives[lifeClasses[i]].min_ns}ns`, `${lives[lifeClasses[i]].max_ns}ns`) });
		const map = heatMap(model, grid, sizeSearch);
		const sizeTitle = h('h2', {});
		const sizeTable = h('div', {});
		const lifeTable = h('div', {});
		const top = model.tables.top_sizes;
		const frequent = Array.from({ length: Math.min(12, top.rows) }, (unused, i) => top.row(i));
		const slackCard = h('section.card.slack', { 'aria-labelledby': 'slack-title' });
		root.append(h('div.sizes', {},
			h('div.bar', {}, h('label', { for: 'sizes-measure' }, 'Count', measureSelect), note),
			h('div.columns.even', {},
				h('section.card', {}, sizeTitle, sizeChart.element, details('As a table', sizeTable),
					frequent.length ? details('The most frequent exact sizes', plainTable('Most frequent sizes', ['Size', 'Blocks', 'Share'], frequent.map((row) => [exactBytes(row.size_bytes), count(row.blocks), share(row.blocks, model.totals.allocations + model.totals.reallocations)])),
						model.tables.distributions.number('sizes_partial', 0) ? h('p.small', {}, 'There are more distinct large sizes than a report keeps; some are missing here.') : null) : null),
				h('section.card', {}, h('h2', {}, 'How long blocks lived', h('span.quiet', {}, ' freed or reallocated; whole run')), lifeClasses.length ? lifeChart.element : h('p.quiet', {}, 'No block was freed, so none has a lifetime.'), details('As a table', lifeTable))),
			h('section.card', {}, h('h2', {}, 'Size and lifetime together', h('span.quiet', {}, ' whole run')), map.element,
				details('As a table', plainTable('Blocks by size and lifetime', ['Size', 'Lifetime', 'Blocks', 'Bytes'], [...grid.cells.values()].sort((a, b) => b.blocks - a.blocks).map((one) => [
					sizeRange(grid.rows[one.row].min_bytes, grid.rows[one.row].max_bytes), grid.columns[one.column].alive ? 'alive at the end' : lifeRange(grid.columns[one.column].min_ns, grid.columns[one.column].max_ns), count(one.blocks), exactly(one.bytes)])))),
			slackCard));

		function slack(now) {
			if (!rule) {
				replace(slackCard, h('h2', { id: 'slack-title' }, 'Slack: requested and usable bytes'),
					h('p.quiet', {}, `Not observable: a recording has requested sizes, and how this process's allocator rounds them is not known (${model.process.allocator || 'allocator unknown'}${['none', 'off'].includes(model.process.guard) ? '' : `, recorded with --guard=${model.process.guard}`}). It is known for glibc's malloc without a guard.`));
				return;
			}
			const alive = now['sizes.slack'] === 'alive';
			const requested = (row) => (alive ? row.live_bytes : row.bytes);
			const usable = (row) => (alive ? row.live_usable_bytes : row.usable_bytes);
			const blocks = (row) => (alive ? row.live_blocks : row.blocks);
			const rows = sizeClasses.map((k) => sizes[k]).filter((row) => blocks(row));
			const all = (f) => rows.reduce((sum, row) => sum + f(row), 0);
			const most = rows.reduce((m, row) => Math.max(m, usable(row)), 1);
			const lost = all(usable) - all(requested);
			const mode = (id, text) => h('button', { type: 'button', 'aria-pressed': String(alive === (id === 'alive')), onclick: () => state.set({ 'sizes.slack': id || undefined }) }, text);
			replace(slackCard, h('h2', { id: 'slack-title' }, 'Slack: requested and usable bytes', h('span.quiet', {}, ` derived; ${rule}`)),
				h('div.bar', {}, mode('', 'All blocks of the run'), mode('alive', 'Alive at the end'),
					h('span.small', { role: 'status', title: exactBytes(lost) }, rows.length ? `${bytes(lost)} more than requested, ${share(lost, all(usable))} of what is usable` : 'no block was alive at the end'),
					rows.length ? h('span.small.wide', {}, h('i.dot.requested', {}), 'requested', ' ', h('i.dot.rounded', {}), 'added by rounding') : null),
				rows.length ? h('div.scroll-x', { tabindex: '0', role: 'region', 'aria-label': 'Slack by size' }, h('table.plain', {},
					h('thead', {}, h('tr', {}, ['Size', '', 'Blocks', 'Requested', 'Usable', 'Slack', 'Share'].map((title, i) => h(i === 0 ? 'th' : i === 1 ? 'th.wide' : i === 2 || i === 4 ? 'th.num.wide' : 'th.num', {}, title)))),
					h('tbody', {}, rows.map((row) => h('tr', {}, h('td', {}, sizeRange(row.min_bytes, row.max_bytes)),
						h('td.wide.slack-cell', { 'aria-hidden': 'true' }, h('div.slack-bar', {}, h('i.requested', { style: { width: `${(requested(row) / most) * 100}%` } }), h('i.rounded', { style: { width: `${((usable(row) - requested(row)) / most) * 100}%` } }))),
						h('td.num.wide', {}, count(blocks(row))), h('td.num', { title: exactBytes(requested(row)) }, bytes(requested(row))), h('td.num.wide', { title: exactBytes(usable(row)) }, bytes(usable(row))),
						h('td.num', { title: exactBytes(usable(row) - requested(row)) }, bytes(usable(row) - requested(row))), h('td.num', {}, share(usable(row) - requested(row), usable(row)))))))) : null);
		}

		function draw(now) {
			const measure = MEASURES[now['sizes.measure']] ? now['sizes.measure'] : 'blocks';
			const format = MEASURES[measure];
			const query = model.query(now);
			const brush = model.brush(now);
			const window = brush ? model.groupWindow('size', brush) : null;
			measureSelect.value = measure;
			const inWindow = (k) => {
				const at = window.keys.indexOf(k);
				return at < 0 ? { blocks: 0, bytes: 0 } : { blocks: window.allocations[at], bytes: window.allocated_bytes[at] };
			};
			const begun = sizeClasses.map((k) => (window ? inWindow(k) : sizes[k]));
			const allBegun = begun.reduce((sum, row) => ({ blocks: sum.blocks + row.blocks, bytes: sum.bytes + row.bytes }), { blocks: 0, bytes: 0 });
			const describe = (range, row, all) => `${range}: ${of(row.blocks, 'block')} (${share(row.blocks, all.blocks)}), ${exactBytes(row.bytes)} (${share(row.bytes, all.bytes)})`;
			replace(sizeTitle, 'How large blocks are', h('span.quiet', {}, window ? ' begun in the selected time' : brush ? ' all blocks begun; whole run' : ' all blocks begun'));
			const dim = (k) => query.size && !within(sizes[k].min_bytes, sizes[k].max_bytes, query.size);
			grid.dim = (row) => dim(sizeClasses[row]);
			sizeChart.update(sizeClasses.map((k, i) => ({ value: begun[i][measure], dim: dim(k), text: describe(sizeRange(sizes[k].min_bytes, sizes[k].max_bytes), begun[i], allBegun) })),
				sizeClasses.map((k, at) => ({ at, text: sizes[k].min_bytes ? bytes(sizes[k].min_bytes).replace(/\.0+ /, ' ') : '0 B' })), format);
			replace(sizeTable, plainTable('Blocks by size', window ? ['Size', 'Blocks', 'Share', 'Bytes'] : ['Size', 'Blocks', 'Share', 'Bytes', 'Alive at the end'], sizeClasses.map((k, i) => [
				sizeRange(sizes[k].min_bytes, sizes[k].max_bytes), count(begun[i].blocks), share(begun[i].blocks, allBegun.blocks), exactly(begun[i].bytes), ...(window ? [] : [exactly(sizes[k].live_bytes)])])));
			const ended = lives.reduce((sum, row) => ({ blocks: sum.blocks + row.blocks, bytes: sum.bytes + row.bytes }), { blocks: 0, bytes: 0 });
			lifeChart.update(lifeClasses.map((k) => ({ value: lives[k][measure], dim: query.life && !within(lives[k].min_ns, lives[k].max_ns, query.life), text: describe(lifeRange(lives[k].min_ns, lives[k].max_ns), lives[k], ended) })),
				lifeClasses.map((k, at) => ({ at, text: lives[k].min_ns ? duration(lives[k].min_ns).replace(/\.\d+ /, ' ') : '0 ns' })), format);
			replace(lifeTable, plainTable('Blocks by lifetime', ['Lifetime', 'Blocks', 'Share', 'Bytes'], [...lifeClasses.map((k) => [lifeRange(lives[k].min_ns, lives[k].max_ns), count(lives[k].blocks), share(lives[k].blocks, ended.blocks), exactly(lives[k].bytes)]),
				['alive at the end', count(model.totals.live_blocks), '', exactly(model.totals.live_bytes)]]));
			map.update(measure);
			const says = [];
			if (brush)
				says.push(window ? 'The selected time applies to the first histogram; lifetimes, heat map and slack are of the whole run.' : 'The selected time does not apply here: this report has no series by size.');
			if (!query.empty)
				says.push(query.size || query.life ? 'size: and life: pale what they leave out; other words of the search do not apply: these are all blocks of the program.' : 'The search does not apply here: these are all blocks of the program; size: and life: do.');
			replace(note, says.join(' '));
			slack(now);
		}
		draw(state.get());
		return {
			update: (now, keys) => ['q', 'from', 'to', 'sizes.measure', 'sizes.slack'].some((key) => keys.has(key)) && draw(now),
			destroy() {
				sizeChart.destroy();
				lifeChart.destroy();
				map.destroy();
			},
		};
	},
};
