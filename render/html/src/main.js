/*
 * main.js - the shell of the page: decodes the data, then header, tabs, search and time strip around one view at a time.
 */
import { read } from './data.js';
import { h, replace } from './dom.js';
import { duration } from './format.js';
import { Model } from './model.js';
import * as state from './state.js';
import { searchBox } from './widgets/search.js';
import { timeStrip } from './widgets/strip.js';
import { VIEWS } from './views/index.js';

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

function commandText(model) {
	const words = model.tables.command.all().map((row) => (/^[\w@%+=:,./-]+$/.test(row.text) ? row.text : `'${row.text.replaceAll("'", "'\\''")}'`));
	return words.join(' ') || model.process.executable || '(command unknown)';
}

function endedText(trace, process) {
	switch (trace.ended) {
	case 'exited': return `exited with status ${trace.exit_code}`;
	case 'signaled': return `killed by ${trace.signal_name || `signal ${trace.term_signal}`}`;
	case 'running': return process.part_kind ? 'still running then' : 'still running when the recording stopped';
	case 'truncated': return 'end not recorded';
	default: return 'ended, how is not known';
	}
}

function tabs(model) {
	const list = h('nav.tabs', { 'aria-label': 'Views' });
	const links = new Map();
	for (const view of VIEWS) {
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
		for (const view of VIEWS) {
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

function start(tables) {
	const model = new Model(tables);
	state.start();
	const main = h('main', { id: 'main', tabindex: '-1' });
	const bar = tabs(model);
	const strip = timeStrip(model, state);
	const search = searchBox(model, state);
	let shown = null;
	let running = null;

	function showView() {
		const current = VIEWS.find((view) => view.id === state.get().view) ?? VIEWS[0];
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
		strip.update(now, keys);
		search.update(now, keys);
		if ((VIEWS.find((view) => view.id === now.view) ?? VIEWS[0]).id !== shown)
			showView();
		else
			running?.update?.(now, keys);
	}

	function redraw() {
		strip.update(state.get(), new Set(['theme']));
		showView();
	}

	const { trace, process } = model;
	replace(document.getElementById('app'),
		h('a.skip', { href: '#main', onclick: (event) => { event.preventDefault(); main.focus(); } }, 'Skip to the view'),
		h('header.top', {},
			h('div.title', {},
				h('h1', { title: commandText(model) }, commandText(model)),
				h('p.meta', {}, [`process ${process.pid} on ${process.host || '(host unknown)'}`, `${process.start_time.slice(0, 19).replace('T', ' ')} UTC`,
					duration(trace.duration_ns), endedText(trace, process)].join(' · '))),
			h('div.tools', {}, h('span.brand', {}, trace.generator), themeButton(redraw))),
		bar.element,
		h('div.controls', {}, search.element, strip.element),
		main,
		h('footer.foot', {}, 'Sizes are requested sizes. KiB = 1,024 B. Point at a figure for the exact number.'));
	state.listen(changed);
	window.matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw);
	bar.update();
	showView();
	document.documentElement.dataset.ready = 'yes';
}

read(document.getElementById('data')).then(start).catch((error) => {
	replace(document.getElementById('app'), h('p.loading', { role: 'alert' }, `The report cannot be shown: ${error.message}`));
	throw error;
});
