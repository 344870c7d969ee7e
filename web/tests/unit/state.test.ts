import { beforeEach, describe, expect, it, vi } from 'vitest';
import { example } from '../../fake/contract.mjs';
import { FakeEventSource, stubFetch, type SentRequest } from './browser';
import { ApiError, request, setCsrfToken } from '../../src/api/http';
import type { Candidate, CheckReport } from '../../src/api/types';
import { CandidateCard } from '../../src/state/candidate_card.svelte';
import { DataDesk } from '../../src/state/data.svelte';
import { LiveCheck } from '../../src/state/live_check.svelte';
import { lastOnDesk } from '../../src/state/desk_memory';
import { explain } from '../../src/state/notices.svelte';
import { ReviewDesk } from '../../src/state/reviews.svelte';
import { signIn } from '../../src/state/session.svelte';
import { addressOf, parseRoute } from '../../src/state/route.svelte';
import { findShortcut, kDigits, nameOfKeys, type Scope } from '../../src/state/shortcuts.svelte';
import { Writer } from '../../src/state/writer.svelte';

const settle = () => new Promise((resolve) => setTimeout(resolve));

describe('a request', () => {
  it('carries the token of the session with everything but GET', async () => {
    const sent = stubFetch({ 'GET /a': {}, 'POST /a': {} });
    setCsrfToken('secret');
    await request('GET', '/a');
    await request('POST', '/a', { body: { x: 1 }, idempotencyKey: 'key-of-one' });
    expect(sent.map(({ headers }) => headers['X-CSRF-Token'])).toEqual([undefined, 'secret']);
    expect(sent[1]!.headers['Idempotency-Key']).toBe('key-of-one');
  });
  it('that fails throws the problem of the server', async () => {
    stubFetch({ 'POST /a': example('Problem') });
    await expect(request('POST', '/a')).rejects.toMatchObject({ code: 'over_quota' });
  });
  it('without an answer is offline', async () => {
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('failed')));
    await expect(request('GET', '/a')).rejects.toMatchObject({ code: 'offline' });
  });
  it('is explained with what to do, and until when', () => {
    expect(explain(new ApiError(example('Problem')))).toMatch(/次数用完了，.*可以继续/);
    expect(explain(new ApiError({ ...example('Problem'), code: 'new_code' }))).toContain(example('Problem').detail);
  });
});

describe('addresses', () => {
  it('go there and back, odd ids too', () => {
    expect(parseRoute(addressOf('writer', 'a/b 裙#1'))).toEqual({ view: 'writer', id: 'a/b 裙#1' });
  });
  it('that nobody knows lead to the products', () => {
    expect(parseRoute('#/nowhere')).toEqual({ view: 'products', id: '' });
  });
});

describe('shortcuts', () => {
  const run = () => {};
  const scopes: Scope[] = [
    { title: 'nav.writer', shortcuts: [{ keys: 'e', word: 'writer.edit', run }, { keys: kDigits, word: 'keys.nth', run }] },
    { title: 'shortcuts.everywhere', shortcuts: [{ keys: 'e', word: 'nav.export', run }, { keys: 'g e', word: 'nav.export', run }] },
  ];
  it('ask the view before the page', () => {
    expect(findShortcut(scopes, 'e')?.word).toBe('writer.edit');
    expect(findShortcut(scopes, 'g e')?.word).toBe('nav.export');
  });
  it('take digits but 0', () => {
    expect(findShortcut(scopes, '7')?.word).toBe('keys.nth');
    expect(findShortcut(scopes, '0')).toBeUndefined();
  });
  it('name modifiers', () => {
    expect(nameOfKeys({ key: 'Enter', ctrlKey: false, metaKey: true, altKey: false })).toBe('Control+Enter');
  });
});

