// jobs.mjs - jobs of the fake server: each runs by itself and tells its followers.
import { check, textOf } from './texts.mjs';
import { zip } from './files.mjs';
import { example } from './contract.mjs';
import { newId, note, now, refuse, setCopyState, sha256 } from './world.mjs';

const kEnded = ['done', 'failed', 'cancelled'];
const kDrawSteps = 5;

export function startJob(world, user, request) {
  const id = newId(world, 'job');
  const job = { id, kind: request.kind, state: 'queued', request, done: 0, total: null, eta_seconds: null, position: 0, priority: request.priority ?? 'normal', user: user.name, created_at: now() };
  const run = { job, log: [], followers: new Set(), user };
  world.jobs.set(id, run);
  setTimeout(() => void runJob(world, run), world.delayMs);
  return job;
}
export function changeJob(world, run, { state, priority }) {
  const { job } = run;
  if (priority) job.priority = priority;
  if (state && job.state === 'done') refuse(409, 'job_ended', '任务已经完成');
  if (state === 'cancelled') end(run, 'cancelled');
  if (state === 'queued' && kEnded.includes(job.state)) {
    Object.assign(job, { state: 'queued', ended_at: undefined });
    setTimeout(() => void runJob(world, run), world.delayMs);
  }
  return job;
}

async function runJob(world, run) {
  Object.assign(run.job, { state: 'running', started_at: now() });
  tell(run, 'job', run.job);
  const result = await kKinds[run.job.kind](world, run);
  if (run.job.state !== 'running') return;
  run.job.result = result;
  end(run, 'done');
}
function fail(run, code, title, detail) {
  run.job.problem = { type: `/problems/${code}`, title, status: 422, code, detail, request_id: run.job.id };
  end(run, 'failed');
}
function end(run, state) {
  Object.assign(run.job, { state, ended_at: now(), eta_seconds: 0 });
  tell(run, 'job', run.job);
}
function tell(run, event, data) {
  const entry = { id: run.log.length + 1, event, data: JSON.stringify(data) };
  run.log.push(entry);
  for (const follower of run.followers) follower(entry);
}
function step(world, run, done, total) {
  Object.assign(run.job, { done, total, eta_seconds: ((total - done) * world.delayMs) / 1000 });
  tell(run, 'job', run.job);
}
const pause = (world) => new Promise((resolve) => setTimeout(resolve, world.delayMs));
const isRunning = (run) => run.job.state === 'running';

/** Calls back with each event: from where the client was, or what is true now and what follows. */
export function follow(world, run, lastEventId, follower) {
  const finished = [...world.candidates.values()].filter((candidate) => candidate.job_id === run.job.id);
  const begin = lastEventId
    ? run.log.slice(Number(lastEventId))
    : [...(kEnded.includes(run.job.state) ? [] : [{ event: 'job', data: run.job }]), ...finished.map((data) => ({ event: 'candidate', data })), ...(kEnded.includes(run.job.state) ? [{ event: 'job', data: run.job }] : [])].map((one) => ({ id: run.log.length, event: one.event, data: JSON.stringify(one.data) }));
  begin.forEach(follower);
  run.followers.add(follower);
  return () => run.followers.delete(follower);
}

function writtenCandidate(world, run, plan, index, seed) {
  const entry = world.entries.get(plan.product_id);
  const text = textOf(plan, index, seed);
  const { verdict, hits, claims, lengths } = check(text, entry.product, plan);
  const coverage = plan.points.filter((point) => text.includes(point.value)).length / plan.points.length;
  const model = world.models.find((one) => one.state === 'serving');
  return {
    id: `c-${run.job.id.slice(4)}-${index}`, kind: 'copy', product_id: plan.product_id, job_id: run.job.id, plan_id: plan.id, index, text, tokens: [...text].length, logprob: -1.3 * [...text].length,
    scores: { coverage, agreement: 0.2 + 0.01 * index, ranker: 1.5 - 0.3 * hits.length + 0.1 * ((index * 7) % 5) }, origin: 'model', groups_in_order: true, verdict, hits, claims, lengths,
    model_sha256: model.sha256, seed, round: model.round, params: { model: model.name, num_return_sequences: run.job.request.num_return_sequences, seed, style: plan.style, platform: plan.platform, length: plan.length, field: plan.field }, created_at: now(),
  };
}
/** Nothing says what kind of thing it is: no text passes the checks. */
const noKind = (n) => `所有候选文案都未通过检查：没有说出商品类型 ${n}`;
const isNameless = ({ product }) => product.category_path.filter(Boolean).length === 0;
async function write(world, run) {
  const { plan_id, num_return_sequences: n, seed } = run.job.request;
  const plan = world.plans.get(plan_id);
  if (isNameless(world.entries.get(plan.product_id))) return fail(run, 'no_candidate', '写出的候选都没有通过检查', noKind(n));
  const made = Array.from({ length: n }, (_, index) => writtenCandidate(world, run, plan, index, seed));
  step(world, run, 0, n);
  const longest = Math.max(...made.map((candidate) => [...candidate.text].length));
  for (let length = 8; length < longest; length += 14) {
    for (const { id, index, text } of made) tell(run, 'token', { candidate_id: id, index, text: [...text].slice(0, length).join('') });
    await pause(world);
    if (!isRunning(run)) return undefined;
  }
  for (const candidate of made) {
    world.candidates.set(candidate.id, candidate);
    tell(run, 'candidate', candidate);
    step(world, run, candidate.index + 1, n);
  }
  if (world.entries.get(plan.product_id).state === 'empty') setCopyState(world, plan.product_id, 'written');
  const candidate_ids = made.toSorted((a, b) => b.scores.ranker - a.scores.ranker).map((candidate) => candidate.id);
  return { candidate_ids, dropped: 0, saved: 0 };
}

