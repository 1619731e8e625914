/*
 * tree.js - a tree whose rows open: made level by level as it is opened.
 *
 *   treeView({label, heads, roots, children, cells, isOpen, onToggle})
 *     heads      titles of the columns, the first one is that of the names
 *     roots      ids of the top level; children(id) -> ids of the level below
 *     cells(id)  {name: node, title, rest: [{text, title, wide?}]}
 *     isOpen(id), onToggle(id, open)
 *   gives {element}. Keyboard: arrows move, right opens or goes down, left closes or goes up, Home, End, Enter and blank toggle.
 */
import { h } from '../dom.js';
import { count } from '../format.js';

const PAGE = 100;

export function treeView({ label, heads, roots, children, cells, isOpen, onToggle }) {
	const line = (columns) => columns.map(({ text, title, wide }) => h(`span.num${wide ? '.wide' : ''}`, { title }, text));

	function level(ids, depth) {
		const list = h(depth ? 'ul' : 'ul.tree', depth ? { role: 'group' } : { role: 'tree', 'aria-label': label });
		let from = 0;
		function more() {
			const shown = ids.slice(from, from + PAGE);
			from += shown.length;
			list.append(...shown.map((id) => item(id, depth)));
			if (from < ids.length) {
				const button = h('button', { type: 'button', onclick: () => { rest.remove(); more(); } }, `${count(ids.length - from)} more`);
				const rest = h('li.tree-more', { role: 'none' }, button);
				list.append(rest);
			}
		}
		more();
		return list;
	}

	function item(id, depth) {
		const below = children(id);
		const { name, title, rest } = cells(id);
		const open = below.length > 0 && isOpen(id);
		const arrow = h('span.tree-arrow', { 'aria-hidden': 'true' }, below.length ? (open ? '▾' : '▸') : '');
		const row = h('div.tree-row', {}, h('span.tree-name', { title, style: { '--depth': String(Math.min(depth, 12)) } }, arrow, name), line(rest));
		row.querySelector('a')?.setAttribute('tabindex', '-1');
		const element = h('li', { role: 'treeitem', tabindex: '-1', 'aria-level': String(depth + 1), 'aria-expanded': below.length ? String(open) : null, 'data-id': id }, row);
		element.toggle = (wanted) => {
			if (!below.length || wanted === (element.getAttribute('aria-expanded') === 'true'))
				return;
			element.setAttribute('aria-expanded', String(wanted));
			arrow.textContent = wanted ? '▾' : '▸';
			if (wanted)
				element.append(level(below, depth + 1));
			else
				element.lastChild.remove();
			onToggle(id, wanted);
		};
		if (open)
			element.append(level(below, depth + 1));
		row.addEventListener('click', (event) => {
			if (event.target.closest('a') || String(window.getSelection()))
				return;
			focus(element);
			element.toggle(element.getAttribute('aria-expanded') !== 'true');
		});
		return element;
	}

	const tree = level(roots, 0);
	/* One row at a time is reached by Tab, and the link in it. */
	function reach(element, index) {
		element?.setAttribute('tabindex', index);
		element?.firstChild.querySelector('a')?.setAttribute('tabindex', index);
	}
	function focus(element) {
		reach(tree.querySelector('li[tabindex="0"]'), '-1');
		reach(element, '0');
		element.focus({ preventScroll: true });
		element.firstChild.scrollIntoView({ block: 'nearest' });
	}
	reach(tree.querySelector('li'), '0');
	tree.addEventListener('keydown', (event) => {
		const at = event.target;
		if (at.getAttribute('role') !== 'treeitem')
			return;
		const all = [...tree.querySelectorAll('[role="treeitem"]')];
		const i = all.indexOf(at);
		const open = at.getAttribute('aria-expanded');
		const go = (element) => element && focus(element);
		switch (event.key) {
		case 'ArrowDown': go(all[i + 1]); break;
		case 'ArrowUp': go(all[i - 1]); break;
		case 'Home': go(all[0]); break;
		case 'End': go(all[all.length - 1]); break;
		case 'ArrowRight': open === 'false' ? at.toggle(true) : open && go(all[i + 1]); break;
		case 'ArrowLeft': open === 'true' ? at.toggle(false) : go(at.parentElement.closest('[role="treeitem"]')); break;
		case 'Enter': case ' ': at.toggle(open !== 'true'); break;
		default: return;
		}
		event.preventDefault();
	});
	return {
		element: h('div.tree-holder', {}, h('div.tree-row.tree-head', { 'aria-hidden': 'true' }, h('span', {}, heads[0].text), line(heads.slice(1))), tree),
	};
}