describe('a live check', () => {
  const body = { text: '一', product_id: 'p', field: 'description' as const, platform: '' as const, style: 'taobao' as const };
  it('keeps the answer to the last text, whatever order answers come in', async () => {
    vi.useFakeTimers();
    const answers: ((report: CheckReport) => void)[] = [];
    const check = new LiveCheck(() => new Promise((resolve) => answers.push(resolve)));
    check.request({ ...body, text: '旧' });
    await vi.advanceTimersByTimeAsync(300);
    check.request({ ...body, text: '新' });
    await vi.advanceTimersByTimeAsync(300);
    answers[1]!({ ...example('CheckReport'), text_id: 'new' });
    answers[0]!({ ...example('CheckReport'), text_id: 'old' });
    await vi.advanceTimersByTimeAsync(0);
    vi.useRealTimers();
    expect(check.report?.text_id).toBe('new');
    expect(check.pending).toBe(false);
  });
});

describe('a card', () => {
  it('shows the findings of the candidate until an edit was checked', () => {
    const card = new CandidateCard();
    card.take(example('Candidate'));
    expect(card.hits.map((hit) => hit.term)).toEqual(['完美']);
    card.draft = '最好的裙';
    card.check.report = { ...example('CheckReport'), verdict: 'block', hits: [] };
    expect([card.verdict, card.hits, card.text]).toEqual(['block', [], '最好的裙']);
  });
});

