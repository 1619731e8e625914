/* threads.js - names of threads, of this run and of the companion's, and what a search for a thread means. */

/* "thread 4711 worker" */
export function threadText(model, id, companion = false) {
	const threads = companion ? model.tables.companion_threads : model.tables.threads;
	if (!id || id > threads.rows)
		return 'an unknown thread';
	const name = threads.text('name', id - 1) || (threads.number('main', id - 1) ? 'main' : '');
	return `thread ${threads.number('tid', id - 1)}${name ? ` ${name}` : ''}`;
}

/* thread:3 is the thread with this id or tid, or with this text (lower case) in its name. */
export function threadMatches(model, id, text, companion = false) {
	const [, tid, ...name] = threadText(model, id, companion).toLowerCase().split(' ');
	return id > 0 && (String(id) === text || tid === text || name.join(' ').includes(text));
}
