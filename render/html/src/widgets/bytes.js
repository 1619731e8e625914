/*
 * bytes.js - the picture of a block that an access left, or whose surroundings changed: byteMap(finding) gives {bar, table}, or null when the
 * block is not known; the table is null for a wrong free, which touches no byte.
 *
 * bar    the block to scale, with what lies before and behind it, and a mark where it was touched
 * table  bytes there, eight to a line: what was found (hexadecimal) or ·· where nothing was noted, inside and outside of the block
 *
 * All positions count from the start of the block: differences of addresses are exact in JavaScript, addresses are not.
 */
import { h, svg } from '../dom.js';
import { count, exactBytes, of } from '../format.js';

const ROW = 8;
const NEAR = 64;  // an edge of the block further away than this is not in the table
const ROWS = 12;

function hex(value) {
	return value.toString(16).padStart(2, '0');
}

/* Where a position lies, in the words of the text report. */
export function placeOf(offset, size) {
	if (offset >= size)
		return offset === size ? 'just past the end' : `${of(offset - size, 'byte')} past the end`;
	return offset < 0 ? `${of(-offset, 'byte')} before the start` : offset === 0 ? 'at the start' : `at offset ${count(offset)}`;
}

function label(offset, size) {
	return offset >= size ? `end +${count(offset - size)}` : offset < 0 ? `start −${count(-offset)}` : `start +${count(offset)}`;
}

/* What was done there. */
function deed(f) {
	const place = placeOf(f.offset, f.block_size_bytes);
	if (f.kind === 'size-mismatched-free')
		return `${f.free_call} was told ${exactBytes(f.length_bytes)}`;
	if (f.free_call)
		return f.offset ? `${f.free_call} got an address ${place}` : `${f.free_call} got its start`;
	const verbs = { read: 'read', write: 'written' };
	return `${f.evidence === 'damage' ? 'changed' : verbs[f.access] ?? 'touched'} ${place}`;
}

function bar(f, touched) {
	const size = f.block_size_bytes;
	const low = Math.min(0, touched.from, touched.seen[0]);
	const high = Math.max(size, touched.to, touched.seen[1]);
	const pad = Math.max(8, (high - low) * 0.08);
	const from = low - pad;
	const scale = 1000 / (high - low + 2 * pad);
	const x = (offset) => (offset - from) * scale;
	const width = Math.max(6, x(touched.to) - x(touched.from));
	return h('figure.block-bar', {},
		svg('svg', { viewBox: '0 0 1000 46', preserveAspectRatio: 'none', role: 'img', 'aria-label': `Block of ${exactBytes(size)}: ${deed(f)}` },
			svg('rect.outside', { x: 0, y: 14, width: 1000, height: 24 }),
			svg(`rect.inside${f.block_freed ? '.freed' : ''}`, { x: x(0), y: 14, width: Math.max(2, x(size) - x(0)), height: 24 }),
			svg('rect.touched', { x: x(touched.from), y: 8, width, height: 36 }),
			svg('path.arrow', { d: `M${x(touched.from) + width / 2 - 9} 0h18l-9 8z` })),
		h('figcaption.small', {}, `${f.block_freed ? 'freed block' : 'block'} of ${exactBytes(size)}; `,
			h('span.strong', {}, deed(f)), f.length_bytes && !f.free_call ? `, ${of(f.length_bytes, 'byte')}` : ''));
}

export function byteMap(f) {
	if (!f.block_known || f.kind.startsWith('leak-'))
		return null;
	const size = f.block_size_bytes;
	const start = f.byte_count ? (f.byte_offset_below ? -f.byte_offset_below : f.byte_offset) : 0;
	const seen = f.byte_count ? [start, start + f.byte_count] : [f.offset, f.offset];
	const touched = { from: f.offset, to: f.offset + Math.max(1, f.length_bytes), seen };
	const found = f.bytes.match(/../g) ?? [];
	let low = Math.min(touched.from, seen[0]);
	let high = Math.max(Math.min(touched.to, touched.from + NEAR), seen[1]);
	// All of a small block; of others the edge that is nearest, if it is near.
	if (size <= NEAR && low <= size + NEAR && high >= -NEAR) {
		low = Math.min(low, 0);
		high = Math.max(high, size);
	}
	if (low >= size && low - size <= NEAR)
		low = Math.max(0, size - ROW);
	if (high <= 0 && -high <= NEAR)
		high = Math.min(size, ROW);
	else if (high < size && size - high <= NEAR / 2)
		high = size;
	low = Math.floor(low / ROW) * ROW - (low <= 0 && touched.from < 0 ? ROW : 0);
	if (touched.to > size)
		high = Math.ceil(high / ROW) * ROW + ROW; // a line of what lies behind
	const rows = Math.min(ROWS, Math.ceil((high - low) / ROW));
	const left = Math.max(touched.to, seen[1]) - (low + rows * ROW);
	const line = (row) => {
		const first = low + row * ROW;
		return h('tr', {}, h('th', { scope: 'row' }, label(first, size)),
			Array.from({ length: ROW }, (unused, i) => {
				const at = first + i;
				const value = at >= seen[0] && at < seen[1] ? found[at - seen[0]] : undefined;
				const inside = at >= 0 && at < size;
				const changed = value !== undefined && parseInt(value, 16) !== f.expected;
				const hit = at >= touched.from && at < touched.to;
				return h(`td${inside ? (f.block_freed ? '.inside.freed' : '.inside') : '.outside'}${changed ? '.changed' : value ? '.kept' : ''}${hit ? '.touched' : ''}`, {
					title: `${inside ? `byte ${count(at)} of the block` : placeOf(at, size)}${value ? `: found ${value}, expected ${hex(f.expected)}` : ''}${hit ? ', touched' : ''}`,
				}, value ?? '··');
			}),
			h('td.chars', { 'aria-hidden': 'true' }, Array.from({ length: ROW }, (unused, i) => {
				const code = parseInt(found[first + i - seen[0]] ?? '', 16);
				return Number.isNaN(code) ? ' ' : code >= 0x20 && code < 0x7f ? String.fromCharCode(code) : '.';
			}).join('')));
	};
	const gap = low >= size ? low - size : high <= 0 ? -high : 0;
	const legend = (name, text) => h('span.key', {}, h(`i.swatch.${name}`, { 'aria-hidden': 'true' }), text);
	const around = f.evidence === 'fault' ? 'outside (protected page or padding)' : 'outside (redzone or padding)';
	return {
		bar: bar(f, touched),
		table: f.free_call && !found.length ? null : h('div.bytes', {},
			h('p.small', {}, found.length ? `Bytes found; where nothing was written they would be ${hex(f.expected)}` : 'Where it was touched; what the bytes were is not recorded'),
			h('table', { 'aria-label': 'Bytes' }, h('tbody', {}, Array.from({ length: rows }, (unused, row) => line(row)))),
			h('p.small.keys', {}, legend(f.block_freed ? 'inside.freed' : 'inside', f.block_freed ? 'the freed block' : 'the block'), legend('outside', around), legend('touched', 'touched'),
				found.length ? legend('changed', 'not as expected') : null),
			gap > NEAR ? h('p.small', {}, `${of(gap, 'byte')} lie between the block and these.`) : null,
			left > 0 ? h('p.small', {}, `… and ${of(left, 'more byte')}`) : null,
			f.evidence === 'damage' && f.length_bytes > f.byte_count && f.byte_count ? h('p.small', {}, `… ${of(f.length_bytes - f.byte_count, 'more byte')} changed, not kept`) : null),
	};
}