describe('the writer', () => {
  const shape = example('Candidate') as Candidate;
  const candidate = (index: number, job: string): Candidate => ({ ...shape, id: `${job}-${index}`, job_id: job, index, text: `文案${index}` });
  const source = () => FakeEventSource.open.at(-1)!;
  let sent: SentRequest[];
  let jobs: number;

  beforeEach(() => {
    jobs = 0;
    sent = stubFetch({
      'GET /api/v1/products/shop-001': example('ProductEntry'),
      'POST /api/v1/plans': example('Plan'),
      'POST /api/v1/jobs': ({ body }: SentRequest) => ({ ...example('Job'), id: `job-${++jobs}`, state: undefined, request: body, result: undefined }),
    });
    const known = globalThis.fetch;
    vi.stubGlobal('fetch', async (address: string, init: { method: string; body: string; headers: Record<string, string> }) => {
      if (!address.startsWith('/api/v1/picks/')) return known(address, init as never);
      const body = JSON.parse(init.body);
      sent.push({ method: init.method, path: address, body, headers: init.headers });
      return { ok: true, status: 200, json: async () => ({ ...example('Pick'), ...body }) };
    });
  });
  async function written(touch = false): Promise<Writer> {
    const writer = new Writer();
    await writer.open('shop-001');
    writer.count = 3;
    const writing = writer.write();
    await settle();
    for (const index of [0, 1, 2]) source().say('token', { candidate_id: `job-1-${index}`, index, text: '文' });
    if (touch) writer.touch();
    for (const index of [0, 1, 2]) source().say('candidate', candidate(index, 'job-1'));
    source().say('job', { ...example('Job'), id: 'job-1', state: 'done', result: { candidate_ids: ['job-1-2', 'job-1-0', 'job-1-1'], dropped: 0 } });
    await writing;
    return writer;
  }
  const ids = (writer: Writer) => writer.cards.map((card) => card.candidate?.id);
  const picks = () => sent.filter((one) => one.path.startsWith('/api/v1/picks/'));

  it('puts the best first when all are there', async () => {
    expect(ids(await written())).toEqual(['job-1-2', 'job-1-0', 'job-1-1']);
  });
  it('starts one job however often it is asked', async () => {
    const writer = new Writer();
    await writer.open('shop-001');
    void writer.write();
    void writer.write();
    await settle();
    await settle();
    expect(sent.filter((one) => one.method === 'POST' && one.path === '/api/v1/jobs')).toHaveLength(1);
  });
  it('leaves the order alone also where somebody has only looked at the scores', async () => {
    const writer = new Writer();
    await writer.open('shop-001');
    writer.count = 3;
    const writing = writer.write();
    await settle();
    for (const index of [0, 1, 2]) source().say('candidate', candidate(index, 'job-1'));
    await writer.explain(writer.cards[0]!);
    source().say('job', { ...example('Job'), id: 'job-1', state: 'done', result: { candidate_ids: ['job-1-2', 'job-1-0', 'job-1-1'], dropped: 0 } });
    await writing;
    expect(ids(writer)).toEqual(['job-1-0', 'job-1-1', 'job-1-2']);
  });
  it('leaves the order alone once somebody works with it', async () => {
    expect(ids(await written(true))).toEqual(['job-1-0', 'job-1-1', 'job-1-2']);
  });
  it('regenerates one in its place and keeps the others', async () => {
    const writer = await written();
    const again = writer.regenerate(writer.cards[1]!);
    await settle();
    expect(sent.at(-1)!.body).toMatchObject({ kind: 'write', num_return_sequences: 1 });
    source().say('candidate', candidate(0, 'job-2'));
    source().say('job', { ...example('Job'), id: 'job-2', state: 'done', result: { candidate_ids: ['job-2-0'] } });
    await again;
    expect(ids(writer)).toEqual(['job-1-2', 'job-2-0', 'job-1-1']);
  });
  it('puts the old one back when the new one did not come', async () => {
    const writer = await written();
    const again = writer.regenerate(writer.cards[1]!);
    await settle();
    source().say('job', { ...example('Job'), id: 'job-2', state: 'cancelled' });
    await again;
    expect(ids(writer)).toEqual(['job-1-2', 'job-1-0', 'job-1-1']);
  });
  it('says in place of the cards why no text came, until the next request', async () => {
    const writer = new Writer();
    await writer.open('shop-001');
    const writing = writer.write();
    await settle();
    const problem = { ...example('Problem'), code: 'no_candidate', detail: '没有说出商品类型 4' };
    source().say('job', { ...example('Job'), id: 'job-1', state: 'failed', result: undefined, problem });
    await writing;
    expect([writer.cards, writer.failure]).toEqual([[], problem]);
    void writer.write();
    await settle();
    expect([writer.cards.length, writer.failure]).toEqual([4, undefined]);
  });
  it('keeps what has come of a request that was stopped, and no empty places', async () => {
    const writer = new Writer();
    await writer.open('shop-001');
    const writing = writer.write();
    await settle();
    source().say('candidate', candidate(1, 'job-1'));
    source().say('job', { ...example('Job'), id: 'job-1', state: 'cancelled', result: undefined });
    await writing;
    expect(ids(writer)).toEqual(['job-1-1']);
  });
  it('says why a product cannot be opened', async () => {
    const writer = new Writer();
    await writer.open('NOPE');
    expect(writer.loadError).toContain('没有这个编号');
    await writer.open('shop-001');
    expect(writer.loadError).toBe('');
  });
  it('says what was shown in the order of the screen', async () => {
    const writer = await written();
    await writer.pick(writer.cards[1]!);
    expect(picks()[0]!.body).toMatchObject({ shown_ids: ['job-1-2', 'job-1-0', 'job-1-1'], chosen: ['job-1-0'], edits: [] });
  });
  it('puts the same pick again after an edit, with the time of the first', async () => {
    const writer = await written();
    await writer.pick(writer.cards[1]!);
    writer.beginEdit(writer.cards[1]!);
    writer.setDraft(writer.cards[1]!, '改过的文案');
    await writer.endEdit(writer.cards[1]!);
    const [first, second] = picks();
    expect(second!.path).toBe(first!.path);
    expect(second!.body.edits).toEqual([{ from: 'job-1-0', to: '改过的文案' }]);
    expect(second!.body.ms).toBe(first!.body.ms);
  });
  it('asks before it picks a text that may not be published', async () => {
    const writer = await written();
    const card = writer.cards[0]!;
    card.take({ ...card.candidate!, verdict: 'block' });
    await writer.pick(card);
    expect([card.isAsked, picks().length]).toEqual([true, 0]);
    await writer.pick(card);
    expect([card.isAsked, picks().length]).toEqual([false, 1]);
  });
  it('makes a new pick when a text was written anew since the former one', async () => {
    const writer = await written();
    await writer.pick(writer.cards[0]!);
    const again = writer.regenerate(writer.cards[1]!);
    await settle();
    source().say('candidate', candidate(0, 'job-2'));
    source().say('job', { ...example('Job'), id: 'job-2', state: 'done', result: { candidate_ids: ['job-2-0'] } });
    await again;
    await writer.pick(writer.cards[1]!);
    const [first, second] = picks();
    expect(second!.path).not.toBe(first!.path);
  });
  it('sends no edit that changes nothing', async () => {
    const writer = await written();
    await writer.pick(writer.cards[0]!);
    writer.beginEdit(writer.cards[0]!);
    await writer.endEdit(writer.cards[0]!);
    expect(picks()).toHaveLength(1);
  });
  it('keeps "none is good" with its reason', async () => {
    const writer = await written();
    await writer.pickNone('都太像');
    expect(picks()[0]!.body).toMatchObject({ chosen: 'none', reason: '都太像' });
  });
  it('forgets what was said about points when another product comes', async () => {
    const writer = await written();
    writer.change({ style: 'jd', pin: ['材质#蚕丝'], drop: ['版型#显瘦'] });
    await writer.open('shop-001');
    expect(writer.factors).toMatchObject({ style: 'jd', pin: [], drop: [] });
  });
});

