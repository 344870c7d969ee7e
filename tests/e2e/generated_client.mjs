// generated_client.mjs URL NAME PASSWORD - generates a client from docs/api/openapi.yaml and goes the way of a shop's own
// program with it: import, write, stream, check, pick. Needs Node.js 22.18 or later and the packages of web/ (npm ci).
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createClient } from '../../web/node_modules/@hey-api/openapi-ts/dist/index.mjs';

const [baseUrl, name, password] = process.argv.slice(2);
const root = join(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'vitrine-client-'));
process.on('exit', () => rmSync(folder, { recursive: true }));
await createClient({
  input: join(root, 'docs/api/openapi.yaml'),
  output: { path: folder, importFileExtension: '.ts' },
  plugins: ['@hey-api/client-fetch', '@hey-api/sdk'],
  logs: { level: 'silent' },
});
const api = await import(pathToFileURL(join(folder, 'index.ts')));
const { client } = await import(pathToFileURL(join(folder, 'client.gen.ts')));
client.setConfig({ baseUrl, throwOnError: true });

/// A program has a token; a person with a password gives it one.
async function sign_in() {
  const { data, response } = await api.signIn({ body: { name, password } });
  const headers = { Cookie: response.headers.get('set-cookie').split(';')[0], 'X-CSRF-Token': data.csrf_token };
  const token = await api.addToken({ body: { name: 'shop program' }, headers });
  client.setConfig({ auth: (scheme) => (scheme.scheme === 'bearer' ? token.data.secret : undefined) });
}

let keys = 0;
async function job(body) {
  let { data } = await api.addJob({ body, headers: { 'Idempotency-Key': `generated-${++keys}` } });
  while (!['done', 'failed', 'cancelled'].includes(data.state)) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    ({ data } = await api.getJob({ path: { id: data.id } }));
  }
  assert.equal(data.state, 'done', JSON.stringify(data));
  return data;
}

assert.equal((await api.getHealth()).response.status, 200);
await sign_in();

const file = new File(['商品ID,标题,类目,材质,颜色,文案\ng1,真丝连衣裙,女装>连衣裙,真丝,墨绿色,\n'], 'shop.csv');
const upload = (await api.addImport({ body: { file } })).data;
await job({ kind: 'import', import_id: upload.id, licence: 'own goods' });
const products = (await api.listProducts({ query: { q: '真丝' } })).data;
assert.equal(products.items[0].product.id, 'g1');

const factors = { field: 'description', style: 'taobao', platform: 'taobao', length: 60, audience: '', keywords: [], pin: ['材质'], order: [], drop: [] };
const plan = (await api.makePlan({ body: { product_id: 'g1', factors } })).data;
const written = await job({ kind: 'write', plan_id: plan.id, num_return_sequences: 2, seed: 0 });
const [id] = written.result.candidate_ids;
const candidate = (await api.getCandidate({ path: { id } })).data;
assert.ok(candidate.text.length > 10);

const events = [];
const { stream } = await api.streamJob({ path: { id: written.id } });
for await (const event of stream) events.push(event);
assert.ok(events.length >= 2, `${events.length} events`);

await api.checkText({ body: { product_id: 'g1', text: candidate.text, platform: 'taobao', field: 'description', style: 'taobao' } });
await api.putPick({ path: { id: 'generated-pick' }, body: { shown_ids: written.result.candidate_ids, chosen: [id], edits: [], ms: 1500 } });
assert.equal((await api.listPicks()).data.items[0].id, 'generated-pick');
await assert.rejects(api.getProduct({ path: { id: 'nothing' } }), (problem) => problem.status === 404);
console.log('the generated client works');
