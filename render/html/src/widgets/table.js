/*
 * table.js - a table of any length: sorted by a click on a heading, drawn only where it is visible, rows that open to show more.
 *
 *   dataTable({label, columns, sort, onSort, detail, key})
 *     columns   {id, title, note?, align: 'left'|'right', width (CSS), value(row) -> number or string to sort by, cell(row) -> node or string,
 *                title_of?(row) -> hover text, wide? = hidden on narrow screens, first? 'ascending'}
 *     sort      "id" or "-id" (descending); onSort(text) when the user chose another one
 *     detail    row -> element, shown below the row when it is opened; absent = rows do not open
 *     key       row -> what makes a row the same after an update (open rows stay open)
 *   gives {element, update(rows, sort)}; rows are an array of anything.
 *
 * Keyboard: arrows, PageUp, PageDown, Home, End move from row to row, Enter or blank opens. Roles are those of a grid, with row counts, because
 * only the visible rows exist.
 */
import { h, replace } from '../dom.js';

const ROW = 30;

export function dataTable({ label, columns, sort: firstSort, onSort, detail, key }) {
	const template = columns.map((column) => column.width ?? '1fr').join(' ');
	const narrow = columns.filter((column) => !column.wide).map((column) => column.narrow ?? column.width ?? '1fr').join(' ');
	const head = h('div.grid-head', { role: 'row' });
	const body = h('div.grid-body', { role: 'rowgroup' });
	const scroll = h('div.grid-scroll', {}, h('div.grid-sticky', { role: 'rowgroup' }, head), body);
	const element = h('div.grid', { role: 'grid', 'aria-label': label, style: { '--columns': template, '--columns-narrow': narrow } }, scroll);
	const open = new Map(); // key -> height of the detail, 0 = not measured
	let rows = [];
	let sort = firstSort;
	let focused = 0;
	let tops = null; // positions when something is open
	let frame = 0;

	function sorted(list) {
		const descending = sort.startsWith('-');
		const column = columns.find((one) => one.id === sort.replace('-', '')) ?? columns[0];
		const values = new Map(list.map((row) => [row, column.value(row)]));
		const compare = (a, b) => {
			const x = values.get(a);
			const y = values.get(b);
			if (x === y)
				return 0;
			if (x === null)
				return 1; // unknown stands last in both directions
			if (y === null)
				return -1;
			return ((typeof x === 'string' ? x.localeCompare(y) : x - y) < 0 ? -1 : 1) * (descending ? -1 : 1);
		};
		return [...list].sort(compare);
	}

	function heading() {
		replace(head, columns.map((column) => {
			const active = sort.replace('-', '') === column.id;
			const descending = sort.startsWith('-');
			return h(`div.cell${column.align === 'right' ? '.num' : ''}${column.wide ? '.wide' : ''}`, { role: 'columnheader', 'aria-sort': active ? (descending ? 'descending' : 'ascending') : 'none' },
				h('button', {
					type: 'button', title: column.note, onclick: () => {
						const next = active ? !descending : column.first !== 'ascending';
						sort = `${next ? '-' : ''}${column.id}`;
						rows = sorted(rows);
						layout();
						heading();
						onSort?.(sort);
					},
				}, column.title, h('span.arrow', { 'aria-hidden': 'true' }, active ? (descending ? ' ↓' : ' ↑') : '')));
		}));
	}

	function layout() {
		if (open.size === 0) {
			tops = null;
			body.style.height = `${rows.length * ROW}px`;
		} else {
			tops = new Float64Array(rows.length + 1);
			rows.forEach((row, i) => {
				tops[i + 1] = tops[i] + ROW + (open.get(key(row)) ?? 0);
			});
			body.style.height = `${tops[rows.length]}px`;
		}
		draw();
	}

	function rowAt(y) {
		if (!tops)
			return Math.floor(y / ROW);
		let low = 0;
		let high = rows.length;
		while (low < high) {
			const middle = (low + high) >> 1;
			if (tops[middle + 1] <= y)
				low = middle + 1;
			else
				high = middle;
		}
		return low;
	}

	function toggle(row) {
		if (!detail)
			return;
		if (open.has(key(row)))
			open.delete(key(row));
		else
			open.set(key(row), 0);
		layout();
		measure();
	}

	/* Details have any height: what is drawn is measured, and the rows below move. */
	function measure() {
		let changed = false;
		for (const element_ of body.querySelectorAll('.grid-detail')) {
			const height = element_.offsetHeight;
			if (open.get(element_.rowKey) !== height) {
				open.set(element_.rowKey, height);
				changed = true;
			}
		}
		if (changed)
			layout();
	}

	function draw() {
		const height = scroll.clientHeight || 600;
		const first = Math.max(0, rowAt(scroll.scrollTop) - 4);
		const kept = document.activeElement?.closest?.('.grid-row');
		const hadFocus = kept && body.contains(kept) && document.activeElement === kept;
		const drawn = [];
		for (let i = first; i < rows.length; i++) {
			const top = tops ? tops[i] : i * ROW;
			if (top > scroll.scrollTop + height + 4 * ROW)
				break;
			const row = rows[i];
			const isOpen = open.has(key(row));
			drawn.push(h(`div.grid-row${isOpen ? '.open' : ''}`, {
				role: 'row', 'aria-rowindex': i + 2, 'aria-expanded': detail ? String(isOpen) : null, tabindex: i === focused ? '0' : '-1', 'data-index': i,
				style: { transform: `translateY(${top}px)` },
			}, columns.map((column) => h(`div.cell${column.align === 'right' ? '.num' : ''}${column.wide ? '.wide' : ''}`, { role: 'gridcell', title: column.title_of?.(row) }, column.cell(row)))));
			if (isOpen) {
				const element_ = h('div.grid-detail', { style: { transform: `translateY(${top + ROW}px)` } }, detail(row));
				element_.rowKey = key(row);
				drawn.push(element_);
			}
		}
		replace(body, rows.length ? drawn : h('p.quiet.nothing-here', {}, 'Nothing matches.'));
		if (hadFocus)
			body.querySelector(`[data-index="${focused}"]`)?.focus({ preventScroll: true });
		element.setAttribute('aria-rowcount', String(rows.length + 1));
	}

	function focus(index) {
		focused = Math.max(0, Math.min(rows.length - 1, index));
		const top = tops ? tops[focused] : focused * ROW;
		const headHeight = head.offsetHeight;
		if (top < scroll.scrollTop)
			scroll.scrollTop = top;
		else if (top + ROW + headHeight > scroll.scrollTop + scroll.clientHeight)
			scroll.scrollTop = top + ROW + headHeight - scroll.clientHeight;
		draw();
		body.querySelector(`[data-index="${focused}"]`)?.focus({ preventScroll: true });
	}

	scroll.addEventListener('scroll', () => {
		cancelAnimationFrame(frame);
		frame = requestAnimationFrame(() => {
			draw();
			measure();
		});
	});
	body.addEventListener('click', (event) => {
		const element_ = event.target.closest('.grid-row');
		if (!element_ || event.target.closest('a, button') || String(window.getSelection()))
			return;
		focused = Number(element_.dataset.index);
		toggle(rows[focused]);
	});
	body.addEventListener('keydown', (event) => {
		if (!event.target.classList.contains('grid-row'))
			return;
		const page = Math.max(1, Math.floor(scroll.clientHeight / ROW) - 2);
		const step = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity }[event.key];
		if (step !== undefined) {
			event.preventDefault();
			focus(step === -Infinity ? 0 : step === Infinity ? rows.length - 1 : focused + step);
		} else if (event.key === 'Enter' || event.key === ' ') {
			event.preventDefault();
			toggle(rows[focused]);
			body.querySelector(`[data-index="${focused}"]`)?.focus({ preventScroll: true });
		}
	});
	heading();
	const observer = new ResizeObserver(() => {
		draw();
		measure();
	});
	observer.observe(scroll);
	return {
		element,
		update(list, newSort) {
			if (newSort && newSort !== sort) {
				sort = newSort;
				heading();
			}
			rows = sorted(list);
			focused = Math.min(focused, Math.max(0, rows.length - 1));
			layout();
			measure();
		},
		openOnly: (row) => {
			open.clear();
			if (row)
				open.set(key(row), 0);
			layout();
			measure();
		},
		destroy: () => observer.disconnect(),
	};
}
