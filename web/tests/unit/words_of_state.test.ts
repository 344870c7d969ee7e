import { beforeEach, describe, expect, it, vi } from 'vitest';
import { example } from '../../fake/contract.mjs';
import { stubFetch } from './browser';
import { ApiError } from '../../src/api/http';
import type { AuditEntry, Candidate, Problem } from '../../src/api/types';
import { changesOf, subjectInWords } from '../../src/state/audit';
import { DataDesk } from '../../src/state/data.svelte';
import { addDays, countDays, dayOf } from '../../src/state/days';
import { attempt, complain, dismissAll, hold, letGo, notices, say } from '../../src/state/notices.svelte';
import { adviceOf, explainProblem } from '../../src/state/problems';
import { replacedOf } from '../../src/state/replaced';
import { Resource } from '../../src/state/resource.svelte';
import { scoreRows } from '../../src/state/scores';
import { doubtsOf, toneOf } from '../../src/state/verdicts';
import { formatMoney, formatNumber, setLanguage, t } from '../../src/state/words.svelte';

const problem = (code: string, more: Partial<Problem> = {}): Problem => ({ type: `/problems/${code}`, title: `title of ${code}`, status: 400, code, request_id: 'r', ...more });
const texts = () => notices().map((notice) => notice.text());

beforeEach(() => {
  dismissAll();
  setLanguage('zh');
});

describe('notes', () => {
  it('leave when they can have been read; errors stay until they are dismissed', () => {
    vi.useFakeTimers();
    say(() => '短');
    say(() => '很'.repeat(60));
    complain(new ApiError(problem('forbidden')));
    vi.advanceTimersByTime(4100);
    expect(texts()).toHaveLength(2);
    vi.advanceTimersByTime(60_000);
    expect(texts()).toEqual([t('error.forbidden')]);
    vi.useRealTimers();
  });
  it('stay while somebody reads them', () => {
    vi.useFakeTimers();
    say(() => '短');
    const { id } = notices()[0]!;
    hold(id);
    vi.advanceTimersByTime(60_000);
    expect(texts()).toEqual(['短']);
    letGo(id);
    vi.advanceTimersByTime(60_000);
    expect(texts()).toEqual([]);
    vi.useRealTimers();
  });
  it('follow the language, also errors and what a view says', async () => {
    stubFetch({ 'GET /api/v1/models': { ...problem('forbidden'), status: 403 } });
    const resource = new Resource(() => Promise.reject(new ApiError(problem('busy'))));
    await resource.load();
    say(() => t('common.saved'));
    complain(new ApiError(problem('own_work')));
    setLanguage('en');
    expect(texts()).toEqual(['Saved', 'This shop does not let you approve what you chose or edited.']);
    expect(resource.error).toBe('The server is busy. Try again in a while.');
  });
  it('do not push an error out, and say the same thing once', async () => {
    await attempt(() => Promise.reject(new ApiError(problem('busy'))));
    for (const text of ['一', '二', '三']) say(() => text);
    await attempt(() => Promise.reject(new ApiError(problem('busy'))));
    expect(texts()).toEqual(['二', '三', t('error.busy')]);
  });
});

describe('problems', () => {
  const of = (field: string, detail: string) => explainProblem(problem('bad_request', { errors: [{ field, detail }] }));
  it('name their fields and say what is wrong with them', () => {
    expect(of('/name', 'expected 1 to 100 characters')).toBe('填的内容有问题。 · 名称：要 1 到 100 个字符');
    expect(of('/price_per_hour', 'expected a number: expected 0 to 1e+09')).toContain('机器每小时价格：要填 0 到 1e+09 之间的数');
    expect(of('/label/wording', 'expected one of Options.wordings')).toContain('标识用语：要从标识用语里选');
    expect(of('/keywords/3', 'stands twice')).toContain('搜索词：重复了');
    setLanguage('en');
    expect(of('/password', 'is missing')).toContain('Password: is missing');
  });
  it('keep the words of the server where the page has none', () => {
    expect(of('/x_new', 'expected something else')).toContain('x_new：expected something else');
    expect(explainProblem(problem('brand_new', { detail: 'why' }))).toBe('title of brand_new · why');
  });
  it('say what to do where no text came', () => {
    expect(adviceOf(problem('no_candidate', { detail: '所有候选文案都未通过检查：没有说出商品类型 8' }))).toContain('类目');
    expect(adviceOf(problem('no_candidate', { detail: '所有候选文案都未通过检查：用语重复 8' }))).toContain('风格');
    expect(adviceOf(problem('busy'))).toBe('');
  });
  it('name the criteria of a gate', () => {
    const errors = [{ field: 'win_rate', detail: '0.480 [0.450, 0.510]: expected a lower bound over 0.5' }];
    expect(explainProblem(problem('gate_not_passed', { errors }))).toContain('胜率：0.480');
  });
  it('of jobs have words too', () => {
    expect(explainProblem(problem('picture_worker_killed', { detail: 'the picture worker was killed' }))).toBe(t('error.picture_worker_killed'));
    expect(explainProblem(problem('round_failed', { detail: 'length alarm' }))).toContain('length alarm');
  });
});

