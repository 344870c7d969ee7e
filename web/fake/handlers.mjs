// handlers.mjs - what the fake server does for each operation of the contract.
import { example } from './contract.mjs';
import { fileOf, png } from './files.mjs';
import { addReview, changeJob, makePlan, moveReview, startJob } from './jobs.mjs';
import { parseCsv, readTable } from './tables.mjs';
import { check, textOf } from './texts.mjs';
import { newId, note, now, pageOf, refuse, sha256 } from './world.mjs';

const kMaxFailures = 5;
const kWindowMs = 15 * 60_000;
const kRanks = ['writer', 'reviewer', 'admin'];

function need(value) {
  return value ?? refuse(404, 'unknown', '没有找到');
}
function needRole(user, role) {
  if (kRanks.indexOf(user.role) < kRanks.indexOf(role)) refuse(403, 'forbidden', '角色不够');
}
function sessionOf(world, user, csrf_token) {
  return { user, shop: world.shop, csrf_token, expires_at: new Date(Date.now() + 12 * 3_600_000).toISOString() };
}
function countBy(items, key) {
  const counts = {};
  for (const item of items) counts[key(item)] = (counts[key(item)] ?? 0) + 1;
  return counts;
}

function signIn({ world, body: { name, password }, setCookie }) {
  const failures = (world.failures.get(name) ?? []).filter((time) => time > Date.now() - kWindowMs);
  if (failures.length >= kMaxFailures) refuse(429, 'too_many_attempts', '试得太多', { reset_at: new Date(failures[0] + kWindowMs).toISOString() });
  const user = world.users.find((one) => one.name === name && one.active);
  if (!user || world.passwords.get(name) !== password) {
    world.failures.set(name, [...failures, Date.now()]);
    refuse(401, 'wrong_password', '账号或密码不对');
  }
  const id = sha256(`${name}${Math.random()}`);
  world.sessions.set(id, { user, csrf: id.slice(0, 16) });
  setCookie(`vitrine_session=${id}; HttpOnly; SameSite=Strict; Path=/`);
  return sessionOf(world, user, id.slice(0, 16));
}
function signOut({ world, sessionId, setCookie }) {
  world.sessions.delete(sessionId);
  setCookie('vitrine_session=; Max-Age=0; Path=/');
}
function addUser({ world, user, body }) {
  needRole(user, 'admin');
  const added = { id: newId(world, 'u'), name: body.name, role: body.role, active: true, created_at: now() };
  world.users.push(added);
  world.passwords.set(body.name, body.password);
  note(world, user, 'user.add', `user:${added.id}`, null, { name: body.name, role: body.role });
  return added;
}
function changeUser({ world, user, values: [id], body: { password, current_password, ...rest } }) {
  const changed = need(world.users.find((one) => one.id === id));
  if (id !== user.id || 'role' in rest || 'active' in rest) needRole(user, 'admin');
  if (password && id === user.id && world.passwords.get(user.name) !== current_password) refuse(403, 'wrong_current_password', '当前密码不对');
  if (password) world.passwords.set(changed.name, password);
  note(world, user, 'user.change', `user:${id}`, { role: changed.role, active: changed.active }, { ...rest, ...(password ? { password: 'changed' } : {}) });
  Object.assign(changed, rest);
  return changed;
}
function addToken({ world, user, body: { name } }) {
  const token = { id: newId(world, 't'), name, created_at: now() };
  note(world, user, 'token.add', `token:${token.id}`, null, { name });
  world.tokens.unshift(token);
  return { ...token, secret: `vt_${sha256(token.id).slice(0, 32)}` };
}
function changeShop({ world, user, body }) {
  needRole(user, 'admin');
  note(world, user, 'shop.change', `shop:${world.shop.id}`, { ...world.shop }, { ...world.shop, ...body });
  return Object.assign(world.shop, body);
}

function previewOf(one) {
  const { columns, products, findings } = readTable(one.file, one.table, one.map);
  const counts = Object.entries(countBy(findings, ({ code, severity }) => `${code} ${severity}`)).map(([name, count]) => ({ code: name.split(' ')[0], severity: name.split(' ')[1], count }));
  const rejected = findings.filter((finding) => finding.severity === 'reject').length;
  Object.assign(one, { products, findings });
  one.record = { id: one.id, file: one.file, size_bytes: one.size, state: 'preview', format: 'table', encoding: 'UTF-8', columns, rows: one.table.length - 1, kept: products.length, rejected, counts, sample: products.slice(0, 5), created_at: one.created_at };
  return one.record;
}
function addImport({ world, contentType, raw }) {
  const { name, data } = fileOf(contentType, raw);
  const table = parseCsv(data.toString().replace(/^\ufeff/, ''));
  if (table.length < 2 || table[0].length < 2) refuse(422, 'unreadable_file', '读不出商品');
  const one = { id: newId(world, 'imp'), file: name, size: data.length, table, map: {}, created_at: now() };
  world.imports.set(one.id, one);
  return previewOf(one);
}
function changeImport({ world, values: [id], body }) {
  const one = need(world.imports.get(id));
  Object.assign(one.map, body.map);
  return previewOf(one);
}

