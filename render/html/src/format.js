/*
 * format.js - numbers for people, by the rules of render/units.c, so that the page and the text report print the same words.
 *
 * bytes("12.3 MiB"), exactBytes("12,902,400 B"), count("1,234"), duration("1.50 ms"), share("12.3 %"), of("2 blocks"). What is larger than 2^53 is
 * not exact in the page and says so (≈).
 */
const UNITS = ['KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'];

function threeDigits(value, unit) {
	const x = value / unit;
	const hundredths = Math.round(x * 100);
	if (hundredths < 1000)
		return (hundredths / 100).toFixed(2);
	const tenths = Math.round(x * 10);
	return tenths < 1000 ? (tenths / 10).toFixed(1) : String(Math.round(x));
}

export function count(value) {
	const text = Math.round(value).toLocaleString('en-US', { maximumFractionDigits: 0 });
	return value > Number.MAX_SAFE_INTEGER ? `≈ ${text}` : text;
}

export function of(value, noun) {
	return `${count(value)} ${noun}${value === 1 ? '' : 's'}`;
}

export function exactBytes(value) {
	return `${count(value)} B`;
}

export function bytes(value) {
	if (value < 0)
		return `−${bytes(-value)}`;
	if (value < 1024)
		return exactBytes(value);
	let unit = 1024;
	let i = 0;
	while (i < 5 && value >= unit * 1024 - unit / 2) {
		unit *= 1024;
		i++;
	}
	return `${threeDigits(value, unit)} ${UNITS[i]}`;
}

export function duration(ns) {
	if (ns < 1000)
		return `${Math.round(ns)} ns`;
	if (ns < 999500)
		return `${threeDigits(ns, 1e3)} µs`;
	if (ns < 999500000)
		return `${threeDigits(ns, 1e6)} ms`;
	const s = Math.floor(ns / 1e9);
	if (s < 120)
		return `${threeDigits(ns, 1e9)} s`;
	if (s < 7200)
		return `${Math.floor(s / 60)} min ${s % 60} s`;
	return `${Math.floor(s / 3600)} h ${Math.floor(s / 60) % 60} min`;
}

export function share(part, whole) {
	if (!whole)
		return '–';
	const tenths = Math.round((part / whole) * 1000);
	if (part && tenths === 0)
		return '< 0.1 %';
	if (part === whole)
		return '100 %';
	return `${(Math.min(tenths, part < whole ? 999 : tenths) / 10).toFixed(1)} %`;
}

/* A moment of the run, counted from its start, short enough for an axis. */
export function moment(ns, span) {
	if (span >= 120e9)
		return duration(ns);
	if (span >= 1e9)
		return `${(ns / 1e9).toFixed(span >= 20e9 ? 1 : 2)} s`;
	if (span >= 1e6)
		return `${(ns / 1e6).toFixed(span >= 20e6 ? 1 : 2)} ms`;
	return `${(ns / 1e3).toFixed(1)} µs`;
}

export const KINDS = { bytes: { short: bytes, exact: exactBytes }, count: { short: count, exact: count }, duration: { short: duration, exact: (ns) => `${count(ns)} ns` } };
