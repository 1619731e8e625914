/*
 * flame.js - the call paths as a flame graph (an icicle: callers above what they call; inverted: what allocates above its callers).
 *
 * The tree is merged by function and made as deep as it is seen: a frame narrower than a pixel is neither opened nor drawn, so that the cost
 * depends on the screen and not on the trace. Each frame is a set of positions: call paths (nodes of the merged tree) with their values.
 */
import { h, onWidth, replace, sharp } from '../dom.js';
import { KINDS, count, share } from '../format.js';
import { METRICS } from '../model.js';
import { css, frameColour } from '../palette.js';
import { withFilter } from '../query.js';

const ROW = 19;
const FONT = '11.5px ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace';

/*
 * Every call path as a chain of frames: frame = function and module (a bare address without a name). Merged by function:
 * parent[], frame[] of merged nodes, parents before children; leaf[site].
 */
function merge(model) {
	return model.once('flame tree', () => {
		const { nodes, lines } = model.tables;
		const frames = [];
		const frameOfText = new Map();
		const frameOfLine = new Int32Array(lines.rows);
		for (let i = 0; i < lines.rows; i++) {
			const named = lines.column('function')[i] !== 0;
			const key = named ? `${lines.column('function')[i]} ${lines.column('module')[i]}` : `- ${lines.column('module')[i]} ${lines.number('offset', i)}`;
			let frame = frameOfText.get(key);
			if (frame === undefined) {
				frame = frames.length;
				frameOfText.set(key, frame);
				frames.push(i);
			}
			frameOfLine[i] = frame;
		}
		const parent = [-1];
		const frame = [-1];
		const childOf = new Map();
		const mergedOfNode = new Int32Array(nodes.rows);
		for (let n = 1; n < nodes.rows; n++) {
			let at = mergedOfNode[nodes.number('parent', n)];
			const first = nodes.number('first_line', n);
			for (let i = first + nodes.number('line_count', n) - 1; i >= first; i--) {
				const key = at * frames.length + frameOfLine[i];
				let child = childOf.get(key);
				if (child === undefined) {
					child = parent.length;
					childOf.set(key, child);
					parent.push(at);
					frame.push(frameOfLine[i]);
				}
				at = child;
			}
			mergedOfNode[n] = at;
		}
		const leaf = Int32Array.from({ length: model.sites.rows }, (unused, site) => mergedOfNode[model.sites.number('id', site)]);
		return { parent: Int32Array.from(parent), frame: Int32Array.from(frame), leaf, lineOfFrame: frames };
	});
}

/* Values of the merged tree from the leaves up, and children by value. */
function topDown(tree, values, mask) {
	const n = tree.parent.length;
	const total = new Float64Array(n);
	const matched = new Float64Array(n);
	for (let site = 0; site < values.length; site++) {
		total[tree.leaf[site]] += values[site];
		if (!mask || mask[site])
			matched[tree.leaf[site]] += values[site];
	}
	for (let i = n - 1; i > 0; i--) {
		total[tree.parent[i]] += total[i];
		matched[tree.parent[i]] += matched[i];
	}
	const first = new Int32Array(n).fill(-1);
	const next = new Int32Array(n).fill(-1);
	for (let i = 1; i < n; i++) {
		next[i] = first[tree.parent[i]];
		first[tree.parent[i]] = i;
	}
	const wrap = (i) => ({
		frame: tree.frame[i], value: total[i], matched: matched[i],
		expand() {
			const children = [];
			for (let c = first[i]; c >= 0; c = next[c])
				if (total[c] > 0)
					children.push(wrap(c));
			return children;
		},
	});
	return wrap(0);
}

/* The same from the innermost frame outwards: a frame is the list of positions that are in it. */
function inverted(tree, values, mask) {
	const make = (frame, positions, value, matched) => ({
		frame, value, matched,
		expand() {
			const groups = new Map();
			for (const p of positions) {
				const at = p.at;
				if (at <= 0)
					continue;
				let group = groups.get(tree.frame[at]);
				if (!group) {
					group = { positions: [], value: 0, matched: 0 };
					groups.set(tree.frame[at], group);
				}
				group.positions.push({ at: tree.parent[at], value: p.value, matched: p.matched });
				group.value += p.value;
				group.matched += p.matched;
			}
			return [...groups].map(([key, group]) => make(key, group.positions, group.value, group.matched));
		},
	});
	const start = [];
	let value = 0;
	let matched = 0;
	for (let site = 0; site < values.length; site++) {
		if (!(values[site] > 0))
			continue;
		const hit = !mask || mask[site] ? values[site] : 0;
		start.push({ at: tree.leaf[site], value: values[site], matched: hit });
		value += values[site];
		matched += hit;
	}
	return make(-1, start, value, matched);
}

