/* threads.js - the threads of both sides, told apart by name: how many, what they allocated, what lives of it. */
import { h, replace } from '../dom.js';
import { count, of } from '../format.js';
import { dataTable } from '../widgets/table.js';
import { amount, band, changeTag, exactAmount, kindOf, percent } from './words.js';

const FIELDS = [['allocated_bytes', 'Allocated', true], ['allocations', 'Allocations', false], ['live_bytes', 'Alive at end', true], ['temporary_allocations', 'Temporary', false], ['threads', 'Threads', false]];

function rowsOf(model) {
	return model.once('threads', () => model.tables.diff_threads.all().map((thread, index) => {
		const row = { index, main: !!thread.main && thread.name !== '', name: thread.name || (thread.main ? '(main)' : '(no name)'), presence: model.changes[thread.presence] };
		for (const [field] of FIELDS) {
			row[field] = { change: model.changes[thread[`${field}.change`]] };
			for (const part of ['old', 'new', 'old_min', 'old_max', 'new_min', 'new_max'])
				row[field][part] = thread[`${field}.${part}`];
		}
		return row;
	}));
}

function detail(model, row) {
	return h('div.detail', {}, h('table.plain.pair-figures', {},
		h('thead', {}, h('tr', {}, h('th', {}, ''), h('th.num', {}, 'Old'), h('th.num', {}, 'New'), h('th.num', {}, 'Change'), h('th.num.wide', {}, ''), model.several ? [h('th.num.wide', {}, 'Old runs'), h('th.num.wide', {}, 'New runs')] : null)),
		h('tbody', {}, FIELDS.map(([field, title, isBytes]) => {
			const v = row[field];
			const kind = kindOf(isBytes);
			return h(`tr.is-${v.change}`, {}, h('td', {}, title), h('td.num', { title: kind.exact(v.old) }, kind.short(v.old)), h('td.num', { title: kind.exact(v.new) }, kind.short(v.new)),
				h('td.num.change-cell', { title: exactAmount(v.old, v.new, isBytes) }, v.old === v.new ? '=' : amount(v.old, v.new, isBytes)), h('td.num.wide', {}, percent(v.old, v.new)),
				model.several ? [h('td.num.wide', {}, band(v.old_min, v.old_max, isBytes)), h('td.num.wide', {}, band(v.new_min, v.new_max, isBytes))] : null);
		}))));
}

export default {
	id: 'threads',
	title: 'Threads',
	empty: (model) => (model.tables.diff_threads.rows ? null : 'No thread allocated or freed anything on either side.'),
	render(root, { model, state }) {
		const rows = rowsOf(model);
		const changed = rows.filter((row) => row.presence !== 'same' || FIELDS.some(([field]) => model.isChange(row[field].change)));
		const columns = [
			{ id: 'name', title: 'Name', width: 'minmax(160px, 1fr)', narrow: 'minmax(0, 1fr)', first: 'ascending', value: (row) => row.name, cell: (row) => [h('span.code', {}, row.name), row.main ? h('span.tag', {}, 'main') : null, row.presence === 'same' ? null : [' ', changeTag(row.presence)]] },
			...FIELDS.map(([field, title, isBytes], i) => ({
				id: field, title, note: 'New side, and the change; sorted by the size of the change', align: 'right', width: i === 4 ? '110px' : '190px', narrow: '176px', wide: i > 0, value: (row) => Math.abs(row[field].new - row[field].old),
				cell: (row) => {
					const v = row[field];
					return h(`span.is-${v.change}`, {}, kindOf(isBytes).short(v.new), ' ', v.old === v.new ? null : h('span.change-cell', {}, amount(v.old, v.new, isBytes)));
				},
				title_of: (row) => `old ${kindOf(isBytes).exact(row[field].old)}, new ${kindOf(isBytes).exact(row[field].new)}${row[field].old === row[field].new ? '' : `: ${exactAmount(row[field].old, row[field].new, isBytes)}`}`,
			})),
		];
		const line = h('p.bar.small', { role: 'status' });
		const table = dataTable({ label: 'Threads by name', columns, sort: state.get()['threads.sort'] || '-allocated_bytes', key: (row) => row.index, detail: (row) => detail(model, row), onSort: (sort) => state.set({ 'threads.sort': sort }) });
		replace(root, h('div.diff-grid', {}, line, table.element));
		function update(now, keys) {
			if (keys && !keys.has('q') && !keys.has('threads.sort'))
				return;
			const wanted = model.query(now).thread;
			const shown = wanted === undefined ? rows : rows.filter((row) => row.name.toLowerCase().includes(wanted));
			replace(line, h('span', {}, `${of(shown.length, 'name')} of threads${shown.length === rows.length ? '' : ` of ${count(rows.length)}`}, ${count(shown.filter((row) => changed.includes(row)).length)} changed`), h('span', {}, 'Threads of one name are one row; a main thread is one whatever its name.'));
			table.update(shown, now['threads.sort'] || '-allocated_bytes');
		}
		update(state.get());
		return { update, destroy: table.destroy };
	},
};
