/* search.js - the one search box: words and filters of query.js, how much matches, and the button that clears it. */
import { h, replace } from '../dom.js';
import { of } from '../format.js';

const HELP = 'Words match functions, files and modules of a call path. Filters: site:12  module:libc  thread:3  size:>1k  size:16..64  life:<1ms. -word leaves out.';

const HINT = 'Search: function, file, module:…, size:>1k, life:<1ms';

/* help, hint: which words the model understands. */
export function searchBox(model, state, { help = HELP, hint = HINT } = {}) {
	const input = h('input', { type: 'search', id: 'search', placeholder: hint, title: help, 'aria-label': 'Search and filter call paths',
		'aria-describedby': 'search-result', autocomplete: 'off', spellcheck: 'false' });
	const result = h('output.search-result', { id: 'search-result', for: 'search' });
	let timer = 0;

	function show(now) {
		if (document.activeElement !== input || input.value.trim() !== now.q)
			if (input.value.trim() !== now.q)
				input.value = now.q;
		const mask = model.matches(now);
		const query = model.query(now);
		replace(result, mask === null ? '' : query.problems.length ? query.problems.join('; ')
			: `${of(mask.reduce((sum, one) => sum + one, 0), 'call path')} of ${mask.length.toLocaleString('en-US')}`);
	}

	input.addEventListener('input', () => {
		clearTimeout(timer);
		timer = setTimeout(() => state.set({ q: input.value.trim() }), 120);
	});
	input.addEventListener('keydown', (event) => {
		if (event.key === 'Enter') {
			clearTimeout(timer);
			state.set({ q: input.value.trim() });
		}
		if (event.key === 'Escape')
			state.set({ q: '' });
	});
	document.addEventListener('keydown', (event) => {
		if (event.key === '/' && !/^(input|textarea|select)$/i.test(event.target.tagName)) {
			event.preventDefault();
			input.focus();
			input.select();
		}
	});
	show(state.get());
	return {
		element: h('div.search', { role: 'search' }, input, result),
		update: (now, keys) => keys.has('q') && show(now),
	};
}
