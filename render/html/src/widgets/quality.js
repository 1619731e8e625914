/* quality.js - how good the trace is, in the words of the text report: the banner of the overview and of the process. */
import { h } from '../dom.js';
import { bytes, count, of, share } from '../format.js';
import { estimates } from './sample.js';

export const MARKS = { good: '✓', note: 'i', warning: '!', error: '✕' };

export function qualityBanner(model) {
	const rows = model.tables.verdict.all();
	const quality = rows.find((row) => row.topic === 'quality');
	const notes = model.tables.notes.all().filter((row) => row.topic === 'quality');
	const { trace } = model;
	const window = rows.find((row) => row.topic === 'window').text;
	return h(`section.banner.${quality.level}`, { 'aria-label': 'Quality of the trace' },
		h('span.mark', { 'aria-hidden': 'true' }, MARKS[quality.level]),
		h('div', {},
			h('p.strong', {}, `Trace ${quality.text}`),
			window ? h('p.strong', {}, `This report is of a part of it: ${window}`) : null,
			notes.length ? h('ul', {}, notes.map((note) => h('li', {}, note.text))) : null,
			h('p.small', {}, [`${of(trace.events, 'event')} in ${bytes(trace.bytes)}`, `lost events ${count(trace.lost_events)}`,
				estimates(model) ? `sampling ${estimates(model).drawn}` : `unmatched frees ${count(trace.unmatched_frees)}, sampling none`, `guard ${model.process.guard}`,
				`frames with a function name ${share(trace.symbolized_frames, trace.frames)}`].join(' · '))));
}

/* A coloured box with a mark: level good, note, warning, error. */
export function banner(level, ...children) {
	return h(`section.banner.${level}`, {}, h('span.mark', { 'aria-hidden': 'true' }, MARKS[level]), h('div', {}, children));
}