function childrenOf(node) {
	node.children ??= node.expand().sort((a, b) => b.value - a.value || a.frame - b.frame);
	for (const child of node.children)
		child.up = node;
	return node.children;
}

/* Boxes {node, x, width, depth} of everything that is at least half a pixel wide under the zoomed frame; the frames above it are full rows. */
function layout(root, zoom, width) {
	const boxes = [];
	const above = [];
	for (let node = zoom; node; node = node.up)
		above.unshift(node);
	above.forEach((node, depth) => boxes.push({ node, x: 0, width, depth, above: node !== zoom }));
	let deepest = above.length - 1;
	const scale = zoom.value > 0 ? width / zoom.value : 0;
	const queue = [{ node: zoom, x: 0, depth: above.length - 1 }];
	while (queue.length) {
		const { node, x, depth } = queue.pop();
		const children = childrenOf(node);
		let at = x;
		for (const [i, child] of children.entries()) {
			const w = child.value * scale;
			if (w < 0.5) { // sorted: the rest is narrower, and is one grey box when it can be seen together
				const rest = children.slice(i).reduce((sum, one) => ({ value: sum.value + one.value, matched: sum.matched + one.matched }), { value: 0, matched: 0 });
				if (rest.value * scale >= 2) {
					boxes.push({ node: { ...rest, frame: -2, more: children.length - i, up: node, children: [] }, x: at, width: rest.value * scale, depth: depth + 1 });
					deepest = Math.max(deepest, depth + 1);
				}
				break;
			}
			boxes.push({ node: child, x: at, width: w, depth: depth + 1 });
			deepest = Math.max(deepest, depth + 1);
			queue.push({ node: child, x: at, depth: depth + 1 });
			at += w;
		}
	}
	return { boxes, depth: deepest + 1 };
}

