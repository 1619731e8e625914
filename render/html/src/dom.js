/*
 * dom.js - elements from code. h('div.card', {title: 'x', onclick: f}, 'text', child, [more]) makes one.
 *
 * Strings always become text nodes: nothing that comes from a trace is ever parsed as markup. Properties: on* = listeners, `style` = an
 * object set through the CSSOM (the page's policy forbids style attributes), the rest are attributes; null, undefined and false are left out.
 */
const SVG = 'http://www.w3.org/2000/svg';

function fill(element, properties, children) {
	for (const [name, value] of Object.entries(properties ?? {})) {
		if (value === null || value === undefined || value === false)
			continue;
		if (name.startsWith('on'))
			element.addEventListener(name.slice(2), value);
		else if (name === 'style')
			for (const [property, setting] of Object.entries(value))
				element.style.setProperty(property, setting);
		else
			element.setAttribute(name, value === true ? '' : value);
	}
	element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
	return element;
}

function split(selector) {
	const [tag, ...classes] = selector.split('.');
	return [tag || 'div', classes.join(' ')];
}

export function h(selector, properties, ...children) {
	const [tag, classes] = split(selector);
	const element = document.createElement(tag);
	if (classes)
		element.className = classes;
	return fill(element, properties, children);
}

export function svg(selector, properties, ...children) {
	const [tag, classes] = split(selector);
	const element = document.createElementNS(SVG, tag);
	if (classes)
		element.setAttribute('class', classes);
	return fill(element, properties, children);
}

export function replace(element, ...children) {
	element.replaceChildren(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
	return element;
}

/* A canvas that is as sharp as the screen: returns its context, scaled so that one unit is one CSS pixel. */
export function sharp(canvas, width, height) {
	const ratio = window.devicePixelRatio || 1;
	canvas.width = Math.round(width * ratio);
	canvas.height = Math.round(height * ratio);
	canvas.style.width = `${width}px`;
	canvas.style.height = `${height}px`;
	const context = canvas.getContext('2d');
	context.setTransform(ratio, 0, 0, ratio, 0, 0);
	return context;
}

/* Calls back with the width of the element, now and whenever it changes; returns a function that ends it. */
export function onWidth(element, callback) {
	let last = -1;
	const observer = new ResizeObserver(() => {
		const width = element.clientWidth;
		if (width !== last && width > 0) {
			last = width;
			callback(width);
		}
	});
	observer.observe(element);
	return () => observer.disconnect();
}
