/*
 * icicle.js - a flame graph on a canvas: draws the boxes that flame_tree.js lays out, zooms, and is walked by keyboard.
 *
 *   icicle({label, colour, name, short, describe, tip, share, onAlt})
 *     colour(box, context)    fills what stands behind the text: {fill, ink?, pattern?}; fill and pattern are canvas styles
 *     name(node), off(node)   what stands in a box; is it out of the search?
 *     found(node)             share of it that matches the search, 0 to 1; null = there is no search
 *     describe(node, zoom, top)   one line about it, for the status below the bar and for screen readers
 *     tip(node)               elements of the note beside the pointer
 *     onAlt(node)             Alt and click
 *   gives {bar: elements for a bar, element, show(root, reason), destroy()}: root null: nothing to draw, and reason says why.
 */
import { h, onWidth, replace, sharp } from '../dom.js';
import { count } from '../format.js';
import { childrenOf, layout } from '../flame_tree.js';
import { css } from '../palette.js';

const ROW = 19;
const FONT = '11.5px ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace';

export function isDark() {
	const { theme } = document.documentElement.dataset;
	return theme === 'dark' || (theme !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
}

export function icicle({ label, colour, name, found, describe, tip: tipOf, onAlt }) {
	const canvas = h('canvas', { tabindex: '0', role: 'img', 'aria-describedby': 'flame-status', 'aria-keyshortcuts': 'ArrowUp ArrowDown ArrowLeft ArrowRight Enter Escape' });
	const reset = h('button', { type: 'button', onclick: () => zoomTo(top) }, 'Reset zoom');
	const crumbs = h('nav.crumbs', { 'aria-label': 'Zoomed to' });
	const status = h('p.small.flame-status', { id: 'flame-status', role: 'status' });
	const tip = h('div.tip', { hidden: true });
	const marker = h('div.flame-marker', { hidden: true });
	const hint = h('p.small', {}, 'Click or Enter zooms, Escape goes back out; arrows move; / searches.');
	const spacer = h('div.flame-spacer', {}, canvas, marker);
	const holder = h('div.flame-holder', {}, spacer);
	const frame = h('div.card.flame-card', {}, holder, tip);
	let width = 0;
	let top = null;
	let zoom = null;
	let boxes = [];
	let rows = [];
	let hover = null;
	let depth = 1;

	const path = (node) => {
		const frames = [];
		for (let n = node; n && n.frame >= 0; n = n.up)
			frames.unshift(n.frame);
		return frames;
	};
	const text = (node) => (node.more ? `${count(node.more)} narrow frames` : node.frame < 0 ? 'all call paths' : name(node));

	/* Only the rows in sight: the canvas is as large as the frame that scrolls, whatever the depth. */
	function paint() {
		if (!top)
			return;
		const full = depth * ROW + 1;
		spacer.style.height = `${full}px`;
		const height = Math.min(full, holder.clientHeight || full);
		const above = Math.max(0, Math.min(holder.scrollTop, full - height));
		const c = sharp(canvas, width, height);
		const plainInk = isDark() ? '#f0f3f6' : '#1b2129';
		const faint = css('quiet');
		const plain = css('hover');
		const matchInk = css('match');
		c.font = FONT;
		c.textBaseline = 'middle';
		const letter = c.measureText('m').width;
		for (const box of rows.slice(Math.floor(above / ROW), Math.ceil((above + height) / ROW)).flat()) {
			const { node } = box;
			const y = box.depth * ROW - above;
			const part = found(node);
			const { fill, pattern, ink, dim } = node.more || part === 0 ? { fill: plain, dim: true } : colour(node, c);
			const w = Math.max(0.5, box.width - (box.width > 3 ? 1 : 0));
			c.globalAlpha = box.above ? 0.55 : 1;
			for (const style of pattern ? [fill, pattern] : [fill]) {
				c.fillStyle = style;
				c.fillRect(box.x, y, w, ROW - 1);
			}
			if (part > 0) {
				c.fillStyle = matchInk;
				c.fillRect(box.x, y + ROW - 4, Math.max(0.5, w * Math.min(1, part)), 3);
			}
			const room = Math.floor((box.width - 8) / letter);
			if (room >= 3) {
				const words = text(node);
				c.fillStyle = dim ? faint : ink ?? plainInk;
				c.fillText(words.length > room ? `${words.slice(0, room - 1)}…` : words, box.x + 4, y + ROW / 2);
			}
		}
		c.globalAlpha = 1;
	}

	function draw() {
		if (!width || !top)
			return;
		({ boxes, depth } = layout(zoom, width));
		rows = Array.from({ length: depth }, () => []);
		for (const box of boxes)
			rows[box.depth].push(box);
		paint();
		canvas.setAttribute('aria-label', `${label()}; ${count(boxes.length)} frames drawn`);
		canvas.dataset.frames = String(boxes.length);
		const trail = [];
		for (let n = zoom; n; n = n.up)
			trail.unshift(n);
		replace(crumbs, zoom === top ? null : trail.slice(-5).map((n, i) => [i ? ' › ' : trail.length > 5 ? '… › ' : '',
			n === zoom ? h('span.code', {}, text(n)) : h('a.code', { href: '#', onclick: (event) => { event.preventDefault(); zoomTo(n); } }, text(n))]));
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
		const node = hover?.node ?? zoom;
		status.textContent = `${text(node)}: ${describe(node, zoom, top)}`;
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
		return rows[Math.floor((event.clientY - rect.top) / ROW)]?.find((box) => x >= box.x && x < box.x + box.width) ?? null;
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
		replace(tip, box.node.frame < 0 ? h('p.code.strong', {}, text(box.node)) : null, tipOf(box.node, zoom, top));
		const rect = frame.getBoundingClientRect();
		tip.style.left = `${Math.max(0, Math.min(event.clientX - rect.left + 14, width - tip.offsetWidth - 4))}px`;
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
			onAlt(box.node);
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
	const stop = onWidth(spacer, (now) => {
		width = now;
		draw();
	});
	return {
		bar: [reset, crumbs],
		element: [status, frame, hint],
		/* Keeps the zoom where the new tree has the same frames. */
		show(root, reason) {
			const keep = zoom ? path(zoom) : [];
			top = zoom = root;
			for (const one of keep) {
				const child = zoom && childrenOf(zoom).find((node) => node.frame === one);
				if (!child)
					break;
				zoom = child;
			}
			hover = null;
			canvas.hidden = !top;
			if (top) {
				draw();
				return;
			}
			replace(crumbs);
			spacer.style.height = '0';
			marker.hidden = tip.hidden = true;
			status.textContent = reason;
		},
		destroy: stop,
	};
}
