/*
 * query.js - the language of the search box: words and filters, all of which must hold.
 *
 *   parse               a call path with this text in a function, file or module (case does not matter)
 *   "two words"         likewise
 *   -parse              without it
 *   site:12             the call path #12
 *   module:libxml       allocated by a module with this text in its path
 *   thread:3            thread with id or tid 3, or with this text in its name (views of threads and of time)
 *   size:>1k size:16..64   mean size of the call path's blocks in bytes (views of time: the sizes of the blocks themselves)
 *   life:<1ms           mean lifetime of the call path's blocks
 *
 * parse(text) gives {words, site, module, thread, size, life, problems}; test(query, subject) judges one call path.
 */
const FILTERS = ['site', 'module', 'thread', 'size', 'life'];
const SIZES = { '': 1, b: 1, k: 1024, kib: 1024, m: 1024 ** 2, mib: 1024 ** 2, g: 1024 ** 3, gib: 1024 ** 3 };
const TIMES = { ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9, min: 60e9 };

export function tokens(text) {
	return text.match(/-?(?:[a-z]+:)?"[^"]*"?|\S+/g) ?? [];
}

function amount(text, units) {
	const match = /^([0-9]+(?:\.[0-9]+)?)\s*([a-zµ]*)$/i.exec(text);
	const unit = match && units[match[2].toLowerCase()];
	return unit ? Number(match[1]) * unit : NaN;
}

/* ">1k", "<=1ms", "16..64", "64": an interval, both ends included. */
function interval(text, units) {
	const range = text.split('..');
	if (range.length === 2)
		return { low: range[0] ? amount(range[0], units) : 0, high: range[1] ? amount(range[1], units) : Infinity };
	const match = /^(<=|>=|<|>)?(.*)$/.exec(text);
	const value = amount(match[2], units);
	switch (match[1]) {
	case '<': return { low: 0, high: value - Number.EPSILON * value };
	case '<=': return { low: 0, high: value };
	case '>': return { low: value + Number.EPSILON * value * 2, high: Infinity };
	case '>=': return { low: value, high: Infinity };
	default: return { low: value, high: value };
	}
}

export function parse(text) {
	const query = { words: [], problems: [], empty: true };
	for (const token of tokens(text)) {
		const no = token.startsWith('-') && token.length > 1;
		const body = no ? token.slice(1) : token;
		const colon = body.indexOf(':');
		const name = colon > 0 ? body.slice(0, colon) : '';
		const value = (FILTERS.includes(name) ? body.slice(colon + 1) : body).replaceAll('"', '').toLowerCase();
		if (!value)
			continue;
		query.empty = false;
		if (name === 'site')
			query.site = Number(value.replace('#', ''));
		else if (name === 'size' || name === 'life')
			query[name] = interval(value, name === 'size' ? SIZES : TIMES);
		else if (name === 'module' || name === 'thread')
			query[name] = value;
		else
			query.words.push({ text: value, no });
		const range = name === 'size' || name === 'life' ? query[name] : null;
		if (Number.isNaN(query.site) || (range && Number.isNaN(range.low + range.high)))
			query.problems.push(`not understood: ${token}`);
	}
	return query;
}

/* Puts a filter into the text of the search in place of one of its kind; value null takes it away. */
export function withFilter(text, name, value) {
	const rest = tokens(text).filter((token) => !token.startsWith(`${name}:`));
	if (value !== null)
		rest.push(`${name}:${/\s/.test(value) ? `"${value}"` : value}`);
	return rest.join(' ');
}

function within(value, range) {
	return value >= range.low && value <= range.high;
}

/* subject: {id, has(text) = is this text on the call path, module (lower case), size, life (null = no block has ended)}. Threads are no matter of
   call paths. */
export function test(query, subject) {
	if (query.site !== undefined && subject.id !== query.site)
		return false;
	if (query.module !== undefined && !subject.module.includes(query.module))
		return false;
	if (query.size && !within(subject.size, query.size))
		return false;
	if (query.life && (subject.life === null || !within(subject.life, query.life)))
		return false;
	return query.words.every((word) => subject.has(word.text) !== word.no);
}
