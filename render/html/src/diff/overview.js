/* overview.js - what changed in words, what speaks against the comparison, conditions, totals of both sides, where to look first. */
import { h, replace } from '../dom.js';
import { count, of, share } from '../format.js';
import { link } from '../widgets/link.js';
import { MARKS } from '../widgets/quality.js';
import { amount, band, changeSign, changeTag, exactAmount, kindOf, percent } from './words.js';

const FIGURES = [['peak', 'Peak'], ['live-bytes', 'Alive at the end'], ['allocated-bytes', 'Allocated'], ['allocations', 'Allocations'], ['temporary', 'Temporary'], ['leak-definite-bytes', 'Definitely lost']];
const VERDICTS = [['good', 'does not hold'], ['error', 'holds'], ['warning', 'cannot be judged']];
const CLASSES = ['new', 'grown', 'shrunk', 'gone', 'noise'];

function banner(model) {
	const { info } = model;
	const notes = [...model.notes(), ...model.runs.flatMap((run) => run.notes.map((note) => `${run.label}: ${note}`))];
	const held = model.tables.diff_conditions.all().some((row) => row.verdict === 1);
	const level = held ? 'error' : notes.length ? 'warning' : info.changed ? 'note' : 'good';
	return h(`section.banner.${level}`, { 'aria-label': 'What is compared' },
		h('span.mark', { 'aria-hidden': 'true' }, MARKS[level]),
		h('div', {}, h('p.strong', {}, info.changed ? `Differences: ${info.verdict}` : `No difference: ${info.verdict.replace(/^none: /, '')}`), notes.length ? h('ul', {}, notes.map((note) => h('li', {}, note))) : null,
			h('p.small', {}, `${info.paths}; ${info.basis}`)));
}

function conditions(model) {
	const rows = model.tables.diff_conditions.all();
	return rows.length ? h('section.card', { 'aria-labelledby': 'conditions-title' }, h('h2', { id: 'conditions-title' }, 'Conditions'),
		h('ul.verdict', {}, rows.map((row) => {
			const [level, words] = VERDICTS[row.verdict];
			return h(`li.${level}`, {}, h('span.mark', { 'aria-hidden': 'true' }, MARKS[level]), h('div', {}, h('span.code.strong', {}, row.expression), ` ${words}: ${row.found}`));
		}))) : null;
}

function figure(model, [name, title]) {
	const total = model.total(name);
	if (!total || !total.observable)
		return h('div.figure', {}, h('dt', {}, title), h('dd', {}, h('span.value.quiet', {}, '–'), h('span.note', {}, 'not observable in every trace')));
	const kind = kindOf(total.bytes);
	const words = total.old === total.new ? `as before: ${kind.short(total.old)}` : `was ${kind.short(total.old)}: ${amount(total.old, total.new, total.bytes)}${total.old ? `, ${percent(total.old, total.new)}` : ''}`;
	return h('div.figure', {}, h('dt', {}, title), h('dd', {},
		h('span.value', { title: kind.exact(total.new) }, kind.short(total.new)),
		h(`span.note.is-${total.change}`, { title: `was ${kind.exact(total.old)}, ${exactAmount(total.old, total.new, total.bytes) || 'no change'}` }, `${changeSign(total.change)} ${words}${total.change === 'noise' ? ', within noise' : ''}`)));
}

/* Both bands on one scale: what lies apart can be seen. */
function bands(total) {
	const low = Math.min(total.old_min, total.new_min);
	const span = Math.max(total.old_max, total.new_max) - low || 1;
	const bar = (side) => {
		const left = ((total[`${side}_min`] - low) / span) * 94;
		return h(`i.band-${side}`, { style: { left: `${left}%`, width: `calc(${((total[`${side}_max`] - total[`${side}_min`]) / span) * 94}% + 4px)` } });
	};
	return h('span.bands', { role: 'img', 'aria-label': `old ${band(total.old_min, total.old_max, total.bytes)}, new ${band(total.new_min, total.new_max, total.bytes)}`, title: `old runs ${band(total.old_min, total.old_max, total.bytes)}\nnew runs ${band(total.new_min, total.new_max, total.bytes)}` }, bar('old'), bar('new'));
}

function totals(model, state) {
	const shown = model.totals.filter((total) => total.observable && (total.old || total.new || total.old_max || total.new_max));
	const blind = model.totals.filter((total) => !total.observable);
	const cell = (total, value) => h('td.num', { title: kindOf(total.bytes).exact(value) }, kindOf(total.bytes).short(value));
	const row = (total) => h(`tr.is-${total.change}`, {},
		h('td', {}, model.metric(total.name) ? link(state, { view: 'sites', 'diff.metric': total.name, 'sites.sort': undefined }, total.summary) : total.summary),
		cell(total, total.old), cell(total, total.new),
		h('td.num.change-cell', { title: exactAmount(total.old, total.new, total.bytes) }, total.old === total.new ? '=' : amount(total.old, total.new, total.bytes)),
		h('td.num.wide', {}, percent(total.old, total.new)),
		model.several ? h('td.wide', {}, bands(total)) : null,
		h('td.wide', {}, total.change === 'same' ? null : changeTag(total.change)));
	return h('section.card', { 'aria-labelledby': 'totals-title' }, h('h2', { id: 'totals-title' }, 'Totals'),
		!shown.length ? h('p.quiet', {}, 'Nothing was allocated on either side.') : h('table.plain.totals', {},
			h('thead', {}, h('tr', {}, h('th', {}, 'What'), h('th.num', {}, 'Old'), h('th.num', {}, 'New'), h('th.num', {}, 'Change'), h('th.num.wide', {}, ''),
				model.several ? h('th.wide', {}, 'Runs') : null, h('th.wide', {}, ''))),
			h('tbody', {}, shown.map(row))),
		model.several ? h('p.small', {}, 'Runs: the band of the old runs above that of the new ones, least to most. Grey: within noise.') : null,
		blind.length ? h('p.small', {}, `Not observable in every trace: ${blind.map((total) => total.summary).join(', ')}.`) : null);
}

