'use strict';
// The part of Markdown that the pages use: headings, paragraphs, lists, emphasis, code, links.

function escape(text) {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');
}

function inline(text) {
  return escape(text)
    .replace(/`([^`]+)`/g, '<code>$1</code>')
    .replace(/\*\*([^*]+)\*\*/g, '<strong>$1</strong>')
    .replace(/\*([^*]+)\*/g, '<em>$1</em>')
    .replace(/\[([^\]]+)\]\((https?:[^)\s]+)\)/g, '<a href="$2">$1</a>');
}

function block(lines) {
  const heading = /^(#{1,6}) (.*)$/.exec(lines[0]);
  if (heading) return `<h${heading[1].length}>${inline(heading[2])}</h${heading[1].length}>`;
  if (lines.every((line) => line.startsWith('- '))) {
    return `<ul>\n${lines.map((line) => `<li>${inline(line.slice(2))}</li>`).join('\n')}\n</ul>`;
  }
  return `<p>${inline(lines.join(' '))}</p>`;
}

module.exports = function markdown(text) {
  const blocks = text.split(/\n\s*\n/).map((part) => part.split('\n').filter((line) => line !== ''));
  const title = /^# (.*)$/m.exec(text)?.[1] ?? 'Untitled';
  return { title, html: blocks.filter((lines) => lines.length > 0).map(block).join('\n') };
};
module.exports.escape = escape;
