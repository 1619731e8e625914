/*
 * words.js - how a comparison speaks of its numbers, by the rules of render/diff_order.c: amount("+1.50 KiB"), percent("+5.0 %", "× 12"),
 * band("5 … 7"); and how a call path is marked by what became of it.
 */
import { h } from '../dom.js';
import { KINDS } from '../format.js';

export function kindOf(bytes) {
	return bytes ? KINDS.bytes : KINDS.count;
}

function sign(value) {
	return value > 0 ? '+' : value < 0 ? '−' : '';
}

export function amount(before, after, bytes) {
	return `${sign(after - before)}${kindOf(bytes).short(Math.abs(after - before))}`;
}

export function exactAmount(before, after, bytes) {
	return `${sign(after - before)}${kindOf(bytes).exact(Math.abs(after - before))}`;
}

export function percent(before, after) {
	if (before === after)
		return '';
	if (before === 0)
		return 'new';
	if (after >= before * 10)
		return `× ${Math.floor(after / before)}`;
	const tenths = Math.floor((Math.abs(after - before) * 1000 + before / 2) / before);
	if (tenths === 0)
		return after > before ? '< +0.1 %' : '> −0.1 %';
	return `${sign(after - before)}${(tenths / 10).toFixed(1)} %`;
}

/* least, most: of the runs of a side. */
export function band(least, most, bytes) {
	const { short } = kindOf(bytes);
	return least === most ? short(least) : `${short(least)} … ${short(most)}`;
}

const SIGNS = { grown: '▲', shrunk: '▼', new: '✚', gone: '✕', noise: '≈', same: '=', moved: '⇄' };

export function changeSign(change) {
	return SIGNS[change] ?? '';
}

/* Told apart by word, sign and colour. */
export function changeTag(change) {
	return h(`span.change.is-${change}`, {}, h('span', { 'aria-hidden': 'true' }, changeSign(change)), ` ${change}`);
}
