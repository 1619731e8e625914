/*
 * shell.js - the frame of the page: header, tabs, what stands above the views, one view at a time, footer.
 *
 *   shell({model, state, views, heading, meta, generator, foot, controls})
 *     views      the table of views (views/index.js)
 *     heading, meta   what the page is about, and the line below; title: the heading in full
 *     controls   elements above the view, each {element, update(now, keys)}
 */
import { h, replace } from './dom.js';

const THEMES = ['auto', 'light', 'dark'];

function themeButton(onChange) {
	const button = h('button.theme', { type: 'button', title: 'Colours: as the system has them, light, dark' });
	let theme = 'auto';
	try {
		theme = localStorage.getItem('memscope-theme') ?? 'auto';
	} catch {
		// a page opened from disk may have no storage; then the choice holds until it is closed
	}
	function apply() {
		document.documentElement.dataset.theme = theme;
		button.textContent = { auto: '◐ auto', light: '○ light', dark: '● dark' }[theme];
		button.setAttribute('aria-label', `Colours: ${theme}`);
	}
	button.addEventListener('click', () => {
		theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
		apply();
		try {
			localStorage.setItem('memscope-theme', theme);
		} catch {
			// as above
		}
		onChange();
	});
	if (!THEMES.includes(theme))
		theme = 'auto';
	apply();
	return button;
}

function tabs(model, views, state) {
	const list = h('nav.tabs', { 'aria-label': 'Views' });
	const links = new Map();
	for (const view of views) {
		const link = h('a', { href: state.link({ view: view.id }), 'data-view': view.id }, view.title);
		link.addEventListener('click', (event) => {
			if (event.metaKey || event.ctrlKey || event.shiftKey)
				return;
			event.preventDefault();
			state.set({ view: view.id });
		});
		links.set(view.id, link);
		list.append(link);
	}
	list.addEventListener('keydown', (event) => {
		const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
		const all = [...links.values()];
		const at = all.indexOf(document.activeElement);
		if (step && at >= 0) {
			event.preventDefault();
			all[(at + step + all.length) % all.length].focus();
		}
	});
	function update() {
		for (const view of views) {
			const link = links.get(view.id);
			const current = state.get().view === view.id;
			link.href = state.link({ view: view.id });
			link.classList.toggle('nothing', view.empty(model) !== null);
			if (current) {
				link.setAttribute('aria-current', 'page');
				list.scrollLeft = Math.max(0, link.offsetLeft - list.clientWidth / 2 + link.offsetWidth / 2);
			} else {
				link.removeAttribute('aria-current');
			}
		}
	}
	return { element: list, update };
}

function emptyView(title, reason) {
	return h('section.empty', { 'aria-labelledby': 'empty-title' }, h('h2', { id: 'empty-title' }, title), h('p', {}, reason));
}

export function shell({ model, state, views, heading, title = heading, meta, generator, foot, controls }) {
	state.start();
	const main = h('main', { id: 'main', tabindex: '-1' });
	const bar = tabs(model, views, state);
	const parts = controls(state);
	const wanted = () => views.find((view) => view.id === state.get().view) ?? views[0];
	let shown = null;
	let running = null;

	function showView() {
		const current = wanted();
		running?.destroy?.();
		running = null;
		shown = current.id;
		const reason = current.empty(model);
		replace(main);
		main.dataset.view = current.id;
		if (reason !== null)
			main.append(emptyView(current.title, reason));
		else
			running = current.render(main, { model, state }) ?? null;
	}

	function changed(now, keys) {
		bar.update();
		for (const part of parts)
			part.update(now, keys);
		if (wanted().id !== shown)
			showView();
		else
			running?.update?.(now, keys);
	}

	function redraw() {
		for (const part of parts)
			part.update(state.get(), new Set(['theme']));
		showView();
	}

	replace(document.getElementById('app'),
		h('a.skip', { href: '#main', onclick: (event) => { event.preventDefault(); main.focus(); } }, 'Skip to the view'),
		h('header.top', {},
			h('div.title', {}, h('h1', { title }, heading), h('p.meta', {}, meta)),
			h('div.tools', {}, h('span.brand', {}, generator), themeButton(redraw))),
		bar.element,
		h('div.controls', {}, parts.map((part) => part.element)),
		main,
		h('footer.foot', {}, foot));
	state.listen(changed);
	window.matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw);
	bar.update();
	showView();
	document.documentElement.dataset.ready = 'yes';
}
