/*
 * svg_script.h - the script inside a flame graph (svg.c): zoom, search, titles. It reads the boxes that are drawn and writes nothing but
 * attributes and text.
 *
 * Pure data. It must not hold the characters that end a CDATA section.
 */
#ifndef MS_EXPORT_SVG_SCRIPT_H
#define MS_EXPORT_SVG_SCRIPT_H

static const char ms_svg_script[] =
	"'use strict';\n"
	"const side = 10, full = 1180, letter = 7;\n"
	"const at = document.getElementById('at');\n"
	"const boxes = Array.from(document.querySelectorAll('.f'), g => {\n"
	"  const rect = g.querySelector('rect'), title = g.querySelector('title').textContent, end = title.lastIndexOf('\\n');\n"
	"  g.setAttribute('tabindex', '0');\n"
	"  return {g, rect, text: g.querySelector('text'), title, name: title.slice(0, end), amount: title.slice(end + 1),\n"
	"    x: +rect.getAttribute('x') - side, y: +rect.getAttribute('y'), w: +rect.getAttribute('width')};\n"
	"});\n"
	"function place(b, x, w) {\n"
	"  b.rect.setAttribute('x', side + x);\n"
	"  b.rect.setAttribute('width', w);\n"
	"  b.text.setAttribute('x', side + x + 3);\n"
	"  const room = w < 3 * letter ? 0 : Math.floor((w - 6) / letter);\n"
	"  b.text.textContent = room < 3 ? '' : b.name.length <= room ? b.name : b.name.slice(0, room - 2) + '..';\n"
	"}\n"
	"function zoom(to) {\n"
	"  for (const b of boxes) {\n"
	"    const inside = b.y <= to.y && b.x >= to.x - 0.01 && b.x + b.w <= to.x + to.w + 0.01;\n"
	"    const below = b.y > to.y && b.x <= to.x + 0.01 && b.x + b.w >= to.x + to.w - 0.01;\n"
	"    b.g.classList.toggle('x', !inside && !below);\n"
	"    b.g.classList.toggle('d', below);\n"
	"    if (below) place(b, 0, full);\n"
	"    else if (inside) place(b, (b.x - to.x) / to.w * full, b.w / to.w * full);\n"
	"  }\n"
	"}\n"
	"function search(text) {\n"
	"  const wanted = text.toLowerCase();\n"
	"  let found = 0, covered = 0, end = -1;\n"
	"  for (const b of boxes) {\n"
	"    b.match = wanted !== '' && b.name.toLowerCase().includes(wanted);\n"
	"    b.g.classList.toggle('m', b.match);\n"
	"    found += b.match;\n"
	"  }\n"
	"  /* what lies on another match counts once: from the left, the widest first */\n"
	"  for (const b of boxes.filter(b => b.match).sort((a, b) => a.x - b.x || b.w - a.w))\n"
	"    if (b.x + b.w > end + 0.01) { covered += b.x + b.w - Math.max(b.x, end); end = b.x + b.w; }\n"
	"  at.textContent = wanted === '' ? '' : found + ' drawn frames match, ' + (100 * covered / full).toFixed(1) + ' %';\n"
	"}\n"
	"for (const b of boxes) {\n"
	"  b.g.addEventListener('click', () => zoom(b));\n"
	"  for (const kind of ['mouseenter', 'focus'])\n"
	"    b.g.addEventListener(kind, () => { at.textContent = b.name + ': ' + b.amount; });\n"
	"}\n"
	"document.addEventListener('keydown', event => {\n"
	"  const b = boxes.find(b => b.g === document.activeElement);\n"
	"  if (event.key === 'Enter' && b) zoom(b);\n"
	"  else if (event.key === 'Escape') { zoom(boxes[0]); search(''); }\n"
	"  else if (event.key === '/') { event.preventDefault(); search(prompt('Show frames whose name holds') || ''); }\n"
	"});\n"
	"at.textContent = 'click or Enter: zoom; Escape: all; /: search';\n";

#endif
