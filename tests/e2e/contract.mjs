// contract.mjs URL NAME PASSWORD - walks through a running server and holds every answer to docs/api/openapi.yaml.
// One line a fault; exit 1 when there is one. Needs the packages of web/ (npm ci).
import { answerFaults, example, findOperation } from '../../web/fake/contract.mjs';

const [url, name, password] = process.argv.slice(2);
const faults = [];
const seen = new Set();
let cookie = '';
let csrf = '';

async function ask(method, address, { body, form, headers = {}, expect = 200 } = {}) {
  const operation = findOperation(method, address.split('?')[0]);
  const label = `${method} ${address}`;
  const answer = await fetch(url + address, {
    method,
    headers: { Cookie: cookie, 'X-CSRF-Token': csrf, ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers },
    body: form ?? (body === undefined ? undefined : JSON.stringify(body)),
  });
  const isJson = /json$/.test((answer.headers.get('content-type') ?? '').split(';')[0]);
  const data = isJson ? await answer.json() : await answer.text();
  if (answer.status !== expect) faults.push(`${label}: status ${answer.status}, expected ${expect}: ${JSON.stringify(data)}`);
  if (isJson) faults.push(...answerFaults(operation, answer.status, data).map((fault) => `${label}: ${fault}`));
  seen.add(operation.operation.operationId);
  const set = answer.headers.get('set-cookie');
  if (set) cookie = set.split(';')[0];
  return data;
}
let keys = 0;
async function job(body) {
  const added = await ask('POST', '/api/v1/jobs', { body, headers: { 'Idempotency-Key': `contract-${++keys}` }, expect: 202 });
  while (added.id) {
    const now = await ask('GET', `/api/v1/jobs/${added.id}`);
    if (['done', 'failed', 'cancelled'].includes(now.state)) return now;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return added; // a problem
}
const factors = { ...example('Factors'), platform: 'taobao', length: 60 };

await ask('GET', '/api/v1/session', { expect: 204 });
csrf = (await ask('POST', '/api/v1/session', { body: { name, password } })).csrf_token;
await ask('GET', '/api/v1/session');
const user = await ask('POST', '/api/v1/users', { body: { name: 'contract-writer', password: 'long enough', role: 'writer' }, expect: 201 });
await ask('PATCH', `/api/v1/users/${user.id}`, { body: example('UserPatch') });
await ask('GET', '/api/v1/users');
const token = await ask('POST', '/api/v1/tokens', { body: example('NewToken'), expect: 201 });
await ask('GET', '/api/v1/tokens');
await ask('GET', '/api/v1/shop');
await ask('PATCH', '/api/v1/shop', { body: { own_approval: true, producer: '91310000XXXXXXXXXX', label: example('Label') } });
await ask('GET', '/api/v1/options');

const form = new FormData();
form.append('file', new Blob(['商品ID,标题,类目,材质,颜色,裙长,备注,价格,文案\nc1,真丝连衣裙,女装>连衣裙,真丝,墨绿色,连衣裙,x,面议,\nc1,重复,a,b,c,d,e,1,\n']), 'shop.csv');
const upload = await ask('POST', '/api/v1/imports', { form, expect: 201 });
await ask('PATCH', `/api/v1/imports/${upload.id}`, { body: { map: { 备注: 'ignored' } } });
await ask('GET', `/api/v1/imports/${upload.id}`);
await ask('GET', `/api/v1/imports/${upload.id}/findings`);
await job({ kind: 'import', import_id: upload.id, licence: 'own goods' });
await ask('GET', '/api/v1/products?q=真丝&limit=1');
await ask('GET', '/api/v1/products/c1');
const plan = await ask('POST', '/api/v1/plans', { body: { product_id: 'c1', factors } });
await ask('GET', `/api/v1/plans/${plan.id}`);
const written = await job({ kind: 'write', plan_id: plan.id, num_return_sequences: 2, seed: 0 });
if (written.state !== 'done') faults.push(`write: ${JSON.stringify(written)}`);
const events = await ask('GET', `/api/v1/jobs/${written.id}/events`);
for (const [, event, data] of events.matchAll(/event: (\w+)\ndata: (.*)\n/g)) {
  const operation = findOperation('GET', event === 'job' ? '/api/v1/jobs/x' : '/api/v1/candidates/x');
  if (event === 'job' || event === 'candidate') faults.push(...answerFaults(operation, 200, JSON.parse(data)).map((fault) => `event ${event}: ${fault}`));
}
await ask('PATCH', `/api/v1/jobs/${written.id}`, { body: { state: 'cancelled' }, expect: 409 });
await ask('GET', '/api/v1/jobs?kind=write&state=done');
await ask('GET', '/api/v1/candidates?q=seed=0');
const ids = written.result?.candidate_ids ?? [];
await ask('GET', `/api/v1/candidates/${ids[0]}`);
await ask('GET', `/api/v1/candidates/${ids[0]}/explanation`);
await ask('GET', `/api/v1/candidates/${ids[0]}/picture`, { expect: 409 });
await ask('POST', '/api/v1/checks', { body: { ...example('CheckRequest'), product_id: 'c1', fix: true } });
const pick = await ask('PUT', '/api/v1/picks/contract-pick', { body: { shown_ids: ids, chosen: [ids[0]], edits: [{ from: ids[0], to: '这款真丝连衣裙选用墨绿色，光泽柔和。' }], ms: 900 } });
await ask('GET', '/api/v1/picks');
await ask('GET', '/api/v1/reviews?state=pending');
await ask('POST', `/api/v1/reviews/${pick.review_ids?.[0]}/decisions`, { body: { decision: 'approve' } });
await ask('GET', '/api/v1/audit');
const exported = await job({ kind: 'export', format: 'jsonl', overwrite: true, dry_run: false });
if (exported.state !== 'done') faults.push(`export: ${JSON.stringify(exported)}`);
const batch = await job({ kind: 'batch', fields: ['description'], factors, num_return_sequences: 1, seed: 0, only_empty: false, dry_run: false, deliver: 'file' });
if (!batch.result?.export_id) faults.push(`batch into a file: ${JSON.stringify(batch)}`);
const exports = await ask('GET', '/api/v1/exports');
await ask('GET', `/api/v1/exports/${exports.items[0]?.id}/file`);
await ask('PUT', '/api/v1/presets/p-1', { body: example('Preset') });
await ask('GET', '/api/v1/presets');
await ask('DELETE', '/api/v1/presets/p-1', { expect: 204 });
await ask('PUT', '/api/v1/boards/b-1', { body: { ...example('Board'), candidate_ids: ids } });
await ask('GET', '/api/v1/boards');
await ask('DELETE', '/api/v1/boards/b-1', { expect: 204 });
await ask('POST', '/api/v1/recalls', { body: { candidate_id: ids[0] } });
await ask('GET', '/api/v1/statistics');
const models = await ask('GET', '/api/v1/models');
await ask('PUT', `/api/v1/models/${models.items[0]?.id}/promotion`);
await ask('DELETE', `/api/v1/models/${models.items[0]?.id}/promotion`, { expect: 409 });
const gate = await job({ kind: 'gate', model_id: models.items[0]?.id });
if (gate.problem?.code !== 'impossible') faults.push(`a gate of the model that serves: ${JSON.stringify(gate)}`);
await ask('GET', '/api/v1/rounds');
const bearer = { Authorization: `Bearer ${token.secret}` };
await ask('POST', '/v1/completions', { body: { prompt: '类型#裙*材质#真丝*颜色#墨绿色', n: 1, seed: 0 }, headers: bearer });
const { picture } = await ask('GET', '/api/v1/options');
const image = { ...example('ImageRequest'), size: `${picture.sides[0]}x${picture.sides[0]}` };
await ask('POST', '/v1/images/generations', { body: image, headers: bearer, expect: picture.available ? 200 : 503 });
await ask('GET', '/healthz');
await ask('GET', '/metrics');
await ask('DELETE', `/api/v1/tokens/${token.id}`, { expect: 204 });
await ask('DELETE', '/api/v1/session', { expect: 204 });

console.log(`${seen.size} operations`);
for (const fault of faults) console.log(fault);
process.exit(faults.length ? 1 : 0);
