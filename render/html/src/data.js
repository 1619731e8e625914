/*
 * data.js - decodes the data of the page: the container that render/html_columns.h describes.
 *
 * read(element) and decode(buffer) give tables by name. A table has `rows` and columns: number(column, row), text(column, row), column(name) = the raw array
 * (numbers, or numbers of strings), row(i) = an object with everything. Numbers above 2^53 were rounded when they were written.
 */
const ARRAYS = { u8: Uint8Array, u16: Uint16Array, u32: Uint32Array, f64: Float64Array, s8: Uint8Array, s16: Uint16Array, s32: Uint32Array };

class Table {
	constructor(name, rows, columns, strings) {
		this.name = name;
		this.rows = rows;
		this.columns = columns;
		this.strings = strings;
	}

	has(name) {
		return this.columns.has(name);
	}

	find(name) {
		const column = this.columns.get(name);
		if (!column)
			throw new Error(`table ${this.name} has no column ${name}`);
		return column;
	}

	column(name) {
		return this.find(name).values;
	}

	number(name, row) {
		return this.find(name).values[row];
	}

	text(name, row) {
		return this.strings[this.find(name).values[row]];
	}

	get(name, row) {
		const column = this.find(name);
		return column.text ? this.strings[column.values[row]] : column.values[row];
	}

	row(index = 0) {
		const object = {};
		for (const name of this.columns.keys())
			object[name] = this.get(name, index);
		return object;
	}

	all() {
		return Array.from({ length: this.rows }, (unused, index) => this.row(index));
	}
}

function bytesOfBase64(text) {
	if (Uint8Array.fromBase64)
		return Uint8Array.fromBase64(text);
	const binary = atob(text);
	const bytes = new Uint8Array(binary.length);
	for (let i = 0; i < binary.length; i++)
		bytes[i] = binary.charCodeAt(i);
	return bytes;
}

/* The cells of series as analyze/timeline.h has them, from what html_data_time.c stores of them: max_live_bytes, last_live_*, bucket again. */
function unpackCells(series, packed) {
	const n = packed.rows;
	const column = (name) => packed.column(name);
	const [step, allocations, frees, allocated, freed, excess, goneBytes, goneBlocks] = ['step', 'allocations', 'frees', 'allocated_bytes', 'freed_bytes', 'excess_bytes', 'gone_bytes', 'gone_blocks'].map(column);
	const bucket = new Uint32Array(n);
	const last = new Float64Array(n);
	const blocks = new Float64Array(n);
	const most = new Float64Array(n);
	const firstCell = series.column('first_cell');
	const cellCount = series.column('cell_count');
	for (let i = 0; i < series.rows; i++) {
		let at = 0;
		let level = 0;
		let live = 0;
		for (let c = firstCell[i], end = c + cellCount[i]; c < end; c++) {
			const before = level;
			bucket[c] = at += step[c];
			last[c] = level += allocated[c] - freed[c] - goneBytes[c];
			blocks[c] = live += allocations[c] - frees[c] - goneBlocks[c];
			most[c] = Math.max(before, level) + excess[c];
		}
	}
	const columns = new Map(['allocations', 'frees', 'allocated_bytes', 'freed_bytes'].map((name) => [name, packed.find(name)]));
	for (const [name, values] of Object.entries({ bucket, last_live_bytes: last, last_live_blocks: blocks, max_live_bytes: most }))
		columns.set(name, { text: false, values });
	return new Table(packed.name, n, columns, packed.strings);
}

export function decode(buffer) {
	const headerBytes = new DataView(buffer).getUint32(0, true);
	const start = 4 + headerBytes;
	const decoder = new TextDecoder();
	const header = JSON.parse(decoder.decode(new Uint8Array(buffer, 4, headerBytes)));
	const { offset, bytes } = header.strings;
	const strings = decoder.decode(new Uint8Array(buffer, start + offset, bytes)).split('\0');
	const tables = {};
	for (const [name, { rows, columns }] of Object.entries(header.tables)) {
		const decoded = new Map();
		for (const [column, [type, at]] of Object.entries(columns))
			decoded.set(column, { text: type[0] === 's', values: new ARRAYS[type](buffer, start + at, rows) });
		tables[name] = new Table(name, rows, decoded, strings);
	}
	for (const name of Object.keys(tables).filter((one) => one.startsWith('timeline_by_') && one.endsWith('_cells'))) {
		const packed = tables[name];
		let cells = null; // made when a view first asks
		Object.defineProperty(tables, name, { get: () => (cells ??= unpackCells(tables[name.slice(0, -'_cells'.length)], packed)) });
	}
	return tables;
}

export async function read(element) {
	const packed = bytesOfBase64(element.textContent.trim());
	element.textContent = ''; // the page does not need it twice
	const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream('gzip'));
	return decode(await new Response(stream).arrayBuffer());
}
