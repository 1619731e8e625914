/*
 * snapshots.js - the heap at a moment, call path by call path, and what changed between two pinned moments.
 *
 * Moments are the ends of the timeline's steps: that is what the page holds levels for. Where nothing is pinned a selection of time
 * pins its two ends.
 */
import { h, onWidth, replace, sharp } from '../dom.js';
import { bytes, count, duration, exactBytes, moment, of, share } from '../format.js';
import { NONE } from '../model.js';
import { css } from '../palette.js';
import { stackList } from '../widgets/stack.js';
import { dataTable } from '../widgets/table.js';

const HEIGHT = 96;
const CHANGES = { new: 'new', grown: 'grown', shrunk: 'shrunk', gone: 'gone', same: 'same' };

/* Steps that the state asks for: {at, a, b}, a and b null when not pinned; `selection`: a and b come from the time brush. */
function stepsOf(model, now) {
	const step = (text) => (text === undefined || text === '' || !Number.isFinite(Number(text)) ? null : model.bucketOf(Number(text)));
	const brush = model.brush(now);
	let a = step(now['snapshots.a']);
	let b = step(now['snapshots.b']);
	const selection = a === null && b === null && brush !== null && brush.first < brush.last;
	if (selection) {
		a = Math.max(0, brush.first - 1); // what was there before anything of the selection happened
		b = brush.last;
	}
	const at = step(now['snapshots.at']) ?? (brush ? brush.last : model.totals.peak_bytes ? model.bucketOf(model.totals.peak_time_ns) : model.buckets - 1);
	return { at, a, b, selection };
}

/* The call paths that have blocks at a step, and the one row of those that share a series. */
function rowsAt(model, step, mask) {
	const levels = model.levelsAt('site', step);
	const rows = [];
	for (let i = 0; i < levels.keys.length; i++) {
		const site = model.siteOfNode.get(levels.keys[i]);
		if ((levels.bytes[i] || levels.blocks[i]) && (site === undefined ? levels.keys[i] === NONE && !mask : !mask || mask[site]))
			rows.push({ key: levels.keys[i], site, bytes: levels.bytes[i], blocks: levels.blocks[i] });
	}
	return rows;
}

function rowsBetween(model, a, b, mask) {
	const before = model.levelsAt('site', a);
	const after = model.levelsAt('site', b);
	const rows = [];
	for (let i = 0; i < after.keys.length; i++) {
		const site = model.siteOfNode.get(after.keys[i]);
		if (site === undefined ? after.keys[i] !== NONE || mask : mask && !mask[site])
			continue;
		const row = { key: after.keys[i], site, from: before.bytes[i], to: after.bytes[i], fromBlocks: before.blocks[i], toBlocks: after.blocks[i] };
		if (!row.fromBlocks && !row.toBlocks)
			continue;
		row.bytes = row.to - row.from;
		row.blocks = row.toBlocks - row.fromBlocks;
		row.change = !row.fromBlocks ? 'new' : !row.toBlocks ? 'gone' : row.bytes > 0 ? 'grown' : row.bytes < 0 ? 'shrunk' : 'same';
		rows.push(row);
	}
	return rows;
}

const signed = (value, print) => (value > 0 ? `+${print(value)}` : value < 0 ? `−${print(-value)}` : print(0));

