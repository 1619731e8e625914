/* sample.js - when the trace is a sample, each view says so: what is counted, and what is estimated. */
import { h } from '../dom.js';

/* The estimates of the totals, in words; undefined when everything was recorded. */
export function estimates(model) {
	return model.tables.estimate.all()[0];
}

/* A part of the shell's controls. */
export function sampleNote(model) {
	const of = estimates(model);
	const element = of ? h('p.banner.note', { role: 'note' }, `A sample: ${of.drawn}. Figures with ~ are estimates of everything, +- their standard errors; `,
		'all others, and all curves and areas, count the sampled blocks alone.') : h('span', { hidden: true });
	return { element, update() {} };
}