function byMetric(model, state) {
	const classes = CLASSES.filter((name) => model.metrics.some((metric) => metric[`${name}_paths`]));
	const shown = model.metrics.filter((metric) => metric.observable && classes.some((name) => metric[`${name}_paths`]));
	if (!shown.length)
		return null;
	const cell = (metric, name) => {
		const paths = metric[`${name}_paths`];
		const sum = metric[`${name}_amount`];
		const less = name === 'shrunk' || name === 'gone';
		if (!paths)
			return h('td.num', {}, '');
		const patch = { view: 'sites', 'diff.metric': metric.name, 'sites.class': name, 'sites.sort': undefined };
		return h('td.num', { title: `${of(paths, 'call path')}, ${kindOf(metric.bytes).exact(sum)}` }, link(state, patch, count(paths)),
			name === 'noise' ? null : [' ', h('span.where', {}, less ? amount(sum, 0, metric.bytes) : amount(0, sum, metric.bytes))]);
	};
	return h('section.card', { 'aria-labelledby': 'classes-title' }, h('h2', { id: 'classes-title' }, 'Call paths by metric', h('span.quiet', {}, ' how many, and by how much in all')),
		h('div.scroll-x', {}, h('table.plain', {},
			h('thead', {}, h('tr', {}, h('th', {}, 'Metric'), classes.map((name) => h('th.num', {}, changeTag(name))))),
			h('tbody', {}, shown.map((metric) => h('tr', {}, h('td', {}, metric.title), classes.map((name) => cell(metric, name))))))));
}

/* The most important call paths, and findings before them. */
function looks(model, state, views) {
	const list = [];
	const findings = model.tables.diff_findings.all();
	const fresh = findings.findIndex((finding) => finding.list === 'new');
	if (fresh >= 0) {
		const number = findings.filter((finding) => finding.list === 'new').length;
		list.push({ level: 'error', patch: { view: 'findings' }, words: `${of(number, 'new finding')}: ${model.tables.findings.text('message', fresh)}` });
	}
	const ranked = Array.from({ length: model.count }, (unused, row) => row).filter((row) => model.places.number('rank', row)).sort((a, b) => model.places.number('rank', a) - model.places.number('rank', b));
	for (const row of ranked.slice(0, 5 - list.length)) {
		const metric = model.metric(model.impact(row));
		const value = model.value(row, metric.name);
		const place = model.place(row);
		const part = share(model.places.number('share', row), 2 ** 32);
		list.push({
			level: value.new > value.old ? 'warning' : 'good', patch: { view: 'sites', 'diff.metric': undefined, 'sites.sort': undefined, 'sites.class': undefined, q: `site:${model.places.number('rank', row)}` },
			words: [h('span.code.strong', {}, place.name), place.was ? ` (was ${place.was})` : '', ' ', h('span.where', {}, place.place), `: ${amount(value.old, value.new, metric.bytes)} ${metric.title}, `, value.change, `, ${part} of the total`],
		});
	}
	return list.length ? h('section.card', { 'aria-labelledby': 'look-title' }, h('h2', { id: 'look-title' }, 'Look at first'),
		h('ol.looks', {}, list.map((look) => h(`li.${look.level}`, {}, views.has(look.patch.view) ? link(state, look.patch, look.words) : look.words)))) : null;
}

function searchCard(model, now) {
	const mask = model.matches(now);
	if (!mask)
		return null;
	const row = (metric) => {
		let before = 0;
		let after = 0;
		for (let i = 0; i < mask.length; i++)
			if (mask[i]) {
				before += model.rows.number(`${metric.name}.old`, i);
				after += model.rows.number(`${metric.name}.new`, i);
			}
		return before || after ? h('div', {}, h('dt', {}, metric.title), h('dd', { title: `was ${kindOf(metric.bytes).exact(before)}, is ${kindOf(metric.bytes).exact(after)}` },
			kindOf(metric.bytes).short(after), h('span.quiet', {}, before === after ? ' as before' : ` ${amount(before, after, metric.bytes)}`))) : null;
	};
	return h('section.card.matched', { 'aria-labelledby': 'match-title' }, h('h2', { id: 'match-title' }, 'What matches the search'), h('dl.matches', {}, model.metrics.map(row)));
}

export default {
	id: 'overview',
	title: 'Overview',
	empty: () => null,
	render(root, { model, state }) {
		const views = new Set([...document.querySelectorAll('.tabs a')].map((a) => a.dataset.view));
		const matched = h('div', {});
		const update = (now) => replace(matched, searchCard(model, now));
		update(state.get());
		root.append(h('div.overview', {}, banner(model), h('dl.figures', {}, FIGURES.map((one) => figure(model, one))), matched,
			h('div.columns', {}, h('div', {}, totals(model, state), byMetric(model, state)), h('div', {}, conditions(model), looks(model, state, views)))));
		return { update };
	},
};