describe('the chip of a text', () => {
  const candidate = example('Candidate') as Candidate;
  const invented = { ...candidate.claims![0]!, support: 'unsupported' as const, evidence: [] };
  it('is green only where no check found anything', () => {
    expect(toneOf('no_hit', doubtsOf({ claims: candidate.claims, hits: [] }))).toBe('good');
    expect(toneOf('no_hit', doubtsOf({ claims: [invented], hits: [] }))).toBe('warn');
    expect(toneOf('no_hit', doubtsOf({ like: 'shop-002' }))).toBe('warn');
    expect(toneOf('no_hit', doubtsOf({ keywords: { ...candidate.keywords!, stuffed: true } }))).toBe('warn');
    expect(toneOf('no_hit', doubtsOf({ faults: ['repeats'] }))).toBe('warn');
    expect(toneOf('block', 3)).toBe('block');
  });
  it('counts a claim that has a hit once', () => {
    const hit = { ...candidate.hits![0]!, span: invented.span };
    expect(doubtsOf({ claims: [invented], hits: [hit] })).toBe(0);
  });
});

describe('score parts', () => {
  const { parts, baseline } = example('Explanation');
  const without = (list: { name: string }[]) => list.filter((part) => part.name !== 'ranker');
  it('have a row for each part, also for one that nobody has scored', () => {
    const rows = scoreRows({ parts: without(parts) as never, baseline: { ...baseline, parts: without(baseline.parts) as never } });
    expect(rows.map((row) => row.name)).toEqual(['coverage', 'agreement', 'fluency', 'repetition', 'ranker']);
    expect(rows.at(-1)).toMatchObject({ part: undefined, worth: undefined, baseline: undefined });
  });
  it('that round to nothing have no sign', () => {
    expect([formatNumber(-0.001, 2), formatNumber(0 * -30, 2), formatNumber(-0.28, 2)]).toEqual(['0.00', '0.00', '-0.28']);
  });
});

describe('money', () => {
  it('keeps the digits that say something', () => {
    expect([0, 0.00123, 0.187, 61.4].map((amount) => formatMoney(amount, 'CNY'))).toEqual(['¥0.00', '¥0.00123', '¥0.187', '¥61.40']);
    expect(formatMoney(0.0000002, 'CNY')).toBe('< ¥0.0001');
  });
});

describe('the audit trail', () => {
  const entry = (part: Partial<AuditEntry>): AuditEntry => ({ ...example('AuditEntry'), ...part });
  it('says what changed from what to what', () => {
    expect(changesOf(entry({}))).toEqual([{ name: '状态', before: '待审核', after: '已通过' }]);
    const shop = { ...example('Shop') };
    const after = { ...shop, own_approval: !shop.own_approval, label: { wording: '（AI生成）', place: 'start' } };
    expect(changesOf(entry({ action: 'shop.change', subject: 'shop:s1', before: shop, after })).map(({ name, after }) => `${name} ${after}`)).toEqual([
      '标识 （AI生成） · 开头',
      `可通过自己的 ${shop.own_approval ? '否' : '是'}`,
    ]);
  });
  it('does not tell what was left alone', () => {
    const changed = entry({ action: 'user.change', subject: 'user:u2', before: { role: 'writer', active: true }, after: { role: 'reviewer' } });
    expect(changesOf(changed)).toEqual([{ name: '角色', before: '运营', after: '审核员' }]);
    expect(changesOf(entry({ subject: 'user:u2', before: { role: 'writer', active: true }, after: { password: 'changed' } }))).toEqual([{ name: '密码', before: '', after: '已换' }]);
  });
  it('names the subject, by its name where that is known', () => {
    expect(subjectInWords(entry({ subject: 'review:r-1' }))).toBe('审核件 r-1');
    expect(subjectInWords(entry({ subject: 'user:u2' }), new Map([['user:u2', 'li']]))).toBe('成员 li');
    expect(subjectInWords(entry({ subject: 'pick:6075f164-a76a-979d-fb1c-227f1af21ca9', before: null, after: { chosen: 'none' } }))).toBe('选择 6075f164…');
  });
});

describe('days', () => {
  it('are those of a clock on the wall, not of UTC', () => {
    expect(dayOf(new Date(2026, 10, 30, 0, 30))).toBe('2026-11-30');
    expect([addDays('2026-03-01', -1), countDays('2026-02-26', '2026-03-01')]).toEqual(['2026-02-28', 4]);
  });
  it('are as many as were asked for, also where the server has another day than the browser', async () => {
    const today = dayOf(new Date());
    const asked: string[] = [];
    vi.stubGlobal('fetch', async (address: string) => {
      const from = new URL(address, 'http://x').searchParams.get('from')!;
      asked.push(from);
      return { ok: true, status: 200, json: async () => ({ ...example('Statistics'), from, to: addDays(today, 1) }) };
    });
    const desk = new DataDesk();
    desk.days = 7;
    await desk.statistics.load();
    expect(asked).toEqual([addDays(today, -6), addDays(today, -5)]);
    expect(desk.statistics.value).toMatchObject({ from: addDays(today, -5), to: addDays(today, 1) });
  });
});

describe('a word that a rule replaced', () => {
  it('is known by the attributes of a point', () => {
    const product = example('Product');
    expect(replacedOf(product, ['a3'], '蚕丝')).toEqual({ from: '真丝', to: '蚕丝' });
    expect(replacedOf(product, ['a4'], '蚕丝')).toBeUndefined();
  });
  it('is not told beside the word of the table itself', () => {
    expect(replacedOf(example('Product'), ['a3'], '真丝')).toBeUndefined();
  });
});