function listProducts({ world, query }) {
  const holds = ({ product }) => !query.q || JSON.stringify([product.id, product.title_raw, product.category_path, product.attributes.map((one) => one.val)]).includes(query.q);
  const found = [...world.entries.values()].filter(holds);
  const shown = query.state ? found.filter((entry) => entry.state === query.state) : found;
  return { ...pageOf(shown, query), total: shown.length, counts: countBy(found, (entry) => entry.state) };
}
function newPlan({ world, body: { product_id, factors } }) {
  return makePlan(world, need(world.entries.get(product_id)).product, factors);
}

function addJob({ world, user, body, key }) {
  if (!key) refuse(400, 'key_missing', '缺少 Idempotency-Key');
  const known = world.keys.get(key);
  if (known && known.body !== JSON.stringify(body)) refuse(409, 'key_reused', '同一个键用在了别的请求上');
  if (known) return known.job;
  if (['round', 'gate'].includes(body.kind)) needRole(user, 'admin');
  if (body.kind === 'write') need(world.plans.get(body.plan_id));
  if (body.kind === 'import') need(world.imports.get(body.import_id));
  const job = startJob(world, user, body);
  world.keys.set(key, { body: JSON.stringify(body), job });
  return job;
}
function listJobs({ world, query }) {
  const jobs = [...world.jobs.values()].map((run) => run.job).reverse();
  return pageOf(jobs.filter((job) => (!query.kind || job.kind === query.kind) && (!query.state || job.state === query.state)), query);
}

function listCandidates({ world, query }) {
  const board = query.board_id ? need(world.boards.get(query.board_id)) : undefined;
  const holds = (one) =>
    (!query.q || JSON.stringify([one.text, world.entries.get(one.product_id)?.product.title_raw, Object.entries(one.params).map((pair) => pair.join('='))]).includes(query.q)) &&
    (!query.kind || one.kind === query.kind) && (!query.job_id || one.job_id === query.job_id) && (!query.product_id || one.product_id === query.product_id) && (!board || board.candidate_ids.includes(one.id));
  return pageOf([...world.candidates.values()].reverse().filter(holds), query);
}
function explainCandidate({ world, values: [id] }) {
  const candidate = need(world.candidates.get(id));
  const plan = world.plans.get(candidate.plan_id);
  const shape = example('Explanation');
  const parts = shape.parts.map((part) => ({ ...part, value: candidate.scores[part.name] ?? part.value }));
  const total = parts.reduce((sum, part) => sum + part.value * part.weight, 0);
  const spanOf = (value) => candidate.claims.find((claim) => claim.value === value)?.span ?? null;
  return { candidate_id: id, parts, total, points: plan.points.map(({ key, value }) => ({ key, value, span: spanOf(value) })), baseline: { ...shape.baseline, text: textOf({ ...plan, style: 'taobao' }, 1, 0) } };
}
function getPicture({ world, values: [id], query, answer }) {
  const share = need(world.pictures.get(id));
  answer('image/png', png(Number(query.side ?? 256) >> 1, Number(id.replace(/\D/g, '')) % 97, share));
}

function putPick({ world, user, values: [id], body }) {
  const former = world.picks.get(id);
  const chosen = body.chosen === 'none' ? [] : body.chosen.map((one) => need(world.candidates.get(one)));
  const shown = body.shown_ids.map((one) => need(world.candidates.get(one)));
  if (former?.review_ids.some((one) => world.reviews.get(one).state !== 'pending')) refuse(409, 'review_closed', '已经审核');
  const review_ids = chosen.map((candidate) => addReview(world, user, candidate, candidate.kind === 'copy' ? (body.edits.find((edit) => edit.from === candidate.id)?.to ?? candidate.text) : undefined, id));
  const pick = { id, product_id: shown[0].product_id, ...body, user: user.name, time: now(), review_ids };
  world.picks.set(id, pick);
  note(world, user, 'pick.put', `pick:${id}`, former ? { chosen: former.chosen } : null, { chosen: body.chosen });
  return pick;
}

function listReviews({ world, query }) {
  const all = [...world.reviews.values()];
  const shown = all.filter((review) => (!query.state || review.state === query.state) && (!query.product_id || review.product_id === query.product_id));
  return { ...pageOf(shown, query), counts: countBy(all, (review) => review.state) };
}
/** Whoever chose the text, or has edited it. */
function isAuthor(world, review, user) {
  return review.author === user.name || world.audit.some((entry) => entry.subject === `review:${review.id}` && entry.action === 'review.edit' && entry.user === user.name);
}
function decideReview({ world, user, values: [id], body }) {
  needRole(user, 'reviewer');
  const review = need(world.reviews.get(id));
  if (body.text_sha256 && body.text_sha256 !== review.text_sha256) refuse(409, 'review_changed', '已被修改');
  if (body.decision === 'approve' && review.check?.verdict === 'block') refuse(409, 'check_blocked', '有不能发布的问题');
  if (review.state !== 'pending' && !(body.decision === 'reject' && review.state === 'approved')) refuse(409, 'review_not_pending', '它不在可以这样处理的状态');
  if (body.decision === 'approve' && isAuthor(world, review, user) && !world.shop.own_approval) refuse(403, 'own_work', '不能通过自己的');
  if (body.decision === 'edit') return editReview(world, user, review, body.text);
  if (body.reason) review.reason = body.reason;
  moveReview(world, user, review, body.decision === 'approve' ? 'approved' : 'rejected', `review.${body.decision}`);
  return review;
}
function editReview(world, user, review, text) {
  note(world, user, 'review.edit', `review:${review.id}`, { text: review.text }, { text });
  return Object.assign(review, { text, text_sha256: sha256(text), check: check(text, world.entries.get(review.product_id).product, review, review.id), updated_at: now() });
}

