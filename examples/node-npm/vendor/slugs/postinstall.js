'use strict';
// Makes the table of letters that fold to others, from Unicode's own decompositions.
const fs = require('fs');
const path = require('path');

const folded = { 'ä': 'ae', 'ö': 'oe', 'ü': 'ue', 'ß': 'ss', 'æ': 'ae', 'ø': 'o', 'đ': 'd', 'ł': 'l' };
for (let code = 0xc0; code < 0x180; code++) {
  const letter = String.fromCodePoint(code);
  const base = letter.normalize('NFD')[0];
  if (base !== letter && letter === letter.toLowerCase() && !(letter in folded)) folded[letter] = base;
}
fs.writeFileSync(path.join(__dirname, 'folded.json'), JSON.stringify(folded, null, 1) + '\n');
