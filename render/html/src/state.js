/*
 * state.js - the one state that all views share, mirrored in the URL's hash so that a link shows what the sender saw.
 *
 * Keys: view; from, to = the time brush in ns, to 0 = none; q = search and filters (query.js); metric; and keys of single views, named
 * "view.key". All values are strings in the hash, numbers where DEFAULTS has a number. Listeners get (state, names of the keys that changed).
 */
export const DEFAULTS = { view: 'overview', from: 0, to: 0, q: '', metric: 'peak' };

const listeners = new Set();
let state = { ...DEFAULTS };

function parse(hash) {
	const parsed = { ...DEFAULTS };
	for (const [key, value] of new URLSearchParams(hash.replace(/^#/, ''))) {
		if (typeof DEFAULTS[key] === 'number')
			parsed[key] = Number.isFinite(Number(value)) ? Math.max(0, Number(value)) : DEFAULTS[key];
		else
			parsed[key] = value;
	}
	if (!(parsed.to > parsed.from))
		parsed.from = parsed.to = 0;
	return parsed;
}

function print() {
	const parameters = new URLSearchParams();
	for (const [key, value] of Object.entries(state))
		if (value !== undefined && value !== DEFAULTS[key] && value !== '')
			parameters.set(key, String(value));
	return `#${parameters}`;
}

function change(next) {
	const keys = new Set([...Object.keys(state), ...Object.keys(next)].filter((key) => state[key] !== next[key]));
	state = next;
	if (keys.size)
		for (const listener of [...listeners])
			listener(state, keys);
	return keys;
}

export function get() {
	return state;
}

/* Views are steps of the browser's history; everything else replaces the current step. */
export function set(patch) {
	const before = state.view;
	const next = { ...state, ...patch };
	if (next.to <= next.from)
		next.from = next.to = 0;
	if (change(next).size === 0)
		return;
	history[before === state.view ? 'replaceState' : 'pushState'](null, '', print());
}

export function link(patch) {
	const kept = state;
	state = { ...state, ...patch };
	const hash = print();
	state = kept;
	return hash;
}

export function listen(listener) {
	listeners.add(listener);
	return () => listeners.delete(listener);
}

export function start() {
	state = parse(location.hash);
	window.addEventListener('popstate', () => change(parse(location.hash)));
	window.addEventListener('hashchange', () => change(parse(location.hash)));
}