function drawnCandidate(run, index) {
  const { product_id, seed, width, height } = run.job.request;
  return {
    id: `c-${run.job.id.slice(4)}-${index}`, kind: 'image', product_id, job_id: run.job.id, index, scores: { clip: 27.1 - index }, width, height, use: width < 512 ? 'thumbnail' : 'concept', defects: index === 3 ? ['indistinct'] : [],
    model_sha256: sha256('unet'), seed, round: 0, params: { ...run.job.request, num_inference_steps: 20, guidance_scale: 7.5 }, created_at: now(),
  };
}
async function draw(world, run) {
  const { num_images_per_prompt: n, width, height } = run.job.request;
  const made = Array.from({ length: n }, (_, index) => drawnCandidate(run, index));
  for (let at = 1; at <= kDrawSteps; ++at) {
    for (const { id, index } of made) {
      world.pictures.set(id, at / kDrawSteps);
      tell(run, 'preview', { candidate_id: id, index, step: at, steps: kDrawSteps, width, height });
    }
    step(world, run, at, kDrawSteps);
    await pause(world);
    if (!isRunning(run)) return undefined;
  }
  for (const candidate of made) {
    world.candidates.set(candidate.id, candidate);
    tell(run, 'candidate', candidate);
  }
  return { candidate_ids: made.map((candidate) => candidate.id) };
}

function takeImport(world, run) {
  const one = world.imports.get(run.job.request.import_id);
  for (const product of one.products) world.entries.set(product.id, { product, state: 'empty', updated_at: now() });
  one.record.state = 'imported';
  note(world, run.user, 'import.accept', `import:${one.record.id}`, null, { products: one.products.length });
  step(world, run, one.products.length, one.products.length);
  return { products: one.products.length, rejected: one.record.rejected };
}

function toWrite(world, { only_empty }) {
  return [...world.entries.values()].filter((entry) => !only_empty || entry.state === 'empty' || entry.state === 'written');
}
async function batch(world, run) {
  const { request } = run.job;
  const waiting = toWrite(world, request);
  if (request.dry_run) {
    const texts_to_write = waiting.length * request.fields.length;
    return { estimate: { ...example('Estimate'), rows: world.entries.size, rows_rejected: 0, texts_to_write, seconds: texts_to_write * 2.2, tokens: texts_to_write * 515, cost: (texts_to_write * 2.2 * world.shop.price_per_hour) / 3600 } };
  }
  const before = run.job.done;
  const without_text = [];
  for (const [i, entry] of waiting.entries()) {
    step(world, run, before + i, before + waiting.length);
    await pause(world);
    if (!isRunning(run)) return undefined;
    if (isNameless(entry)) without_text.push({ product_id: entry.product.id, title: entry.product.title_raw, field: request.fields[0], reason: noKind(request.num_return_sequences) });
    else writeOne(world, run, entry, request);
  }
  step(world, run, before + waiting.length, before + waiting.length);
  return { rejected: without_text.length, without_text };
}
function writeOne(world, run, entry, request) {
  const plan = makePlan(world, entry.product, request.factors);
  const candidate = { ...writtenCandidate(world, run, plan, 0, request.seed), id: newId(world, 'c') };
  world.candidates.set(candidate.id, candidate);
  addReview(world, run.user, candidate, candidate.text, newId(world, 'pick'));
}

function exportFiles(world, run) {
  const { review_ids, format, dry_run } = run.job.request;
  if (world.shop.producer === null) refuse(422, 'LBL_NO_PRODUCER', '没有服务提供者');
  const reviews = [...world.reviews.values()].filter((review) => review.state === 'approved' && (!review_ids || review_ids.includes(review.id)));
  const { wording, place } = world.shop.label;
  const rows = reviews.filter((review) => review.text).map((review) => ({ id: review.product_id, text: place === 'start' ? wording + review.text : review.text + wording }));
  const manifest = rows.map((row) => JSON.stringify({ id: row.id, status: dry_run ? 'would_write' : 'written' })).join('\n');
  const body = format === 'jsonl' ? rows.map((row) => JSON.stringify(row)).join('\n') : ['商品ID,文案', ...rows.map((row) => `${row.id},"${row.text}"`)].join('\n');
  const bytes = zip(dry_run ? { 'copy.manifest.jsonl': manifest } : { [`copy.${format === 'jsonl' ? 'jsonl' : 'csv'}`]: body, 'copy.manifest.jsonl': manifest });
  const record = { id: newId(world, 'e'), file: `copy-${now().slice(0, 10)}.zip`, size_bytes: bytes.length, counts: { [dry_run ? 'would_write' : 'written']: reviews.length }, verified: 'pass', dry_run, user: run.user.name, created_at: now() };
  world.exports.set(record.id, { record, bytes });
  if (!dry_run) for (const review of reviews) moveReview(world, run.user, review, 'exported', 'review.export');
  return { export_id: record.id };
}