describe('the desk of a product', () => {
  const shape = example('Candidate') as Candidate;
  const candidate = (job: string, index: number): Candidate => ({ ...shape, id: `${job}-${index}`, job_id: job, index, text: `文案${job}${index}` });
  const newestFirst = [candidate('job-2', 0), ...[2, 1, 0].map((index) => candidate('job-1', index)), candidate('job-0', 1), candidate('job-0', 0)];
  const review = { ...example('Review'), author: 'writer', candidate_id: 'job-1-1', text: '改过的文案' };
  const answers = {
    'POST /api/v1/session': { ...example('Session'), user: { ...example('Session').user, id: 'me', name: 'writer' } },
    'GET /api/v1/options': example('Options'),
    'GET /api/v1/products/shop-001': example('ProductEntry'),
    'GET /api/v1/candidates': { items: newestFirst },
    'GET /api/v1/plans/plan-7c1e04d2': { ...example('Plan'), id: 'plan-7c1e04d2', platform: 'jd' },
    'GET /api/v1/jobs/job-1': { ...example('Job'), id: 'job-1', state: undefined, result: { candidate_ids: ['job-1-2', 'job-1-0', 'job-1-1'] } },
    'POST /api/v1/recalls': { ...example('Recall'), factors: { ...example('Factors'), style: 'jd' } },
    'GET /api/v1/reviews': { items: [review], counts: {} },
    'POST /api/v1/plans': example('Plan'),
  };

  it('has the last request for several texts, and what was written anew since', () => {
    expect(lastOnDesk(newestFirst).map((one) => one.id)).toEqual(['job-1-0', 'job-1-1', 'job-1-2', 'job-2-0']);
    expect(lastOnDesk([])).toEqual([]);
  });
  it('comes back with order, settings and choice when the page is loaded again', async () => {
    stubFetch(answers);
    await signIn('writer', 'x');
    const writer = new Writer();
    await writer.open('shop-001');
    expect(writer.cards.map((card) => card.candidate?.id)).toEqual(['job-1-2', 'job-1-0', 'job-1-1', 'job-2-0']);
    expect(writer.factors.style).toBe('jd');
    expect(writer.placeOf(writer.cards[0]!).platform).toBe('jd');
    const chosen = writer.cards.filter((card) => writer.copyPick.isChosen(card));
    expect(chosen.map((card) => card.text)).toEqual(['改过的文案']);
    expect(writer.copyPick.outcome).toBe('sent');
  });
  it('goes on with texts that are still being written', async () => {
    const running = { ...example('Job'), id: 'job-3', state: undefined, user: 'writer', request: { kind: 'write', plan_id: 'plan-7c1e04d2', num_return_sequences: 2, seed: 1 }, result: undefined };
    stubFetch({ ...answers, 'GET /api/v1/jobs': { items: [running] } });
    const writer = new Writer();
    await writer.open('shop-001');
    for (let i = 0; i < 20 && writer.job.job?.id !== 'job-3'; ++i) await settle();
    FakeEventSource.open.at(-1)!.say('token', { candidate_id: 'job-3-0', index: 0, text: '还在写' });
    expect(writer.cards.map((card) => card.text)).toEqual(['还在写', '']);
    for (const index of [0, 1]) FakeEventSource.open.at(-1)!.say('candidate', candidate('job-3', index));
    FakeEventSource.open.at(-1)!.say('job', { ...running, state: 'done', result: { candidate_ids: ['job-3-1', 'job-3-0'] } });
    await settle();
    expect(writer.cards.map((card) => card.candidate?.id)).toEqual(['job-3-1', 'job-3-0']);
  });
  it('leaves the settings alone that somebody has made', async () => {
    stubFetch(answers);
    const writer = new Writer();
    writer.change({ style: 'douyin' });
    await writer.open('shop-001');
    expect(writer.factors.style).toBe('douyin');
    expect(writer.cards).toHaveLength(4);
  });
  it('makes a new pick where the former one was made of other texts', async () => {
    const put: string[] = [];
    stubFetch(answers);
    const known = globalThis.fetch;
    vi.stubGlobal('fetch', async (address: string, init: { method: string; body: string }) => {
      if (!address.startsWith('/api/v1/picks/')) return known(address, init as never);
      put.push(address.split('/').at(-1)!);
      const isFormer = put.length === 1;
      return { ok: !isFormer, status: isFormer ? 409 : 200, json: async () => (isFormer ? { ...example('Problem'), code: 'shown_differs' } : { ...example('Pick'), ...JSON.parse(init.body) }) };
    });
    const writer = new Writer();
    await writer.open('shop-001');
    await writer.pick(writer.cards[0]!);
    expect(put[0]).toBe(review.pick_id);
    expect(put).toHaveLength(2);
    expect(put[1]).not.toBe(put[0]);
    expect(writer.copyPick.isChosen(writer.cards[0]!)).toBe(true);
  });
});

