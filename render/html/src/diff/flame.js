/*
 * flame.js - both sides as one flame graph: a frame is as wide as the larger of its call paths' two figures (or one side's, or what changed), and
 * its colour says how it changed. Blue is less, orange more; new and gone frames are hatched, and every name begins with its sign.
 */
import { h } from '../dom.js';
import { share } from '../format.js';
import { inverted, merge, topDown } from '../flame_tree.js';
import { withFilter } from '../query.js';
import { icicle, isDark } from '../widgets/icicle.js';
import { amount, exactAmount, kindOf, percent } from './words.js';

/* Width of a call path, from its two figures and by how much they differ beyond noise. */
const WIDTHS = {
	both: { title: 'the larger of both', of: (before, after) => Math.max(before, after) },
	change: { title: 'what changed', of: (before, after, changed) => Math.abs(changed) },
	new: { title: 'the new side', of: (before, after) => after },
	old: { title: 'the old side', of: (before) => before },
};
const COLOURS = { share: 'by share of the total change', own: 'by percent of itself' };
/* Places in sums[]. NEW, GONE: what comes from call paths that are on one side only. */
const [WIDTH, OLD, NEW, MORE, LESS, FRESH, GONE, MATCHED] = [0, 1, 2, 3, 4, 5, 6, 7];

