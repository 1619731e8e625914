/* link.js - a link that changes the state: link(state, patch, ...children). It can be opened in a new tab, and copied, as any other. */
import { h } from '../dom.js';

export function link(state, patch, ...children) {
	return h('a', {
		href: state.link(patch), onclick: (event) => {
			if (event.metaKey || event.ctrlKey || event.shiftKey)
				return;
			event.preventDefault();
			state.set(patch);
		},
	}, children);
}

/* Links to the other views of one call path (its row in the table sites). */
export function siteLinks(model, state, site, metric) {
	const q = `site:${model.sites.number('id', site)}`;
	return ['this call path in ', link(state, { view: 'sites', q, 'sites.sort': undefined }, 'Sites'), ' · ', link(state, { view: 'flame', q, metric }, 'Flame graph'), ' · ',
		link(state, { view: 'timeline', q }, 'Timeline')];
}
