import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { contract } from '../../fake/contract.mjs';
import { en } from '../../src/words/en';
import { zh } from '../../src/words/zh';

const source = fileURLToPath(new URL('../../src', import.meta.url));
const files = (readdirSync(source, { recursive: true }) as string[]).filter((name) => /\.(ts|svelte)$/.test(name) && !name.startsWith('words'));
const code = files.map((name) => readFileSync(join(source, name), 'utf8')).join('\n');
const placeholders = (text: string) => [...text.matchAll(/\{\w+\}/g)].map((match) => match[0]).sort();

describe('the dictionaries', () => {
  it('have the same words', () => {
    expect(Object.keys(en)).toEqual(Object.keys(zh));
  });
  it('take the same values in both languages, and leave no word empty', () => {
    const words = Object.keys(zh) as (keyof typeof zh)[];
    expect(words.filter((word) => !zh[word] || !en[word] || placeholders(en[word]).join() !== placeholders(zh[word]).join())).toEqual([]);
  });
  it('have no Chinese left in English but names of switches', () => {
    const chinese = Object.entries(en).filter(([word, text]) => /\p{Script=Han}/u.test(text) && word !== 'settings.language');
    expect(chinese).toEqual([]);
  });
  it('hold no word that nobody uses', () => {
    const groups = [...code.matchAll(/(?:t\(|word: )`([a-zA-Z.]+)\.\$\{/g)].map((match) => `${match[1]}.`);
    const named = [...code.matchAll(/nameOf\('(\w+)'/g)].map((match) => `${match[1]}.`);
    const loose = ['error.', ...groups, ...named, 'style.', 'platform.', 'audience.', 'field.'];
    const unused = Object.keys(zh).filter((word) => !code.includes(`'${word}'`) && !loose.some((group) => word.startsWith(group)));
    expect(unused).toEqual([]);
  });
  it('have a word for each name that the contract lists', () => {
    const schemas = contract.components.schemas;
    const groups = { verdict: 'Verdict', state: 'CopyState', job: 'JobState', role: 'Role', target: 'ImportTarget', severity: 'Severity', style: 'StyleName', review: 'ReviewState', model: 'ModelKind' };
    const missing = Object.entries(groups).flatMap(([group, schema]) => schemas[schema].enum.map((name: string) => `${group}.${name}`)).filter((word) => !(word in zh));
    const platforms = schemas.Platform.enum.filter((name: string) => name && !(`platform.${name}` in zh));
    expect([...missing, ...platforms]).toEqual([]);
  });
});

describe('the page', () => {
  it('says nothing in Chinese that the dictionary does not hold', () => {
    const spoken = files.filter((name) => name.endsWith('.svelte')).flatMap((name) => {
      const markup = readFileSync(join(source, name), 'utf8').replace(/<script[\s\S]*?<\/script>|<style[\s\S]*?<\/style>/g, '');
      return [...markup.matchAll(/\p{Script=Han}+/gu)].map((match) => `${name}: ${match[0]}`);
    });
    expect(spoken.filter((one) => !one.includes('LookSwitches'))).toEqual([]);
  });
});
