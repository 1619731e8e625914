/* run_words.js - a recorded process in words: its command, when it began, how it ended. */

/* The command line as one could type it. command: the table; process: the row of its process. */
export function commandText(command, process) {
	const words = command.all().map((row) => (/^[\w@%+=:,./-]+$/.test(row.text) ? row.text : `'${row.text.replaceAll("'", "'\\''")}'`));
	return words.join(' ') || process.executable || '(command unknown)';
}

export function endedText(trace, process) {
	switch (trace.ended) {
	case 'exited': return `exited with status ${trace.exit_code}`;
	case 'signaled': return `killed by ${trace.signal_name || `signal ${trace.term_signal}`}`;
	case 'running': return process.part_kind ? 'still running then' : 'still running when the recording stopped';
	case 'truncated': return 'end not recorded';
	default: return 'ended, how is not known';
	}
}

export function startText(process) {
	return `${process.start_time.slice(0, 19).replace('T', ' ')} UTC`;
}
