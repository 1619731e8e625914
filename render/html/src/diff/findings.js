/* findings.js - errors and leaks that only one side has, with their stacks; how much leaked on both; what could not be observed. */
import { h, replace } from '../dom.js';
import { bytes, count, duration, of } from '../format.js';
import { test } from '../query.js';
import { byteMap } from '../widgets/bytes.js';
import { link } from '../widgets/link.js';
import { stackList } from '../widgets/stack.js';
import { amount, changeTag, exactAmount, kindOf, percent } from './words.js';

const LEAKS = ['leak-definite-bytes', 'leak-indirect-bytes', 'leak-possible-bytes'];

function card(model, side, i) {
	const finding = model.tables.findings.row(i);
	const { run, runs, comparable } = model.tables.diff_findings.row(i);
	const number = model.info[`${side === 'new' ? 'new' : 'old'}_runs`];
	const byAllocation = finding.evidence === 'damage' || !finding.error_node; // damage is seen by a check, wherever that happens
	const lines = model.stack(byAllocation ? finding.allocation_node : finding.error_node).map((line) => model.line(line));
	const at = lines.find((line) => !line.allocator) ?? lines[0];
	const picture = byteMap(finding);
	const stacks = [['happened at', finding.error_node], ['allocated at', finding.allocation_node], ['freed at', finding.free_node]].filter(([, node]) => node);
	const block = finding.block_known ? `block of ${bytes(finding.block_size_bytes)}, born ${duration(finding.block_birth_ns)} after the start` : '';
	return h(`details.card.diff-finding.${finding.severity === 'error' ? 'error' : 'warning'}`, { 'data-judged': comparable ? side : 'doubtful', 'data-side': side },
		h('summary', {}, h(`span.change.is-${side === 'new' ? 'new' : 'gone'}`, {}, side === 'new' ? '✚ new' : '✕ fixed'), ' ', h('span.strong', {}, finding.kind), ` ${finding.message}`, at ? h('span.small', {}, byAllocation ? ', allocated by ' : ', in ', h('span.code', { title: at.full }, at.name), ' ', h('span.where', { title: at.where }, at.place)) : null,
			comparable ? null : h('span.tag', {}, 'not comparable'), number > 1 ? h('span.quiet', {}, ` in ${count(runs)} of ${of(number, 'run')}`) : null),
		comparable ? null : h('p.small', {}, `It could not have been seen in ${side === 'new' ? 'the old' : 'the new'} trace: that it is ${side === 'new' ? 'new' : 'fixed'} is not known.`),
		h('p.small', {}, [`${finding.certainty}, ${of(finding.count, 'time')}`, finding.leaked_blocks ? `${bytes(finding.leaked_bytes)} in ${of(finding.leaked_blocks, 'block')}` : '', block, finding.cwe ? `CWE-${finding.cwe}` : '',
			finding.fingerprint, number > 1 ? `as run ${run + 1} has it` : ''].filter(Boolean).join(' · ')),
		picture ? h(`div.picture${picture.table ? '' : '.alone'}`, {}, picture.bar, picture.table) : null,
		h('div.diff-finding-stacks', {}, stacks.map(([title, node]) => h('section', {}, h('h3', {}, title), stackList(model, node)))));
}

function list(model, now, side, title, none) {
	const all = model.tables.diff_findings.all();
	const query = model.query(now);
	const every = all.map((row, i) => i).filter((i) => all[i].list === side);
	const mine = query.empty ? every : every.filter((i) => test(query, model.findingSubject(model.tables.findings.row(i))));
	return h('section', { 'aria-label': title }, h('h2.list-title', {}, title, h('span.quiet', {}, ` ${count(mine.length)}${mine.length === every.length ? '' : ` of ${count(every.length)}`}`)), mine.length ? mine.map((i) => card(model, side, i)) : h('p.quiet', {}, every.length ? 'No finding matches the search.' : none));
}

function leaks(model, state) {
	const hidden = model.runs.filter((run) => !run.tables.leaks_summary.number('observable', 0));
	const rows = LEAKS.map((name) => model.metric(name));
	return h('section.card', { 'aria-labelledby': 'leaks-title' }, h('h2', { id: 'leaks-title' }, 'Leaks'),
		hidden.length ? h('p', {}, hidden.map((run) => h('span', {}, `${run.label}: not observable: ${run.tables.leaks_summary.text('reason', 0)}. `))) : h('div.scroll-x', {}, h('table.plain', {},
			h('thead', {}, h('tr', {}, ['', 'Old', 'New', 'Change', '', 'Call paths'].map((title, i) => h(`th${i ? '.num' : ''}${i === 4 ? '.wide' : ''}`, {}, title)))),
			h('tbody', {}, rows.map((metric) => {
				const total = model.total(metric.name);
				const kind = kindOf(true);
				const paths = ['new', 'grown', 'shrunk', 'gone'].filter((name) => metric[`${name}_paths`]);
				return h(`tr.is-${total.change}`, {}, h('td', {}, metric.title), h('td.num', { title: kind.exact(total.old) }, kind.short(total.old)), h('td.num', { title: kind.exact(total.new) }, kind.short(total.new)),
					h('td.num.change-cell', { title: exactAmount(total.old, total.new, true) }, total.old === total.new ? '=' : amount(total.old, total.new, true)), h('td.num.wide', {}, percent(total.old, total.new)),
					h('td.num', {}, paths.length ? paths.map((name) => [' ', link(state, { view: 'sites', 'diff.metric': metric.name, 'sites.class': name, 'sites.sort': undefined }, changeTag(name), ` ${count(metric[`${name}_paths`])}`)]) : '='));
			})))));
}

export default {
	id: 'findings',
	title: 'Leaks & findings',
	empty: () => null,
	render(root, { model, state }) {
		const blind = model.tables.diff_not_observable.all().map((row) => row.name);
		const lists = h('div', {});
		function update(now, keys) {
			if (keys && !keys.has('q'))
				return;
			replace(lists, list(model, now, 'new', 'New findings', 'None: the new side has no finding that the old one does not have.'), list(model, now, 'fixed', 'Fixed findings', 'None: the old side has no finding that the new one does not have.'));
			const open = lists.querySelectorAll('details.diff-finding');
			if (open.length <= 3)
				open.forEach((element) => { element.open = true; });
		}
		update(state.get());
		root.append(h('div.findings', {}, leaks(model, state),
			h('p.bar.small', {}, h('span', {}, model.info.common_findings ? `${of(model.info.common_findings, 'finding')} on both sides.` : 'No finding is on both sides.'), blind.length ? h('span', {}, `Not observable in every trace: ${blind.join(', ')}.`) : null), lists));
		return { update };
	},
};