export default {
	id: 'flame',
	title: 'Flame graph',
	empty: (model) => (model.sites.rows ? null : 'No block was allocated in this recording, so there is no call path to draw.'),
	render(root, { model, state }) {
		const tree = merge(model);
		const canvas = h('canvas', { tabindex: '0', role: 'img', 'aria-describedby': 'flame-status', 'aria-keyshortcuts': 'ArrowUp ArrowDown ArrowLeft ArrowRight Enter Escape' });
		const metricSelect = h('select', { id: 'flame-metric', onchange: (event) => state.set({ metric: event.target.value }) },
			Object.entries(METRICS).map(([id, metric]) => h('option', { value: id }, metric.title)));
		const invert = h('button', { type: 'button', onclick: () => state.set({ 'flame.inverted': state.get()['flame.inverted'] ? undefined : '1' }) }, 'Inverted');
		const reset = h('button', { type: 'button', onclick: () => zoomTo(top) }, 'Reset zoom');
		const crumbs = h('nav.crumbs', { 'aria-label': 'Zoomed to' });
		const status = h('p.small.flame-status', { id: 'flame-status', role: 'status' });
		const tip = h('div.tip', { hidden: true });
		const marker = h('div.flame-marker', { hidden: true });
		const hint = h('p.small', {}, 'Click or Enter zooms, Escape goes back out; arrows move; / searches.');
		const spacer = h('div.flame-spacer', {}, canvas, marker);
		const holder = h('div.flame-holder', {}, spacer);
		const frame = h('div.card.flame-card', {}, holder, tip);
		root.append(h('div.flame', {}, h('div.bar', {}, h('label', { for: 'flame-metric' }, 'Metric', metricSelect), invert, reset, crumbs), status, frame, hint));

		let width = 0;
		let top = null;
		let zoom = null;
		let boxes = [];
		let rows = [];
		let hover = null;
		let depth = 1;
		let unit = KINDS.bytes;
		let searched = false;

		const name = (node) => (node.more ? `${count(node.more)} narrow frames` : node.frame < 0 ? 'all call paths' : model.line(tree.lineOfFrame[node.frame]).name);
		const path = (node) => {
			const frames = [];
			for (let n = node; n && n.frame >= 0; n = n.up)
				frames.unshift(n.frame);
			return frames;
		};

		function build(now) {
			const metric = METRICS[now.metric] ? now.metric : 'peak';
			const keep = zoom ? path(zoom) : [];
			const values = model.metric(metric, now);
			const mask = model.matches(now);
			unit = KINDS[METRICS[metric].unit];
			searched = mask !== null;
			metricSelect.value = metric;
			for (const option of metricSelect.options)
				option.disabled = !METRICS[option.value].needsBrush && model.metric(option.value, now) === null;
			invert.setAttribute('aria-pressed', String(!!now['flame.inverted']));
			top = values === null ? null : (now['flame.inverted'] ? inverted : topDown)(tree, values, mask);
			zoom = top;
			for (const frame of keep) {
				const child = zoom && childrenOf(zoom).find((one) => one.frame === frame);
				if (!child)
					break;
				zoom = child;
			}
			hover = null;
			if (!top || !top.value) {
				canvas.hidden = true;
				replace(crumbs);
				spacer.style.height = '0';
				marker.hidden = tip.hidden = true;
				status.textContent = top ? `Nothing to draw: ${METRICS[metric].title.toLowerCase()} is 0 for every call path.` : METRICS[metric].missing ?? 'This report does not have it.';
				return;
			}
			canvas.hidden = false;
			draw();
		}

		function describe(node) {
			const exact = unit.exact(node.value);
			const parts = [`${name(node)}: ${unit.short(node.value)}${exact === unit.short(node.value) ? '' : ` (${exact})`}, ${share(node.value, top.value)} of all`];
			if (zoom !== top)
				parts.push(`${share(node.value, zoom.value)} of the zoomed frame`);
			if (searched)
				parts.push(`${share(node.matched, node.value)} of it matches the search`);
			return parts.join(', ');
		}

		/* Only the rows in sight: the canvas is as large as the frame that scrolls, whatever the depth. */
		function paint() {
			const full = depth * ROW + 1;
			spacer.style.height = `${full}px`;
			const height = Math.min(full, holder.clientHeight || full);
			const top_ = Math.max(0, Math.min(holder.scrollTop, full - height));
			const c = sharp(canvas, width, height);
			const dark = document.documentElement.dataset.theme === 'dark' ||
				(document.documentElement.dataset.theme !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
			const ink = dark ? '#f0f3f6' : '#1b2129';
			const faint = css('quiet');
			const plain = css('hover');
			const matchInk = css('match');
			c.font = FONT;
			c.textBaseline = 'middle';
			const letter = c.measureText('m').width;
			for (const box of rows.slice(Math.floor(top_ / ROW), Math.ceil((top_ + height) / ROW)).flat()) {
				const { node } = box;
				const y = box.depth * ROW - top_;
				const line = node.frame < 0 ? null : model.line(tree.lineOfFrame[node.frame]);
				const off = searched && node.matched === 0;
				c.globalAlpha = box.above ? 0.55 : 1;
				c.fillStyle = !line || off ? plain : frameColour(line.module, line.full, dark);
				const w = Math.max(0.5, box.width - (box.width > 3 ? 1 : 0));
				c.fillRect(box.x, y, w, ROW - 1);
				if (searched && node.matched > 0) {
					c.fillStyle = matchInk;
					c.fillRect(box.x, y + ROW - 4, Math.max(0.5, w * Math.min(1, node.matched / node.value)), 3);
				}
				const room = Math.floor((box.width - 8) / letter);
				if (room >= 3) {
					const text = name(node);
					c.fillStyle = off || line?.allocator ? faint : ink;
					c.fillText(text.length > room ? `${text.slice(0, room - 1)}…` : text, box.x + 4, y + ROW / 2);
				}
			}
			c.globalAlpha = 1;
		}

		function draw() {
			if (!width || !top?.value)
				return;
			({ boxes, depth } = layout(top, zoom, width));
			rows = Array.from({ length: depth }, () => []);
			for (const box of boxes)
				rows[box.depth].push(box);
			paint();
			canvas.setAttribute('aria-label', `Flame graph, ${METRICS[metricSelect.value].title}: ${unit.short(top.value)}; ${count(boxes.length)} frames drawn`);
			canvas.dataset.frames = String(boxes.length);
			const trail = [];
			for (let n = zoom; n; n = n.up)
				trail.unshift(n);
			replace(crumbs, zoom === top ? null : trail.slice(-5).map((n, i, all) => [i ? ' › ' : trail.length > 5 ? '… › ' : '',
				n === zoom ? h('span.code', {}, name(n)) : h('a.code', { href: '#', onclick: (event) => { event.preventDefault(); zoomTo(n); } }, name(n))]));
			reset.disabled = zoom === top;
			point();
		}

		function reveal(row) {
			if (row * ROW < holder.scrollTop)
				holder.scrollTop = row * ROW;
			else if ((row + 1) * ROW > holder.scrollTop + holder.clientHeight)
				holder.scrollTop = (row + 1) * ROW - holder.clientHeight + 1;
		}

		/* The frame under the pointer or the keyboard is marked by an element of its own: the canvas stays as it is. */
		function point() {
			marker.hidden = !hover;
			if (hover && document.activeElement === canvas)
				reveal(hover.depth);
			if (hover)
				for (const [property, value] of Object.entries({ left: hover.x, top: hover.depth * ROW, width: Math.max(2, hover.width - 1), height: ROW - 1 }))
					marker.style[property] = `${value}px`;
			status.textContent = describe(hover?.node ?? zoom);
		}

		function zoomTo(node) {
			zoom = node;
			hover = null;
			tip.hidden = true;
			draw();
		}

		function boxAt(event) {
			const rect = spacer.getBoundingClientRect();
			const x = event.clientX - rect.left;
			const d = Math.floor((event.clientY - rect.top) / ROW);
			return rows[d]?.find((box) => x >= box.x && x < box.x + box.width) ?? null;
		}

		canvas.addEventListener('pointermove', (event) => {
			const box = boxAt(event);
			if (box?.node !== hover?.node) {
				hover = box;
				point();
			}
			tip.hidden = !box || event.pointerType === 'touch';
			if (!box)
				return;
			const { node } = box;
			const line = node.frame < 0 ? null : model.line(tree.lineOfFrame[node.frame]);
			replace(tip, h('p.code.strong', {}, line ? line.full : name(node)), line ? h('p.small', {}, line.where || line.module || 'unknown module') : null,
				h('p', {}, `${unit.short(node.value)} (${unit.exact(node.value)}) · ${share(node.value, top.value)}`),
				searched ? h('p.small', {}, `${share(node.matched, node.value)} of it matches the search`) : null);
			const rect = frame.getBoundingClientRect();
			const x = event.clientX - rect.left;
			tip.style.left = `${Math.max(0, Math.min(x + 14, width - tip.offsetWidth - 4))}px`;
			tip.style.top = `${event.clientY - rect.top + 18}px`;
		});
		canvas.addEventListener('pointerleave', () => {
			tip.hidden = true;
			if (hover && document.activeElement !== canvas) {
				hover = null;
				point();
			}
		});
		canvas.addEventListener('click', (event) => {
			const box = boxAt(event);
			if (!box || box.node.more)
				return;
			if (event.altKey && box.node.frame >= 0)
				state.set({ q: withFilter(state.get().q, 'module', model.line(tree.lineOfFrame[box.node.frame]).module.replace(/^.*\//, '')) });
			else
				zoomTo(box.node);
		});
		canvas.addEventListener('keydown', (event) => {
			const current = hover?.node ?? zoom;
			const beside = (step) => {
				const all = current.up ? childrenOf(current.up) : [current];
				return all[all.indexOf(current) + step];
			};
			const target = { ArrowDown: () => childrenOf(current)[0], ArrowUp: () => current.up, ArrowLeft: () => beside(-1), ArrowRight: () => beside(1) }[event.key]?.();
			if (event.key === 'Enter') {
				event.preventDefault();
				if (!current.more)
					zoomTo(current);
			} else if (event.key === 'Escape' && zoom.up) {
				event.preventDefault();
				zoomTo(zoom.up);
			} else if (event.key.startsWith('Arrow')) {
				event.preventDefault();
				const box = target && boxes.find((one) => one.node === target);
				if (box) {
					hover = box;
					point();
				}
			}
		});
		holder.addEventListener('scroll', () => requestAnimationFrame(paint));
		build(state.get());
		const stop = onWidth(spacer, (now) => {
			width = now;
			draw();
		});
		return {
			update(now, keys) {
				if (['metric', 'q', 'from', 'to', 'flame.inverted'].some((key) => keys.has(key)))
					build(now);
			},
			destroy: stop,
		};
	},
};
