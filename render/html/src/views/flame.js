/* flame.js - the call paths as a flame graph (an icicle: callers above what they call; inverted: what allocates above its callers). */
import { h } from '../dom.js';
import { KINDS, share } from '../format.js';
import { inverted, merge, topDown } from '../flame_tree.js';
import { METRICS } from '../model.js';
import { css, frameColour } from '../palette.js';
import { withFilter } from '../query.js';
import { icicle, isDark } from '../widgets/icicle.js';

/* A frame is a function of a module; without a name, an address of it. */
function treeOf(model) {
	const { lines } = model.tables;
	const functions = lines.column('function');
	const modules = lines.column('module');
	return merge(model, (i) => (functions[i] ? `${functions[i]} ${modules[i]}` : `- ${modules[i]} ${lines.number('offset', i)}`));
}

export default {
	id: 'flame',
	title: 'Flame graph',
	empty: (model) => (model.sites.rows ? null : 'No block was allocated in this recording, so there is no call path to draw.'),
	render(root, { model, state }) {
		const tree = treeOf(model);
		const leaves = Int32Array.from({ length: model.sites.rows }, (unused, site) => tree.mergedOfNode[model.sites.number('id', site)]);
		const lineOf = (node) => model.line(tree.lineOfFrame[node.frame]);
		const metricSelect = h('select', { id: 'flame-metric', onchange: (event) => state.set({ metric: event.target.value }) },
			Object.entries(METRICS).map(([id, metric]) => h('option', { value: id }, metric.title)));
		const invert = h('button', { type: 'button', onclick: () => state.set({ 'flame.inverted': state.get()['flame.inverted'] ? undefined : '1' }) }, 'Inverted');
		let unit = KINDS.bytes;
		let searched = false;
		let all = 0;

		const graph = icicle({
			label: () => `Flame graph, ${METRICS[metricSelect.value].title}: ${unit.short(all)}`,
			name: (node) => lineOf(node).name,
			found: (node) => (searched ? node.sums[1] / node.sums[0] : null),
			colour(node) {
				if (node.frame < 0)
					return { fill: css('hover') };
				const line = lineOf(node);
				return { fill: frameColour(line.module, line.full, isDark()), dim: line.allocator };
			},
			describe(node, zoom, top) {
				const [value, matched] = node.sums;
				const exact = unit.exact(value);
				const parts = [`${unit.short(value)}${exact === unit.short(value) ? '' : ` (${exact})`}, ${share(value, top.sums[0])} of all`];
				if (zoom !== top)
					parts.push(`${share(value, zoom.sums[0])} of the zoomed frame`);
				if (searched)
					parts.push(`${share(matched, value)} of it matches the search`);
				return parts.join(', ');
			},
			tip(node, zoom, top) {
				const [value, matched] = node.sums;
				const line = node.frame < 0 ? null : lineOf(node);
				return [line ? [h('p.code.strong', {}, line.full), h('p.small', {}, line.where || line.module || 'unknown module')] : null,
					h('p', {}, `${unit.short(value)} (${unit.exact(value)}) · ${share(value, top.sums[0])}`),
					searched ? h('p.small', {}, `${share(matched, value)} of it matches the search`) : null];
			},
			onAlt: (node) => state.set({ q: withFilter(state.get().q, 'module', lineOf(node).module.replace(/^.*\//, '')) }),
		});
		const merged = h('p.small', {});
		root.append(h('div.flame', {}, h('div.bar', {}, h('label', { for: 'flame-metric' }, 'Metric', metricSelect), invert, graph.bar), merged, graph.element));

		function build(now) {
			const metric = METRICS[now.metric] ? now.metric : 'peak';
			const values = model.metric(metric, now);
			const mask = model.matches(now);
			unit = KINDS[METRICS[metric].unit];
			searched = mask !== null;
			metricSelect.value = metric;
			for (const option of metricSelect.options)
				option.disabled = !METRICS[option.value].needsBrush && model.metric(option.value, now) === null;
			invert.setAttribute('aria-pressed', String(!!now['flame.inverted']));
			const top = values && (now['flame.inverted'] ? inverted : topDown)(tree, leaves, mask ? [values, values.map((value, i) => (mask[i] ? value : 0))] : [values]);
			all = top ? top.sums[0] : 0;
			merged.textContent = METRICS[metric].windowed ? model.mergedNote(now) : '';
			graph.show(all > 0 ? top : null, top ? `Nothing to draw: ${METRICS[metric].title.toLowerCase()} is 0 for every call path.` : METRICS[metric].missing ?? 'This report does not have it.');
		}

		build(state.get());
		return {
			update(now, keys) {
				if (['metric', 'q', 'from', 'to', 'flame.inverted'].some((key) => keys.has(key)))
					build(now);
			},
			destroy: graph.destroy,
		};
	},
};
