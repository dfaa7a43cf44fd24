'use strict';
const { escape } = require('./markdown.js');

module.exports = function page(title, body) {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>${escape(title)}</title>
<body>
${body}
</body>
</html>
`;
};