describe('a product that a batch wrote about', () => {
  const candidate = (index: number): Candidate => ({ ...(example('Candidate') as Candidate), id: `c-${index}`, job_id: 'job-1', index, text: `文案${index}` });
  async function open(texts: number): Promise<{ writer: Writer; put: string[] }> {
    const put: string[] = [];
    stubFetch({
      'POST /api/v1/session': { ...example('Session'), user: { ...example('Session').user, id: 'me', name: 'writer' } },
      'GET /api/v1/options': example('Options'),
      'GET /api/v1/products/shop-001': example('ProductEntry'),
      'GET /api/v1/candidates': { items: Array.from({ length: texts }, (_, index) => candidate(index)).reverse() },
      'GET /api/v1/reviews': { items: [{ ...example('Review'), author: 'writer', pick_id: 'batch-1', candidate_id: 'c-0', text: '文案0' }], counts: {} },
      'POST /api/v1/plans': example('Plan'),
    });
    const known = globalThis.fetch;
    vi.stubGlobal('fetch', async (address: string, init: { method: string; body: string }) => {
      if (!address.startsWith('/api/v1/picks/')) return known(address, init as never);
      put.push(address.split('/').at(-1)!);
      return { ok: true, status: 200, json: async () => ({ ...example('Pick'), ...JSON.parse(init.body) }) };
    });
    await signIn('writer', 'x');
    const writer = new Writer();
    await writer.open('shop-001');
    return { writer, put };
  }
  it('has a new pick at once where another text is chosen', async () => {
    const { writer, put } = await open(2);
    await writer.pick(writer.cards[1]!);
    expect(put).toHaveLength(1);
    expect(put[0]).not.toBe('batch-1');
  });
  it('has the pick of the batch again where its text is edited', async () => {
    const { writer, put } = await open(1);
    await writer.adopt(writer.cards[0]!, '改过的文案');
    expect(put).toEqual(['batch-1']);
  });
});

