import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const web = fileURLToPath(new URL('../..', import.meta.url));
const list = () => readFileSync(`${web}/licences.txt`, 'utf8');

it('the list of licences is that of the lock file', () => {
  const before = list();
  execFileSync('node', ['tools/licences.mjs'], { cwd: web });
  expect(list()).toBe(before);
});
it('the lock file names no address that packages come from', () => {
  expect(readFileSync(`${web}/package-lock.json`, 'utf8')).not.toContain('"resolved"');
});
