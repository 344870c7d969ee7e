import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const source = fileURLToPath(new URL('../../src', import.meta.url));
const kLayers = ['words', 'api', 'state', 'components', 'views']; // each may use those before it
const files = (readdirSync(source, { recursive: true }) as string[]).filter((name) => /\.(ts|svelte)$/.test(name) && kLayers.includes(name.split('/')[0]!));
const text = (name: string) => readFileSync(join(source, name), 'utf8');

function importsOf(name: string): string[] {
  return [...text(name).matchAll(/from '(\.[^']+)'/g)].map((match) => relative(source, join(source, dirname(name), match[1]!)));
}

describe('the layers', () => {
  it('use only what lies below them', () => {
    const layerOf = (name: string) => kLayers.indexOf(name.split('/')[0]!);
    const upward = files.flatMap((name) => importsOf(name).filter((target) => layerOf(target) > layerOf(name)).map((target) => `${name} -> ${target}`));
    expect(upward).toEqual([]);
  });
  it('talk to the server in api alone', () => {
    expect(files.filter((name) => /\bfetch\(|new EventSource|XMLHttpRequest/.test(text(name))).map((name) => name.split('/')[0])).toEqual(['api', 'api']);
  });
  it('reach the server through the state: what is seen knows the records alone', () => {
    const seen = files.filter((name) => /^(components|views)/.test(name));
    const direct = seen.flatMap((name) => [...text(name).matchAll(/^\s*import (?!type ).*from '(?:\.\.\/)+api\/[^']+'/gm)].map((match) => `${name}: ${match[0].trim()}`));
    expect(direct).toEqual([]);
  });
  it('name no address outside', () => {
    expect(files.filter((name) => /https?:\/\//.test(text(name)))).toEqual([]);
  });
  it('set no style by attribute, which the content security policy forbids', () => {
    expect(files.filter((name) => /\sstyle="/.test(text(name)))).toEqual([]);
  });
});