export default {
	id: 'snapshots',
	title: 'Snapshots',
	empty: (model) => (!model.sites.rows ? 'No block was allocated in this recording, so the heap was empty at every moment.'
		: model.hasSeries('site') ? null : 'This report has no series by call path; memscope-analyze --html makes them.'),
	render(root, { model, state }) {
		const span = model.to - model.from;
		const others = () => `${of(model.merged('site'), 'small call path')} that share one series`;
		const nameOf = (row) => (row.site === undefined ? others() : model.siteName(row.site));
		const endOf = (step) => model.bucketEnd(step);
		const when = (step) => moment(endOf(step), span);
		const curve = h('canvas', { 'aria-hidden': 'true' });
		const area = h('div.snap-curve', { title: 'Click: go to this moment' }, curve);
		const slider = h('input.snap-slider', { type: 'range', min: '0', max: String(model.buckets - 1), step: '1', 'aria-label': 'Moment' });
		const where = h('p.snap-where', { role: 'status' });
		const pin = (name) => h('button', { type: 'button', onclick: () => state.set({ [`snapshots.${name}`]: String(model.bucketStarts[stepsOf(model, state.get()).at]) }) }, `Pin as ${name.toUpperCase()}`);
		const unpin = h('button', { type: 'button', onclick: () => state.set({ 'snapshots.a': undefined, 'snapshots.b': undefined }) }, 'Unpin');
		const goPeak = h('button', { type: 'button', onclick: () => go(model.bucketOf(model.totals.peak_time_ns)) }, 'Go to the peak');
		const goEnd = h('button', { type: 'button', onclick: () => go(model.buckets - 1) }, 'Go to the end');
		const pinned = h('p.small', {});
		const tabs = h('div.snap-modes', { role: 'group', 'aria-label': 'What to list' },
			h('button', { type: 'button', 'data-mode': 'at', onclick: () => state.set({ 'snapshots.show': 'at' }) }, 'At the moment'),
			h('button', { type: 'button', 'data-mode': 'diff', onclick: () => state.set({ 'snapshots.show': 'diff' }) }, 'From A to B'));
		const sums = h('p.bar.small.snap-sums', { role: 'status' });
		const list = h('div', {});
		root.append(h('div.snapshots', {},
			h('section.card', { 'aria-label': 'The moment' }, where, area, slider,
				h('div.bar.snap-bar', {}, goPeak, goEnd, pin('a'), pin('b'), unpin, pinned),
				h('p.small', {}, `Moments are the ends of the timeline's ${count(model.buckets)} steps, one step is ${duration(span / model.buckets)}: what came and went within a step is not seen here. `
					+ 'Arrow keys on the slider go step by step. Blocks that a realloc is moving at that very moment are not counted. The time selection pins its two ends while nothing else is pinned; the search filters the list.')),
			h('div.bar', {}, tabs), sums, list));

		let width = 0;
		let table = null;
		let mode = '';

		function go(step) {
			state.set({ 'snapshots.at': String(model.bucketStarts[step]) });
		}

		function draw() {
			if (!width)
				return;
			const c = sharp(curve, width, HEIGHT);
			const { at, a, b } = stepsOf(model, state.get());
			const timeline = model.tables.timeline;
			const most = Math.max(1, model.totals.peak_bytes);
			const x = (ns) => ((ns - model.from) / span) * width;
			const y = (value) => HEIGHT - (value / most) * (HEIGHT - 16);
			c.fillStyle = css('strip');
			c.beginPath();
			c.moveTo(0, HEIGHT);
			for (let step = 0; step < model.buckets; step++) {
				c.lineTo(x(model.bucketStarts[step]), y(timeline.number('last_live_bytes', step)));
				c.lineTo(x(endOf(step)), y(timeline.number('last_live_bytes', step)));
			}
			c.lineTo(width, HEIGHT);
			c.fill();
			c.font = '600 11px system-ui, sans-serif';
			c.textBaseline = 'top';
			for (const [step, label, colour] of [[a, 'A', 'ended'], [b, 'B', 'mark'], [at, '', 'accent']]) {
				if (step === null)
					continue;
				const px = Math.min(width - 1, Math.max(1, x(endOf(step))));
				c.fillStyle = css(colour);
				c.fillRect(px - 1, 0, 2, HEIGHT);
				if (label) {
					c.textAlign = px > width - 16 ? 'right' : 'left';
					c.fillText(label, px + (px > width - 16 ? -4 : 4), 1);
				}
			}
		}

		const openStack = (row) => h('div.detail', {}, row.site === undefined
			? h('p.small', {}, 'To keep the page small these share one series: all but the largest by their highest level and by what they allocated. Their figures add up here, so the totals are right.')
			: stackList(model, row.key));
		const nameColumn = {
			id: 'name', title: 'Call path', width: 'minmax(240px, 1fr)', narrow: 'minmax(0, 1fr)', first: 'ascending', value: nameOf,
			cell: (row) => (row.site === undefined ? h('span.quiet', {}, others()) : [h('span.code', {}, model.siteName(row.site)), ' ', h('span.where', {}, model.siteLine(row.site).place)]),
			title_of: (row) => (row.site === undefined ? others() : `${model.siteLine(row.site).full}\n${model.siteLine(row.site).where || model.siteLine(row.site).module}`),
		};
		const siteColumn = { id: 'id', title: 'Site', note: 'Number of the call path, as in the text report', align: 'right', width: '70px', wide: true, first: 'ascending', value: (row) => row.key, cell: (row) => (row.site === undefined ? '' : `#${row.key}`) };
		const plain = (id, title, note, print, exact, extra = {}) => ({ id, title, note, align: 'right', width: '120px', narrow: '92px', value: (row) => row[id], cell: (row) => print(row[id]), title_of: (row) => exact(row[id]), ...extra });
		const plus = (print) => (value) => signed(value, print);
		let total = 1;
		const tables = {
			at: [nameColumn, siteColumn, plain('bytes', 'Alive', 'Bytes of this call path alive at the moment', bytes, exactBytes),
				{ id: 'share', title: 'Share', note: 'Of all bytes alive at the moment', align: 'right', width: '90px', wide: true, value: (row) => row.bytes, cell: (row) => share(row.bytes, total) },
				plain('blocks', 'Blocks', 'Blocks alive at the moment', count, count, { narrow: '70px' }),
				{ id: 'mean', title: 'Mean size', note: 'Bytes per block', align: 'right', width: '100px', wide: true, value: (row) => (row.blocks ? row.bytes / row.blocks : null), cell: (row) => (row.blocks ? bytes(row.bytes / row.blocks) : '–') }],
			diff: [{ id: 'change', title: 'Change', width: '92px', narrow: '64px', first: 'ascending', value: (row) => Object.keys(CHANGES).indexOf(row.change), cell: (row) => h(`span.change.is-${row.change}`, {}, CHANGES[row.change]) },
				nameColumn, siteColumn, plain('from', 'At A', 'Bytes alive at A', bytes, exactBytes, { wide: true }), plain('to', 'At B', 'Bytes alive at B', bytes, exactBytes, { wide: true }),
				{ ...plain('bytes', 'Bytes', 'Bytes at B less bytes at A', plus(bytes), plus(exactBytes)), value: (row) => row.bytes },
				plain('blocks', 'Blocks', 'Blocks at B less blocks at A', plus(count), plus(count), { wide: true })],
		};

		function showList(now) {
			const { at, a, b } = stepsOf(model, now);
			const mask = model.matches(now);
			const both = a !== null && b !== null;
			const wanted = both && now['snapshots.show'] !== 'at' ? 'diff' : 'at';
			for (const button of tabs.children) {
				button.setAttribute('aria-pressed', String(button.dataset.mode === wanted));
				button.disabled = button.dataset.mode === 'diff' && !both;
				button.title = button.disabled ? 'Pin two moments first, or select a span of time in the strip above' : '';
			}
			if (wanted !== mode) {
				table?.destroy();
				mode = wanted;
				table = dataTable({
					label: mode === 'at' ? 'Call paths alive at the moment' : 'What changed from A to B', columns: tables[mode], sort: now[`snapshots.sort-${mode}`] || '-bytes', key: (row) => row.key, detail: openStack,
					onSort: (sort) => state.set({ [`snapshots.sort-${mode}`]: sort }),
				});
				table.element.classList.add('fit');
				replace(list, table.element);
			}
			const timeline = model.tables.timeline;
			const all = (step) => timeline.number('last_live_bytes', step);
			const filtered = mask ? ', of those that match the search' : '';
			if (mode === 'at') {
				const rows = rowsAt(model, at, mask);
				const sum = rows.reduce((s, row) => s + row.bytes, 0);
				const blocks = rows.reduce((s, row) => s + row.blocks, 0);
				total = all(at);
				replace(sums, h('span', {}, `${of(rows.length, 'call path')} with blocks${filtered}`), h('span', { title: exactBytes(sum) }, `${bytes(sum)}${mask ? ` (${share(sum, total)})` : ''}`), h('span', {}, of(blocks, 'block')),
					mask && model.merged('site') ? h('span.tag', {}, `without ${others()}`) : null);
				table.update(rows);
			} else {
				const rows = rowsBetween(model, a, b, mask);
				const of_ = (change) => rows.filter((row) => row.change === change);
				const part = (change) => {
					const some = of_(change);
					const sum = some.reduce((s, row) => s + row.bytes, 0);
					return h(`span.change.is-${change}`, { title: signed(sum, exactBytes) }, `${count(some.length)} ${CHANGES[change]}${change === 'same' ? '' : ` ${signed(sum, bytes)}`}`);
				};
				const net = rows.reduce((s, row) => s + row.bytes, 0);
				replace(sums, h('span', { title: signed(net, exactBytes) }, `from A to B ${signed(net, bytes)}${filtered}: ${mask ? '' : `${bytes(all(a))} to ${bytes(all(b))}`}`), ['new', 'grown', 'shrunk', 'gone', 'same'].filter((change) => of_(change).length).map(part));
				table.update(rows);
			}
		}

		function describe(now) {
			const { at, a, b, selection } = stepsOf(model, now);
			const timeline = model.tables.timeline;
			const live = timeline.number('last_live_bytes', at);
			const time = at + 1 < model.buckets ? `${count(endOf(at) - 1).replaceAll(',', '')}ns` : model.window.given ? `${model.window.to_ns}ns` : 'end';
			slider.value = String(at);
			slider.setAttribute('aria-valuetext', `${when(at)}, ${bytes(live)} alive`);
			replace(where, h('span.strong', {}, at + 1 < model.buckets ? `after ${when(at)}` : 'at the end'), ' · ', h('span.strong', { title: exactBytes(live) }, `${bytes(live)} alive`), ` in ${of(timeline.number('last_live_blocks', at), 'block')}`,
				h('span.quiet.snap-command', { title: 'The same moment on the command line: all of it, exact to the event' }, ' · ', h('span.code', {}, `memscope-analyze --at ${time}`)));
			const pins = [a !== null ? `A ${when(a)}` : '', b !== null ? `B ${when(b)}` : ''].filter(Boolean).join(', ');
			replace(pinned, pins ? `${selection ? 'Pinned by the time selection: ' : 'Pinned: '}${pins}` : 'Nothing pinned: pin two moments to see what changed between them.');
			unpin.disabled = selection || !pins;
			draw();
		}

		slider.addEventListener('input', () => go(Number(slider.value)));
		area.addEventListener('pointerdown', (event) => {
			if (event.button !== 0)
				return;
			const left = area.getBoundingClientRect().left;
			const to = (e) => go(model.bucketOf(model.from + Math.max(0, Math.min(1, (e.clientX - left) / width)) * span));
			to(event);
			area.setPointerCapture(event.pointerId);
			const up = () => {
				area.removeEventListener('pointermove', to);
				area.removeEventListener('pointerup', up);
				area.removeEventListener('pointercancel', up);
			};
			area.addEventListener('pointermove', to);
			area.addEventListener('pointerup', up);
			area.addEventListener('pointercancel', up);
		});
		showList(state.get());
		describe(state.get());
		const stop = onWidth(area, (now) => {
			width = now;
			draw();
		});
		return {
			update(now, keys) {
				if (!['q', 'from', 'to', 'snapshots.at', 'snapshots.a', 'snapshots.b', 'snapshots.show'].some((key) => keys.has(key)))
					return;
				/* A new selection takes the moment along. */
				if ((keys.has('from') || keys.has('to')) && now['snapshots.at'] !== undefined && !keys.has('snapshots.at')) {
					state.set({ 'snapshots.at': undefined });
					return;
				}
				describe(now);
				showList(now);
			},
			destroy() {
				stop();
				table?.destroy();
			},
		};
	},
};
