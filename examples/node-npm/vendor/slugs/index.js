'use strict';
const folded = require('./folded.json');

/** "Über uns!" becomes "ueber-uns". */
module.exports = function slug(title) {
  const plain = [...title.toLowerCase()].map((letter) => folded[letter] ?? letter).join('');
  return plain.replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '');
};
