import { describe, expect, it } from 'vitest';
import { example } from '../../fake/contract.mjs';
import { evidenceLine } from '../../src/state/evidence';
import { labelled } from '../../src/state/label';
import { countOf, limitOf } from '../../src/state/limits';
import { isAboutWhole, marksOf, replaceSpan, segmentsOf, type Mark } from '../../src/state/spans';

const mark = (begin: number, end: number, tone: Mark['tone']): Mark => ({ begin, end, tone });

describe('spans', () => {
  it('cut a text where findings begin and end, and lose nothing of it', () => {
    const segments = segmentsOf('全网最低价', [mark(0, 4, 'block'), mark(2, 5, 'warn')]);
    expect(segments.map((segment) => segment.text)).toEqual(['全网', '最低', '价']);
    expect(segments.map((segment) => segment.marks[0]?.tone)).toEqual(['block', 'block', 'warn']);
  });
  it('count code points, so that an emoji before a finding does not move it', () => {
    const segments = segmentsOf('✨💫最好', [mark(2, 4, 'block')]);
    expect(segments).toEqual([{ text: '✨💫', marks: [] }, { text: '最好', marks: [mark(2, 4, 'block')] }]);
  });
  it('pass over a finding that lies beyond the text', () => {
    expect(segmentsOf('短', [mark(0, 9, 'warn')])).toEqual([{ text: '短', marks: [] }]);
  });
  it('are one mark where a claim that nothing supports has its hit', () => {
    const { hits, claims } = example('Candidate');
    const marks = marksOf([{ ...hits[0], span: claims[0].span, level: 'block' }], [{ ...claims[0], support: 'unsupported' }]);
    expect(marks).toHaveLength(1);
    expect(marks[0]).toMatchObject({ tone: 'block', claim: { value: '真丝' } });
  });
  it('tell a finding about the whole text from one in it', () => {
    expect([mark(0, 5, 'warn'), mark(5, 5, 'block'), mark(0, 4, 'warn')].map((one) => isAboutWhole(one, 5))).toEqual([true, true, false]);
  });
  it('are replaced by code points', () => {
    expect(replaceSpan('✨最好的裙', [1, 3], '很好')).toBe('✨很好的裙');
  });
});

describe('the label', () => {
  const wordings = ['（本文由AI生成）', '（AI生成）'];
  it('stands where the shop wants it', () => {
    expect(labelled('文案', { wording: '（AI生成）', place: 'end' }, wordings)).toBe('文案（AI生成）');
    expect(labelled('文案', { wording: '（AI生成）', place: 'start' }, wordings)).toBe('（AI生成）文案');
  });
  it('is not put a second time', () => {
    expect(labelled('文案（AI生成）', { wording: '（本文由AI生成）', place: 'end' }, wordings)).toBe('文案（AI生成）');
  });
});

describe('lengths', () => {
  const options = example('Options');
  const lengths = { code_points: 31, weighted: 61, utf8_bytes: 93, gb18030_bytes: 61 };
  it('are counted in the unit of the platform', () => {
    expect(countOf(lengths, limitOf(options, 'taobao', 'title'))).toEqual({ used: 61, min: null, max: 60, state: 'long' });
    expect(countOf(lengths, limitOf(options, 'xiaohongshu', 'description'))).toMatchObject({ used: 31, max: 1000, state: 'fits' });
  });
  it('may be too short', () => {
    expect(countOf({ ...lengths, weighted: 15 }, limitOf(options, 'doudian', 'title')).state).toBe('short');
  });
  it('have no limit where none is known', () => {
    expect(countOf(lengths, limitOf(options, '', 'description'))).toEqual({ used: 31, min: null, max: null, state: 'fits' });
  });
});

describe('evidence', () => {
  const product = example('Product');
  it('says how the shop wrote it, where that differs', () => {
    expect(evidenceLine(product, 'attr:a3')).toEqual({ kind: 'attribute', label: '材质', value: '蚕丝', note: '材质：真丝' });
    expect(evidenceLine(product, 'attr:a4').note).toBe('');
  });
  it('names documents with the day they end', () => {
    expect(evidenceLine(product, 'doc:d1')).toMatchObject({ kind: 'document', label: '纺织品检验机构', note: '2027-02-28' });
  });
  it('is unknown when the record has it no more', () => {
    expect(evidenceLine(product, 'attr:a99').kind).toBe('unknown');
  });
});
