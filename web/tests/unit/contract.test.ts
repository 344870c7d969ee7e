import { readdirSync, readFileSync } from 'node:fs';
import { Validator } from '@seriousme/openapi-schema-validator';
import openapiTS, { astToString } from 'openapi-typescript';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { zh } from '../../src/words/zh';
import { contract, contractPath, example, exampleName, examplesPath, schemaFaults } from '../../fake/contract.mjs';

type Schema = { type?: string | string[]; oneOf?: unknown[] };
const schemas = contract.components.schemas as Record<string, Schema>;
const recordNames = Object.keys(schemas).filter((name) => schemas[name]!.type === 'object' || schemas[name]!.oneOf);
const generatedPath = new URL('../../src/api/schema.d.ts', import.meta.url);

describe('the contract', () => {
  it('is a valid OpenAPI document', async () => {
    expect(await new Validator().validate(contractPath)).toEqual({ valid: true });
  });

  it('has one example for each record, and no other', () => {
    expect(readdirSync(examplesPath).sort()).toEqual(recordNames.map(exampleName).sort());
  });

  it.each(recordNames)('%s: its example is one', (name) => {
    expect(schemaFaults(name, example(name))).toEqual([]);
  });

  it('refuses fields that requests do not have', () => {
    expect(schemaFaults('Factors', { ...example('Factors'), lenght: 1 })).toHaveLength(1);
  });

  it('has spans that name what stands in the text', () => {
    const { text, hits, claims } = example('Candidate');
    const at = ([begin, end]: [number, number]) => [...text].slice(begin, end).join('');
    for (const hit of hits) expect(at(hit.span)).toBe(hit.term);
    for (const claim of claims) expect(at(claim.span)).toBe(claim.value);
  });
});

describe('codes with which drawing fails', () => {
  const rootFile = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');
  const codes = [...rootFile('src/serve/picture_process.h').matchAll(/"(picture_worker_\w+)"/g)].map((match) => match[1]!);
  it.each([...codes, 'out_of_memory'])('%s stands in docs/serving.md and has a word on the page', (code) => {
    expect(rootFile('docs/serving.md')).toContain(`| \`${code}\` |`);
    expect(Object.keys(zh)).toContain(`error.${code}`);
  });
  it('are read from the source', () => {
    expect(codes).toContain('picture_worker_killed');
  });
});

describe('the page’s types', () => {
  it('are made from the contract as it stands', async () => {
    const generated = astToString(await openapiTS(new URL(`file://${contractPath}`), { alphabetize: true, defaultNonNullable: false }));
    expect(readFileSync(generatedPath, 'utf8')).toContain(generated.trim());
  }, 30_000);

  it('take every example', () => {
    const lines = recordNames.map((name, i) => `export const x${i}: components['schemas']['${name}'] = ${JSON.stringify(example(name))};`);
    const source = `import type { components } from './schema';\n${lines.join('\n')}\n`;
    expect(typeFaults(source)).toEqual([]);
  }, 60_000);

  it('do not take a record that lacks a field', () => {
    const { verdict: _, ...rest } = example('CheckReport');
    const source = `import type { components } from './schema';\nexport const x: components['schemas']['CheckReport'] = ${JSON.stringify(rest)};\n`;
    expect(typeFaults(source).join()).toContain('verdict');
  }, 60_000);
});

/** What the compiler says of a source that lies beside schema.d.ts. */
function typeFaults(source: string): string[] {
  const path = new URL('examples.ts', generatedPath).pathname;
  const options: ts.CompilerOptions = { strict: true, noEmit: true, skipLibCheck: true, types: [], target: ts.ScriptTarget.ES2022, moduleResolution: ts.ModuleResolutionKind.Bundler, module: ts.ModuleKind.ESNext };
  const host = ts.createCompilerHost(options);
  const { readFile, fileExists } = host;
  host.readFile = (file) => (file === path ? source : readFile(file));
  host.fileExists = (file) => file === path || fileExists(file);
  const getSourceFile = host.getSourceFile;
  host.getSourceFile = (file, version) => (file === path ? ts.createSourceFile(file, source, version) : getSourceFile(file, version));
  const program = ts.createProgram([path], options, host);
  return ts.getPreEmitDiagnostics(program).map((d) => ts.flattenDiagnosticMessageText(d.messageText, '\n'));
}