describe('the review desk', () => {
  const session = (name: string) => ({ ...example('Session'), user: { ...example('Session').user, id: 'me', name, role: 'reviewer' }, shop: { ...example('Shop'), own_approval: false } });
  async function open(edits: { user: string }[]): Promise<ReviewDesk> {
    const review = { ...example('Review'), state: undefined, author: 'writer', check: { ...example('CheckReport'), verdict: 'no_hit' } };
    stubFetch({
      'POST /api/v1/session': session('reviewer'),
      'GET /api/v1/options': example('Options'),
      'GET /api/v1/reviews': { items: [review], counts: {} },
      [`GET /api/v1/products/${review.product_id}`]: example('ProductEntry'),
      'GET /api/v1/audit': { items: edits.map(({ user }) => ({ ...example('AuditEntry'), user, action: 'review.edit' })) },
    });
    await signIn('reviewer', 'x');
    const desk = new ReviewDesk();
    await desk.load();
    return desk;
  }
  it('lets nobody approve what they have edited', async () => {
    expect((await open([{ user: 'reviewer' }])).approvalFault).toContain('自己选');
    expect((await open([{ user: 'other' }])).approvalFault).toBe('');
  });
});

describe('the models', () => {
  const model = (id: string, state: string, gate?: object) => ({ ...example('Model'), id, state, gate });
  it('may serve behind a gate that ran against the model that serves now', async () => {
    const gate = { ...example('Gate'), passed: true, against: 'm-1' };
    stubFetch({ 'GET /api/v1/models': { items: [model('m-3', 'candidate', { ...gate, passed: false }), model('m-2', 'candidate', gate), model('m-1', 'serving')] } });
    const desk = new DataDesk();
    await desk.models.load();
    expect(desk.models.value!.filter((one) => desk.mayServe(one)).map((one) => one.id)).toEqual(['m-2']);
    stubFetch({ 'GET /api/v1/models': { items: [model('m-4', 'serving'), model('m-2', 'candidate', gate), model('m-1', 'former')] } });
    await desk.models.load();
    expect(desk.models.value!.some((one) => desk.mayServe(one))).toBe(false);
  });
  it('of a round are followed by their gate', async () => {
    const job = (id: string, state: string, result = {}) => ({ ...example('Job'), id, state, result });
    stubFetch({
      'POST /api/v1/jobs': job('job-1', 'queued'), 'GET /api/v1/jobs/job-2': job('job-2', 'running'),
      'GET /api/v1/models': { items: [] }, 'GET /api/v1/rounds': { items: [] },
    });
    const desk = new DataDesk();
    const round = desk.startRound('raft', 1);
    await settle();
    FakeEventSource.open.at(-1)!.say('job', job('job-1', 'done', { gate_job_id: 'job-2' }));
    for (let i = 0; i < 10 && desk.job.job?.id !== 'job-2'; ++i) await settle();
    expect(desk.job.isRunning).toBe(true);
    FakeEventSource.open.at(-1)!.say('job', job('job-2', 'done', { passed: false }));
    await round;
    expect(desk.job.isRunning).toBe(false);
  });
});
