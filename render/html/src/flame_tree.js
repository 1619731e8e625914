/*
 * flame_tree.js - call paths as a tree merged by frame, with sums on it: what a flame graph draws.
 *
 *   merge(model, keyOfLine)            {parent[], frame[] of merged nodes (parents before children), lineOfFrame[], mergedOfNode[]}
 *   topDown(tree, leaves, series)      the root of a tree of {frame, sums[], expand()}: callers above what they call
 *   inverted(tree, leaves, series)     likewise, what allocates above its callers
 *     leaves[i]    merged node of call path i
 *     series       arrays with a number per call path; sums[k] of a frame adds up series[k]. sums[0] is its width.
 *
 * A frame is opened when it is looked at, so that the cost depends on the screen and not on the trace.
 */
export function merge(model, keyOfLine) {
	return model.once('flame tree', () => {
		const { nodes, lines } = model.tables;
		const frames = [];
		const frameOfText = new Map();
		const frameOfLine = new Int32Array(lines.rows);
		for (let i = 0; i < lines.rows; i++) {
			const key = keyOfLine(i);
			let frame = frameOfText.get(key);
			if (frame === undefined) {
				frame = frames.length;
				frameOfText.set(key, frame);
				frames.push(i);
			}
			frameOfLine[i] = frame;
		}
		const parent = [-1];
		const frame = [-1];
		const childOf = new Map();
		const mergedOfNode = new Int32Array(nodes.rows);
		for (let n = 1; n < nodes.rows; n++) {
			let at = mergedOfNode[nodes.number('parent', n)];
			const first = nodes.number('first_line', n);
			for (let i = first + nodes.number('line_count', n) - 1; i >= first; i--) {
				const key = at * frames.length + frameOfLine[i];
				let child = childOf.get(key);
				if (child === undefined) {
					child = parent.length;
					childOf.set(key, child);
					parent.push(at);
					frame.push(frameOfLine[i]);
				}
				at = child;
			}
			mergedOfNode[n] = at;
		}
		return { parent: Int32Array.from(parent), frame: Int32Array.from(frame), lineOfFrame: frames, mergedOfNode };
	});
}

/* Sums of the merged tree from the leaves up. */
export function topDown(tree, leaves, series) {
	const n = tree.parent.length;
	const totals = series.map((values) => {
		const total = new Float64Array(n);
		for (let i = 0; i < values.length; i++)
			total[leaves[i]] += values[i];
		for (let i = n - 1; i > 0; i--)
			total[tree.parent[i]] += total[i];
		return total;
	});
	const first = new Int32Array(n).fill(-1);
	const next = new Int32Array(n).fill(-1);
	for (let i = 1; i < n; i++) {
		next[i] = first[tree.parent[i]];
		first[tree.parent[i]] = i;
	}
	const wrap = (i) => ({
		frame: tree.frame[i], sums: totals.map((total) => total[i]),
		expand() {
			const children = [];
			for (let c = first[i]; c >= 0; c = next[c])
				if (totals[0][c] > 0)
					children.push(wrap(c));
			return children;
		},
	});
	return wrap(0);
}

/* The same from the innermost frame outwards: a frame is the list of call paths that are in it, each with where it stands. */
export function inverted(tree, leaves, series) {
	const make = (frame, positions, sums) => ({
		frame, sums,
		expand() {
			const groups = new Map();
			for (const { at, path } of positions) {
				if (at <= 0)
					continue;
				let group = groups.get(tree.frame[at]);
				if (!group) {
					group = { positions: [], sums: series.map(() => 0) };
					groups.set(tree.frame[at], group);
				}
				group.positions.push({ at: tree.parent[at], path });
				series.forEach((values, k) => {
					group.sums[k] += values[path];
				});
			}
			return [...groups].map(([key, group]) => make(key, group.positions, group.sums));
		},
	});
	const positions = [];
	const sums = series.map(() => 0);
	for (let path = 0; path < leaves.length; path++) {
		if (!(series[0][path] > 0))
			continue;
		positions.push({ at: leaves[path], path });
		series.forEach((values, k) => {
			sums[k] += values[path];
		});
	}
	return make(-1, positions, sums);
}

export function childrenOf(node) {
	node.children ??= node.expand().sort((a, b) => b.sums[0] - a.sums[0] || a.frame - b.frame);
	for (const child of node.children)
		child.up = node;
	return node.children;
}

/* Boxes {node, x, width, depth} of everything that is at least half a pixel wide under the zoomed frame; the frames above it are full rows. */
export function layout(zoom, width) {
	const boxes = [];
	const above = [];
	for (let node = zoom; node; node = node.up)
		above.unshift(node);
	above.forEach((node, depth) => boxes.push({ node, x: 0, width, depth, above: node !== zoom }));
	let deepest = above.length - 1;
	const scale = zoom.sums[0] > 0 ? width / zoom.sums[0] : 0;
	const queue = [{ node: zoom, x: 0, depth: above.length - 1 }];
	while (queue.length) {
		const { node, x, depth } = queue.pop();
		const children = childrenOf(node);
		let at = x;
		for (const [i, child] of children.entries()) {
			const w = child.sums[0] * scale;
			if (w < 0.5) { // sorted: the rest is narrower, and is one grey box when it can be seen together
				const sums = zoom.sums.map((unused, k) => children.slice(i).reduce((sum, one) => sum + one.sums[k], 0));
				if (sums[0] * scale >= 2) {
					boxes.push({ node: { sums, frame: -2, more: children.length - i, up: node, children: [] }, x: at, width: sums[0] * scale, depth: depth + 1 });
					deepest = Math.max(deepest, depth + 1);
				}
				break;
			}
			boxes.push({ node: child, x: at, width: w, depth: depth + 1 });
			deepest = Math.max(deepest, depth + 1);
			queue.push({ node: child, x: at, depth: depth + 1 });
			at += w;
		}
	}
	return { boxes, depth: deepest + 1 };
}
