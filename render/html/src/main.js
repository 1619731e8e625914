/*
 * main.js - decodes the data and shows what they are: a report, or a comparison (a table "diff" is among them).
 */
import { read } from './data.js';
import { comparison } from './diff/page.js';
import { h, replace } from './dom.js';
import { duration } from './format.js';
import { Model } from './model.js';
import { commandText, endedText, startText } from './run_words.js';
import { shell } from './shell.js';
import * as state from './state.js';
import { sampleNote } from './widgets/sample.js';
import { searchBox } from './widgets/search.js';
import { timeStrip } from './widgets/strip.js';
import { VIEWS } from './views/index.js';

function report(tables) {
	const model = new Model(tables);
	const { trace, process } = model;
	shell({
		model, state, views: VIEWS, heading: commandText(tables.command, process), generator: trace.generator,
		meta: [`process ${process.pid} on ${process.host || '(host unknown)'}`, startText(process), duration(trace.duration_ns), endedText(trace, process)].join(' · '),
		foot: 'Sizes are requested sizes. KiB = 1,024 B. Point at a figure for the exact number.',
		controls: () => [sampleNote(model), searchBox(model, state), timeStrip(model, state)],
	});
}

read(document.getElementById('data')).then((tables) => (tables.diff ? comparison : report)(tables)).catch((error) => {
	replace(document.getElementById('app'), h('p.loading', { role: 'alert' }, `The report cannot be shown: ${error.message}`));
	throw error;
});
