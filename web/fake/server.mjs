// server.mjs - a server in memory that keeps docs/api/openapi.yaml: requests and its own answers are held to the contract.
//   node fake/server.mjs    serves dist/ (or the folder VITRINE_PAGE) at http://127.0.0.1:8791, accounts as in world.mjs
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { answerFaults, findOperation, requestFaults } from './contract.mjs';
import { handlers } from './handlers.mjs';
import { follow } from './jobs.mjs';
import { makeWorld, refuse, Refusal } from './world.mjs';

const kPort = 8791;
const dist = process.env['VITRINE_PAGE'] ?? fileURLToPath(new URL('../dist', import.meta.url));
const kTypes = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };
const kPageHeaders = { 'Content-Security-Policy': "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'", 'X-Content-Type-Options': 'nosniff', 'Referrer-Policy': 'no-referrer' };
const kOpen = ['getSession', 'signIn', 'getHealth'];

async function bodyOf(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts);
}
async function servePage(path, response) {
  const name = path === '/' ? '/index.html' : path;
  const data = await readFile(dist + name).catch(() => null);
  response.writeHead(data ? 200 : 404, { ...kPageHeaders, 'Content-Type': kTypes[extname(name)] ?? 'text/plain' }).end(data ?? 'not found');
}
function sessionIn(world, request) {
  const id = /vitrine_session=(\w+)/.exec(request.headers.cookie ?? '')?.[1];
  const session = world.sessions.get(id);
  return session ? { sessionId: id, user: session.user, csrf: session.csrf } : {};
}
function parseJson(raw) {
  try {
    return JSON.parse(raw);
  } catch {
    return refuse(400, 'bad_json', '不是 JSON');
  }
}
function admit(operation, request, session) {
  if (kOpen.includes(operation.operation.operationId)) return;
  if (!session.user) refuse(401, 'not_signed_in', '没有登录');
  if (request.method !== 'GET' && request.headers['x-csrf-token'] !== session.csrf) refuse(403, 'csrf', '缺少令牌');
}
function openStream(world, id, request, response) {
  const run = world.jobs.get(id) ?? refuse(404, 'unknown', '没有这个任务');
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
  const stop = follow(world, run, request.headers['last-event-id'], (entry) => response.write(`id: ${entry.id}\nevent: ${entry.event}\ndata: ${entry.data}\n\n`));
  response.on('close', stop);
}
function sendJson(operation, response, body) {
  const status = body === undefined ? 204 : Number(Object.keys(operation.operation.responses)[0]);
  const faults = status === 204 ? [] : answerFaults(operation, status, body);
  if (faults.length) throw new Error(`${operation.operation.operationId} answers against the contract: ${faults.join('; ')}`);
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(status === 204 ? undefined : JSON.stringify(body));
}

async function serveApi(world, request, response, url) {
  const operation = findOperation(request.method, url.pathname) ?? refuse(404, 'unknown', '没有这个地址');
  const raw = await bodyOf(request);
  const contentType = request.headers['content-type'] ?? '';
  const body = contentType.startsWith('application/json') ? parseJson(raw) : undefined;
  const session = sessionIn(world, request);
  admit(operation, request, session);
  const faults = contentType.startsWith('multipart') ? [] : requestFaults(operation, body);
  if (faults.length) refuse(400, 'bad_request', '请求不合约定', { detail: faults.join('; ') });
  if (operation.operation.operationId === 'streamJob') return openStream(world, operation.values[0], request, response);
  let answered = false;
  const answer = (type, data) => (response.writeHead(200, { 'Content-Type': type, 'Cache-Control': 'no-store' }).end(data), (answered = true));
  const context = { world, ...session, values: operation.values, query: Object.fromEntries(url.searchParams), body, raw, contentType, key: request.headers['idempotency-key'], setCookie: (cookie) => response.setHeader('Set-Cookie', cookie), answer };
  const handler = handlers[operation.operation.operationId] ?? refuse(501, 'not_faked', '假服务器没有这一项');
  const result = handler(context);
  if (!answered) sendJson(operation, response, result);
}
function sendRefusal(response, error) {
  const problem = error instanceof Refusal ? error.problem : { type: '/problems/internal', title: String(error), status: 500, code: 'internal', request_id: 'req-fake' };
  if (!(error instanceof Refusal)) console.error(error);
  response.writeHead(problem.status, { 'Content-Type': 'application/problem+json' }).end(JSON.stringify(problem));
}

/** Resolves when it listens. port 0 = any free one. */
export function startFake({ port = kPort, delayMs = 60 } = {}) {
  const world = makeWorld({ delayMs });
  const server = createServer((request, response) => {
    const url = new URL(request.url, 'http://localhost');
    const isApi = /^\/(api|v1|healthz|metrics)/.test(url.pathname);
    const served = isApi ? serveApi(world, request, response, url) : servePage(url.pathname, response);
    served.catch((error) => sendRefusal(response, error));
  });
  return new Promise((resolve) => server.listen(port, '127.0.0.1', () => resolve({ server, world, url: `http://127.0.0.1:${server.address().port}` })));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { url } = await startFake();
  console.log(`${url}  (writer, reviewer, admin; password: <name>-password)`);
}
