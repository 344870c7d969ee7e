// contract.mjs - docs/api/openapi.yaml as validators: of schemas, of requests and of answers.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import Ajv from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { parse } from 'yaml';

export const contractPath = fileURLToPath(new URL('../../docs/api/openapi.yaml', import.meta.url));
export const examplesPath = fileURLToPath(new URL('../../docs/api/examples/', import.meta.url));

export const contract = parse(readFileSync(contractPath, 'utf8'));

/** candidate.json holds the example of schema Candidate. */
export function exampleName(schemaName) {
  return schemaName.replace(/([a-z0-9])([A-Z])/g, '$1-$2').toLowerCase() + '.json';
}
export function example(schemaName) {
  return JSON.parse(readFileSync(examplesPath + exampleName(schemaName), 'utf8'));
}

const ajv = new Ajv({ strict: false, allErrors: true });
addFormats(ajv);
ajv.addSchema({ $id: 'contract', components: contract.components });

const compiled = new Map();
function compile(key, schema) {
  if (!compiled.has(key)) compiled.set(key, ajv.compile(rebased(schema)));
  return compiled.get(key);
}
/** The schema with its references into the contract. */
function rebased(schema) {
  return JSON.parse(JSON.stringify(schema).replaceAll('"#/components/', '"contract#/components/'));
}
function faultsOf(key, schema, value) {
  const validate = compile(key, schema);
  return validate(value) ? [] : validate.errors.map((e) => `${e.instancePath || '/'} ${e.message} ${JSON.stringify(e.params)}`);
}

/** What is wrong with a value of a schema; [] = nothing. */
export function schemaFaults(schemaName, value) {
  return faultsOf(schemaName, { $ref: `#/components/schemas/${schemaName}` }, value);
}

const operations = Object.entries(contract.paths).flatMap(([path, item]) =>
  ['get', 'post', 'put', 'patch', 'delete']
    .filter((method) => item[method])
    .map((method) => ({
      method: method.toUpperCase(),
      path,
      pattern: new RegExp(`^${path.replace(/\{\w+\}/g, '([^/]+)')}$`),
      operation: item[method],
    })),
);
/** The operation that a request means, with the values in its path; undefined = none. */
export function findOperation(method, path) {
  for (const one of operations) {
    const match = one.method === method && one.pattern.exec(path);
    if (match) return { ...one, values: match.slice(1).map(decodeURIComponent) };
  }
  return undefined;
}

export function requestFaults({ operation }, body) {
  const schema = operation.requestBody?.content['application/json']?.schema;
  return schema ? faultsOf(`${operation.operationId} request`, schema, body) : [];
}
export function answerFaults({ operation }, status, body) {
  const answer = operation.responses[status] ?? operation.responses.default;
  const content = answer.$ref ? contract.components.responses[answer.$ref.split('/').pop()].content : answer.content;
  const schema = content && Object.values(content)[0].schema;
  return schema ? faultsOf(`${operation.operationId} ${status}`, schema, body) : [];
}
