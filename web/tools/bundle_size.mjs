// bundle_size.mjs - prints what a browser has to load, compressed; fails over the limit for script.
import { readdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const kMaxScriptBytes = 250 * 1000;
const folder = new URL('../dist/assets/', import.meta.url);
const sizes = { js: 0, css: 0 };
for (const name of readdirSync(folder)) {
  const kind = name.split('.').pop();
  if (kind in sizes) sizes[kind] += gzipSync(readFileSync(new URL(name, folder)), { level: 9 }).length;
}
const kilobytes = (bytes) => `${(bytes / 1000).toFixed(1)} kB`;
console.log(`compressed (gzip): script ${kilobytes(sizes.js)} of at most ${kilobytes(kMaxScriptBytes)}, style ${kilobytes(sizes.css)}`);
if (sizes.js > kMaxScriptBytes) process.exit(1);