function recall({ world, body, contentType }) {
  const candidate = contentType.startsWith('multipart') ? [...world.candidates.values()].at(-1) : world.candidates.get(body.candidate_id);
  const { request } = world.jobs.get(need(candidate).job_id).job;
  const plan = world.plans.get(candidate.plan_id);
  const factors = plan ? { field: plan.field, style: plan.style, platform: plan.platform, length: plan.length, audience: plan.audience ?? '', keywords: plan.keywords, pin: [], order: [], drop: [] } : null;
  return { source: 'vitrine', request, product_id: candidate.product_id, factors, missing: [] };
}

function promote({ world, user, values: [id] }) {
  needRole(user, 'admin');
  const model = need(world.models.find((one) => one.id === id));
  const serving = world.models.find((one) => one.state === 'serving');
  if (!model.gate?.passed || model.gate.against !== serving?.id) refuse(409, 'gate_not_passed', '没有通过检查');
  for (const one of world.models) if (one.state === 'serving') one.state = 'former';
  model.state = 'serving';
  note(world, user, 'model.promote', `model:${id}`, null, { state: 'serving' });
  return model;
}
function rollBack({ world, user, values: [id] }) {
  needRole(user, 'admin');
  const model = need(world.models.find((one) => one.id === id));
  const former = world.models.find((one) => one.state === 'former');
  [model.state, former.state] = ['candidate', 'serving'];
  note(world, user, 'model.rollback', `model:${id}`, { state: 'serving' }, { state: 'candidate' });
  return former;
}

const items = (list) => ({ items: [...list] });
function stored(name) {
  return {
    list: ({ world }) => items(world[name].values()),
    put: ({ world, values: [id], body }) => (world[name].set(id, body), body),
    remove: ({ world, values: [id] }) => void world[name].delete(id),
  };
}
const presets = stored('presets');
const boards = stored('boards');

/** By operationId. Without a return value the answer is 204, but for those that answer themselves. */
export const handlers = {
  getSession: ({ world, user, csrf }) => user && sessionOf(world, user, csrf),
  signIn,
  signOut,
  listUsers: ({ world, user }) => (needRole(user, 'admin'), items(world.users)),
  addUser,
  changeUser,
  listTokens: ({ world }) => items(world.tokens),
  addToken,
  removeToken: ({ world, values: [id] }) => void (world.tokens = world.tokens.filter((token) => token.id !== id)),
  getShop: ({ world }) => world.shop,
  changeShop,
  getOptions: () => example('Options'),
  addImport,
  getImport: ({ world, values: [id] }) => need(world.imports.get(id)).record,
  changeImport,
  listFindings: ({ world, values: [id], query }) => pageOf(need(world.imports.get(id)).findings, query),
  listProducts,
  getProduct: ({ world, values: [id] }) => need(world.entries.get(id)),
  makePlan: newPlan,
  getPlan: ({ world, values: [id] }) => need(world.plans.get(id)),
  addJob,
  listJobs,
  getJob: ({ world, values: [id] }) => need(world.jobs.get(id)).job,
  changeJob: ({ world, values: [id], body }) => changeJob(world, need(world.jobs.get(id)), body),
  listCandidates,
  getCandidate: ({ world, values: [id] }) => need(world.candidates.get(id)),
  explainCandidate,
  getPicture,
  checkText: ({ world, body }) => check(body.text, need(world.entries.get(body.product_id)).product, body),
  listPicks: ({ world, query }) => pageOf([...world.picks.values()], query),
  putPick,
  listReviews,
  decideReview,
  listAudit: ({ world, user, query }) => (needRole(user, 'reviewer'), pageOf(world.audit.filter((entry) => !query.subject || entry.subject === query.subject), query)),
  listExports: ({ world }) => items([...world.exports.values()].map((one) => one.record).reverse()),
  getExportFile: ({ world, values: [id], answer }) => answer('application/zip', need(world.exports.get(id)).bytes),
  listPresets: presets.list,
  putPreset: presets.put,
  removePreset: presets.remove,
  listBoards: boards.list,
  putBoard: boards.put,
  removeBoard: boards.remove,
  recall,
  getStatistics: ({ user }) => (needRole(user, 'reviewer'), example('Statistics')),
  listModels: ({ world }) => items(world.models),
  promoteModel: promote,
  rollBackModel: rollBack,
  listRounds: ({ world }) => items(world.rounds),
  getHealth: () => example('Health'),
};