/* Frames by the names that tell call paths apart: no parameters, no suffixes of copies; without a name, by module and offset. */
function treeOf(model) {
	const { lines } = model.tables;
	return merge(model, (i) => {
		const name = lines.text('function', i);
		const short = name.replace(/\s\[clone .*$/, '').replace(/(\.(constprop|isra|part|cold|lto_priv|llvm)(\.\d+)*)+$/, '');
		return name ? `${short.endsWith(')') && !short.startsWith('(') ? model.line(i).name : short}` : ` ${lines.text('module', i).replace(/^.*\//, '')} ${lines.number('offset', i)}`;
	});
}

/* -1 (much less) to 1 (much more) as a colour: blue, grey, orange. They differ in lightness, too. */
function diverging(strength, dark) {
	const s = Math.max(-1, Math.min(1, strength));
	const hue = s < 0 ? 212 : 28;
	const t = Math.abs(s);
	return dark ? `hsl(${hue} ${Math.round(10 + 58 * t)}% ${Math.round(26 + 16 * t)}%)` : `hsl(${hue} ${Math.round(12 + 78 * t)}% ${Math.round(89 - 27 * t)}%)`;
}

/* Stripes: rising for new frames, falling for gone ones. */
function hatch(context, rising, dark) {
	const tile = document.createElement('canvas');
	tile.width = tile.height = 8;
	const c = tile.getContext('2d');
	c.strokeStyle = dark ? 'rgb(255 255 255 / 30%)' : 'rgb(0 0 0 / 22%)';
	c.lineWidth = 1.5;
	for (const shift of [-8, 0, 8]) {
		c.beginPath();
		c.moveTo(shift, rising ? 8 : 0);
		c.lineTo(shift + 8, rising ? 0 : 8);
		c.stroke();
	}
	return context.createPattern(tile, 'repeat');
}

/* What became of a frame: new and gone when nothing of it is on the other side. */
function becameOf(sums) {
	if (sums[OLD] === 0 && sums[NEW] > 0 && sums[FRESH] > 0)
		return 'new';
	if (sums[NEW] === 0 && sums[OLD] > 0 && sums[GONE] > 0)
		return 'gone';
	const changed = sums[MORE] - sums[LESS];
	return changed > 0 ? 'grown' : changed < 0 ? 'shrunk' : sums[MORE] ? 'mixed' : 'same';
}
const SIGNS = { new: '✚ ', gone: '✕ ', grown: '▲ ', shrunk: '▼ ', mixed: '± ', same: '' };

export default {
	id: 'flame',
	title: 'Flame graph',
	empty: (model) => (model.count ? null : model.info.has_unchanged ? 'No block was allocated on either side, so there is no call path to draw.' : `No call path changed: ${model.info.paths}.`),
	render(root, { model, state }) {
		const tree = treeOf(model);
		const leaves = Int32Array.from({ length: model.count }, (unused, row) => tree.mergedOfNode[model.node(row)]);
		const lineOf = (node) => model.line(tree.lineOfFrame[node.frame]);
		const select = (id, key, entries) => h('select', { id, onchange: (event) => state.set({ [key]: event.target.value }) }, entries.map(([value, title]) => h('option', { value }, title)));
		const metricSelect = select('diff-metric', 'diff.metric', model.metrics.map((metric) => [metric.name, metric.title]));
		const widthSelect = select('flame-width', 'flame.width', Object.entries(WIDTHS).map(([id, { title }]) => [id, title]));
		const colourSelect = select('flame-colour', 'flame.colour', Object.entries(COLOURS));
		const invert = h('button', { type: 'button', onclick: () => state.set({ 'flame.inverted': state.get()['flame.inverted'] ? undefined : '1' }) }, 'Inverted');
		let metric = model.metrics[0];
		let searched = false;
		let own = false;
		let top = null;
		const patterns = new Map();

		const changedOf = (sums) => sums[MORE] - sums[LESS];
		/* The largest change of a call path is full colour; of itself: half more or half less is. */
		const strength = (sums) => {
			const changed = changedOf(sums);
			if (own)
				return changed / (Math.max(sums[OLD], 1) * 0.5);
			return Math.sign(changed) * Math.sqrt(Math.abs(changed) / Math.max(1, top.sums[MORE], top.sums[LESS]));
		};

		const exact = (sums) => {
			const words = [amount, exactAmount].map((print) => print(sums[OLD], sums[NEW], metric.bytes));
			return words[0] === words[1] ? words[0] : `${words[0]} (${words[1]})`;
		};

		const graph = icicle({
			label: () => `Flame graph of the comparison, ${metric.title}`,
			name: (node) => `${SIGNS[becameOf(node.sums)]}${lineOf(node).name}`,
			found: (node) => (searched ? node.sums[MATCHED] / node.sums[WIDTH] : null),
			colour(node, context) {
				const dark = isDark();
				const became = becameOf(node.sums);
				const fill = diverging(became === 'new' ? 1 : became === 'gone' ? -1 : strength(node.sums), dark);
				if (became !== 'new' && became !== 'gone')
					return { fill };
				const key = `${became}${dark}`;
				if (!patterns.has(key))
					patterns.set(key, hatch(context, became === 'new', dark));
				return { fill, pattern: patterns.get(key) };
			},
			describe(node, zoom, all) {
				const kind = kindOf(metric.bytes);
				const { sums } = node;
				const became = becameOf(sums);
				const parts = [`old ${kind.short(sums[OLD])}, new ${kind.short(sums[NEW])}`];
				if (became === 'new' || became === 'gone')
					parts.push(became);
				parts.push(sums[OLD] === sums[NEW] ? 'the same' : `${exact(sums)}${sums[OLD] ? `, ${percent(sums[OLD], sums[NEW])}` : ''}`);
				if (model.several && changedOf(sums) !== sums[NEW] - sums[OLD])
					parts.push(`beyond noise ${changedOf(sums) ? amount(0, changedOf(sums), metric.bytes) : 'nothing'}`);
				if (node !== all)
					parts.push(`${share(sums[WIDTH], zoom.sums[WIDTH])} of the width${zoom === all ? '' : ' of the zoomed frame'}`);
				if (searched)
					parts.push(`${share(sums[MATCHED], sums[WIDTH])} of it matches the search`);
				return parts.join(', ');
			},
			tip(node) {
				const kind = kindOf(metric.bytes);
				const { sums } = node;
				const line = node.frame < 0 ? null : lineOf(node);
				return [line ? [h('p.code.strong', {}, line.full), h('p.small', {}, line.where || line.module || 'unknown module')] : null,
					h('p', {}, `old ${kind.short(sums[OLD])} (${kind.exact(sums[OLD])})`), h('p', {}, `new ${kind.short(sums[NEW])} (${kind.exact(sums[NEW])})`),
					h(`p.strong.change-cell.is-${becameOf(sums)}`, {}, `${SIGNS[becameOf(sums)]}${sums[OLD] === sums[NEW] ? 'the same' : `${exactAmount(sums[OLD], sums[NEW], metric.bytes)}${sums[OLD] ? `, ${percent(sums[OLD], sums[NEW])}` : ''}`}`),
					sums[MORE] && sums[LESS] ? h('p.small', {}, `within it ${amount(0, sums[MORE], metric.bytes)} and ${amount(sums[LESS], 0, metric.bytes)}`) : null,
					searched ? h('p.small', {}, `${share(sums[MATCHED], sums[WIDTH])} of it matches the search`) : null];
			},
			onAlt: (node) => state.set({ q: withFilter(state.get().q, 'module', lineOf(node).module.replace(/^.*\//, '')) }),
		});
		const key = h('p.small.flame-key', {}, h('span', {}, h('i.flame-swatch.gone', {}), '✕ gone'), h('span', {}, h('i.flame-swatch.less', {}), '▼ less'), h('span', {}, h('i.flame-swatch.same', {}), 'the same'), h('span', {}, h('i.flame-swatch.more', {}), '▲ more'), h('span', {}, h('i.flame-swatch.new', {}), '✚ new'));
		root.append(h('div.flame', {}, h('div.bar', {}, h('label', { for: 'diff-metric' }, 'Metric', metricSelect), h('label', { for: 'flame-width' }, 'Width', widthSelect), h('label', { for: 'flame-colour' }, 'Colour', colourSelect), invert, graph.bar), key, graph.element,
			model.several ? h('p.small', {}, 'Figures add up the medians of call paths. Differences within noise have no colour.') : null));

		function build(now) {
			const name = model.chosen(now);
			metric = model.metric(name) ?? model.metrics[0];
			const width = WIDTHS[now['flame.width']] ? now['flame.width'] : 'both';
			own = now['flame.colour'] === 'own';
			const mask = model.matches(now);
			searched = mask !== null;
			metricSelect.value = metric.name;
			widthSelect.value = width;
			colourSelect.value = own ? 'own' : 'share';
			model.metrics.forEach((one, i) => {
				metricSelect.options[i].disabled = !one.observable;
			});
			invert.setAttribute('aria-pressed', String(!!now['flame.inverted']));
			const series = Array.from({ length: MATCHED + 1 }, () => new Float64Array(model.count));
			for (let row = 0; row < model.count; row++) {
				const { old: before, new: after, change } = model.value(row, metric.name);
				const changed = model.isChange(change) ? after - before : 0;
				series[WIDTH][row] = WIDTHS[width].of(before, after, changed);
				series[OLD][row] = before;
				series[NEW][row] = after;
				series[changed > 0 ? MORE : LESS][row] = Math.abs(changed);
				series[FRESH][row] = change === 'new' ? after : 0;
				series[GONE][row] = change === 'gone' ? before : 0;
				series[MATCHED][row] = mask && mask[row] ? series[WIDTH][row] : 0;
			}
			top = metric.observable ? (now['flame.inverted'] ? inverted : topDown)(tree, leaves, series) : null;
			graph.show(top && top.sums[WIDTH] > 0 ? top : null, !metric.observable ? `${metric.title}: not observable in every trace.`
				: width === 'change' ? `Nothing to draw: ${metric.title} did not change in any call path.` : `Nothing to draw: ${metric.title} is 0 for every call path.`);
		}

		build(state.get());
		return {
			update(now, keys) {
				if (['diff.metric', 'q', 'flame.inverted', 'flame.width', 'flame.colour'].some((one) => keys.has(one)))
					build(now);
			},
			destroy: graph.destroy,
		};
	},
};
