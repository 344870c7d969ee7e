// licences.mjs - writes licences.txt: what the page is built with, for NOTICE. Fails at a licence that is not in the list.
import { readFileSync, writeFileSync } from 'node:fs';

const kPermissive = ['0BSD', 'Apache-2.0', 'BlueOak-1.0.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', 'MIT', 'Python-2.0', 'CC0-1.0', '(MIT OR CC0-1.0)'];
/** Not permissive, but a tool: nothing of it is in what is built. */
const kTools = { lightningcss: 'MPL-2.0' };
/** What a bundler puts into the page; the rest only makes or tests it. */
const kShipped = ['esm-env', 'svelte'];
const root = new URL('../', import.meta.url);
const read = (path) => JSON.parse(readFileSync(new URL(path, root), 'utf8'));

const { packages } = read('package-lock.json');
const rows = Object.entries(packages)
  .filter(([path, one]) => path && !one.optional)
  .map(([path, one]) => ({ name: path.replace(/^.*node_modules\//, ''), version: one.version, licence: one.license ?? read(`${path}/package.json`).license }))
  .sort((a, b) => (a.name < b.name ? -1 : 1));
const strange = rows.filter(({ name, licence }) => !kPermissive.includes(licence) && kTools[name] !== licence);
if (strange.length) {
  console.error(strange);
  process.exit(1);
}
const shipped = rows.filter(({ name }) => kShipped.includes(name));
const lines = (list) => list.map(({ name, version, licence }) => `${`${name} ${version}`.padEnd(44)}${licence}`).join('\n');
writeFileSync(
  new URL('licences.txt', root),
  `Made by tools/licences.mjs from package-lock.json.\n\nIn the built page\n-----------------\n${lines(shipped)}\n\nTools of building and testing (nothing of them is in the built page)\n--------------------------------------------------------------------\n${lines(rows.filter((row) => !shipped.includes(row)))}\n`,
);
