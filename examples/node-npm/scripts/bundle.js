'use strict';
// Puts src/main.js and everything that it requires into one file, dist/pages.js. Modules are numbered in the order in which
// they are met, so that the same sources give the same bytes.
const fs = require('fs');
const path = require('path');
const { builtinModules } = require('module');

const root = path.resolve(__dirname, '..');
const numbers = new Map();
const bodies = [];

function add(file) {
  if (numbers.has(file)) return numbers.get(file);
  const number = numbers.size;
  numbers.set(file, number);
  const text = fs.readFileSync(file, 'utf8');
  bodies[number] = file.endsWith('.json')
    ? `module.exports = ${text.trim()};`
    : text.replace(/require\('([^']+)'\)/g, (whole, name) =>
        builtinModules.includes(name) ? whole : `take(${add(find(name, file))})`);
  return number;
}

function find(name, from) {
  return require.resolve(name, { paths: [path.dirname(from)] });
}

add(path.join(root, 'src', 'main.js'));
const modules = bodies.map((body, number) => `/* ${number} */ (module, exports, take, require) => {\n${body}\n}`);
const out = `'use strict';
const modules = [
${modules.join(',\n')}
];
const taken = [];
function take(number) {
  if (!taken[number]) {
    taken[number] = { exports: {} };
    modules[number](taken[number], taken[number].exports, take, require);
  }
  return taken[number].exports;
}
take(0);
`;
fs.mkdirSync(path.join(root, 'dist'), { recursive: true });
fs.writeFileSync(path.join(root, 'dist', 'pages.js'), out);
