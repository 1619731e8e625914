/*
 * names.js - names of functions, lines and call paths, and which of them hold a text: for every model whose tables have nodes and lines.
 */
import { parse } from './query.js';

const NONE = 0xffffffff;

/* A function's name without parameters, template arguments and return type of templates: what fits on a line. */
export function shortFunction(name) {
	let depth = 0;
	let out = '';
	const text = name.replace(/^\(anonymous namespace\)::/, '').replaceAll('(anonymous namespace)', '{anonymous}');
	if (/^operator/.test(text) || /::operator/.test(text))
		return text.replace(/\(.*$/, (rest) => (rest.startsWith('()') ? '()' : '')) || text;
	for (const c of text) {
		if (c === '<' || c === '(')
			depth++;
		if (c === '(' && depth === 1 && out)
			break;
		if (depth === 0)
			out += c;
		if (c === '>' || c === ')')
			depth--;
	}
	return out.trim() || name;
}

export function fileName(path) {
	return path.slice(path.lastIndexOf('/') + 1) || path;
}

export class Names {
	constructor(tables) {
		this.tables = tables;
		this.cache = new Map();
	}

	once(key, make) {
		if (!this.cache.has(key))
			this.cache.set(key, make());
		return this.cache.get(key);
	}

	/* {name, full, where, module, allocator} of a line of source; companion: of the other run's stacks. */
	line(index, companion = false) {
		return this.once(`line${companion ? 'c' : ''}${index}`, () => {
			const lines = companion ? this.tables.companion_lines : this.tables.lines;
			if (index === NONE || index >= lines.rows)
				return { name: '(no stack)', full: '(no stack)', where: '', module: '', allocator: false, inlined: false, function: '' };
			const line = lines.row(index);
			const module = fileName(line.module);
			const where = line.file ? `${line.file}${line.line ? `:${line.line}` : ''}` : '';
			const bare = `${module || 'unknown module'}+0x${line.offset.toString(16)}`;
			return {
				name: line.function ? shortFunction(line.function) : bare, full: line.function || bare, function: line.function,
				where, place: where ? fileName(where) : module, module: line.module, allocator: !!line.allocator, inlined: !!line.inlined,
			};
		});
	}

	/* Indexes of the lines of a call path, innermost first. */
	stack(node, companion = false) {
		const nodes = companion ? this.tables.companion_nodes : this.tables.nodes;
		const lines = [];
		for (let n = node; n > 0 && n < nodes.rows; n = nodes.number('parent', n))
			for (let i = 0; i < nodes.number('line_count', n); i++)
				lines.push(nodes.number('first_line', n) + i);
		return lines;
	}

	/* For each node of the call tree: does a line from it up to main hold this text (lower case)? Each line is looked at once. */
	nodesWith(text) {
		return this.once(`nodes ${text}`, () => {
			const { lines, nodes } = this.tables;
			const texts = this.once('texts of lines', () => Array.from({ length: lines.rows }, (unused, i) =>
				`${lines.text('function', i)}\n${lines.text('file', i)}:${lines.number('line', i)}\n${lines.text('module', i)}`.toLowerCase()));
			const hit = new Uint8Array(nodes.rows);
			const parent = nodes.column('parent');
			const first = nodes.column('first_line');
			const count = nodes.column('line_count');
			for (let n = 1; n < hit.length; n++) {
				hit[n] = hit[parent[n]];
				for (let i = 0; i < count[n] && !hit[n]; i++)
					hit[n] = texts[first[n] + i].includes(text) ? 1 : 0;
			}
			return hit;
		});
	}

	query(state) {
		return this.once(`query ${state.q}`, () => parse(state.q));
	}
}
