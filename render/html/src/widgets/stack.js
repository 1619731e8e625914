/* stack.js - a call path in full, one line of source per line, as the text report prints it: function (file:line), inlined frames marked.
   short: files without their directories, where there is little room. */
import { h } from '../dom.js';

export function stackList(model, node, companion = false, short = false) {
	const lines = model.stack(node, companion);
	if (!lines.length)
		return h('p.quiet', {}, '(no stack)');
	return h('ol.stack', {}, lines.map((index) => {
		const line = model.line(index, companion);
		return h(`li${line.allocator ? '.quiet' : ''}`, {},
			h('span.code', { title: line.full }, line.full), ' ', h('span.where.code', { title: short ? `${line.where || line.module}\n${line.module}` : line.module }, short ? line.place : line.where || line.module),
			line.inlined ? h('span.tag', { title: 'Inlined into the function below' }, 'inlined') : null);
	}));
}
