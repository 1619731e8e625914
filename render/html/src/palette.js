/*
 * palette.js - colours: those of the style sheet for canvases, and a categorical scale that colour-blind people can tell apart
 * (after Okabe and Ito, Color Universal Design, with two tints more). The style sheet has the values for light and dark.
 */
export function css(name) {
	return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

export const CATEGORIES = 8;

export function category(index) {
	return css(`cat-${index % CATEGORIES}`);
}

/* The same name has the same colour in every view and every report. */
export function hash(text) {
	let value = 2166136261;
	for (let i = 0; i < text.length; i++)
		value = Math.imul(value ^ text.charCodeAt(i), 16777619);
	return value >>> 0;
}

/* Warm hues for frames of a flame graph: hue by module, lightness by function; dark text stays readable on all of them. */
export function frameColour(module, name, dark) {
	const m = hash(module);
	const n = hash(name);
	const hue = [28, 205, 160, 45, 265, 340, 190, 90][m % 8] + (n % 13) - 6;
	return dark ? `hsl(${hue} ${34 + (n % 10)}% ${34 + ((n >> 4) % 9)}%)` : `hsl(${hue} ${58 + (n % 12)}% ${74 + ((n >> 4) % 9)}%)`;
}
