'use strict';
const fs = require('fs');
const path = require('path');
const slug = require('slugs');
const markdown = require('./markdown.js');
const page = require('./page.js');

const [from, to] = process.argv.slice(2);
if (!from || !to) {
  console.error('usage: pages FOLDER TARGET');
  process.exit(2);
}
fs.mkdirSync(to, { recursive: true });
const made = [];
for (const name of fs.readdirSync(from).filter((name) => name.endsWith('.md')).sort()) {
  const { title, html } = markdown(fs.readFileSync(path.join(from, name), 'utf8'));
  const file = slug(title) + '.html';
  fs.writeFileSync(path.join(to, file), page(title, html));
  made.push({ title, file });
}
const list = made.map(({ title, file }) => `<li><a href="${file}">${markdown.escape(title)}</a></li>`).join('\n');
fs.writeFileSync(path.join(to, 'index.html'), page('Pages', `<ul>\n${list}\n</ul>`));
console.log(`${made.length} pages in ${to}`);