async function round(world, run) {
  for (let at = 0; at < 4; ++at) {
    step(world, run, at, 4);
    await pause(world);
  }
  const number = world.rounds.length ? world.rounds[0].number + 1 : 1;
  const model = { ...example('Model'), id: `m-${number}`, name: `copy-round-${number}`, round: number, sha256: sha256(`m${number}`), created_at: now() };
  world.models.unshift(model);
  world.rounds.unshift({ ...example('Round'), id: `round-${number}`, number, job_id: run.job.id, objective: run.job.request.objective, picks: world.picks.size, model_id: model.id, started_at: run.job.started_at, ended_at: now() });
  const next = startJob(world, run.user, { kind: 'gate', model_id: model.id });
  return { model_id: model.id, gate_job_id: next.id };
}
async function gate(world, run) {
  await pause(world);
  const model = world.models.find((one) => one.id === run.job.request.model_id);
  model.gate = { ...example('Gate'), against: world.models.find((one) => one.state === 'serving').id };
  return { model_id: model.id, passed: model.gate.passed };
}

const kKinds = { import: takeImport, write, draw, batch, export: exportFiles, round, gate };

/** Points by their place in the record, wishes first. */
export function makePlan(world, product, factors) {
  const nameOf = (attribute) => `${attribute.key}#${attribute.val}`;
  const subject = product.attributes.find((attribute) => attribute.key === '裙长') ?? product.attributes.find((attribute) => attribute.key === '类型');
  const others = product.attributes.filter((attribute) => attribute !== subject && attribute.key !== '类型' && !factors.drop.includes(nameOf(attribute)));
  const rank = (attribute) => {
    const place = factors.order.findIndex((wish) => wish === nameOf(attribute) || wish === attribute.key);
    return place < 0 ? factors.order.length : place;
  };
  const ordered = others.toSorted((a, b) => rank(a) - rank(b));
  const point = (attribute, order) => ({ attr_ids: [attribute.id], key: attribute.key, value: attribute.val, score_idf: 1 + ((attribute.val.codePointAt(0) % 30) / 10), score_engage: 0, pinned: factors.pin.includes(nameOf(attribute)), order });
  const first = { attr_ids: subject ? [subject.id] : [], key: '类型', value: subject?.val ?? product.category_path.at(-1) ?? product.title_raw, score_idf: 0, score_engage: 0, pinned: false, order: 0 };
  const points = [first, ...ordered.map((attribute, i) => point(attribute, i + 1))];
  const { style, platform, length, audience, keywords, field } = factors;
  const dropped = product.attributes.filter((attribute) => factors.drop.includes(nameOf(attribute))).map((attribute) => ({ attribute_id: attribute.id, category: first.value, key: attribute.key, val: attribute.val, tf_idf: null }));
  const plan = { id: `plan-${sha256(JSON.stringify([product.id, factors])).slice(0, 8)}`, product_id: product.id, category: first.value, points, groups: [points.map((_, i) => i)], style, platform, length, audience, keywords, field, dropped };
  world.plans.set(plan.id, plan);
  return plan;
}

export function addReview(world, user, candidate, text, pickId) {
  const entry = world.entries.get(candidate.product_id);
  const former = [...world.reviews.values()].find((review) => review.pick_id === pickId);
  const id = former?.id ?? newId(world, 'r');
  const plan = world.plans.get(candidate.plan_id);
  const ofCopy = text === undefined ? {} : { field: plan.field, platform: plan.platform, style: plan.style, text, text_sha256: sha256(text), check: check(text, entry.product, plan, id) };
  world.reviews.set(id, { id, kind: candidate.kind, product_id: candidate.product_id, product_title: entry.product.title_raw, pick_id: pickId, candidate_id: candidate.id, ...ofCopy, state: 'pending', author: user.name, created_at: former?.created_at ?? now(), updated_at: now() });
  if (text !== undefined) setCopyState(world, candidate.product_id, 'pending', text);
  return id;
}
export function moveReview(world, user, review, state, action) {
  note(world, user, action, `review:${review.id}`, { state: review.state }, { state });
  Object.assign(review, { state, updated_at: now(), ...(action === 'review.export' ? {} : { reviewer: user.name }) });
  if (review.text !== undefined) setCopyState(world, review.product_id, state, review.text);
}
