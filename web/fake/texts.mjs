// texts.mjs - what the fake server writes and how it checks: a few sentences and a few words, just enough to behave like the real ones.
import { contract, example } from './contract.mjs';

const { ruleset, ruleset_sha256, rules } = example('Options');

const kOpenings = ['这款{subject}从细节里见心思。', '{subject}也可以很耐看。', '日常想穿得省心，这款{subject}就很合适。', '{subject}，简单几笔就有味道。'];
const kClauses = {
  材质: ['{value}面料垂顺柔软', '选用{value}，贴身舒服'],
  颜色: ['{value}沉静耐看', '一抹{value}，不挑场合'],
  裙领型: ['{value}拉长颈部线条', '{value}简洁利落'],
  裙袖长: ['{value}露出手腕，秀气又轻盈', '{value}春秋都好穿'],
  版型: ['{value}的剪裁不紧绷', '版型{value}，走动自在'],
  风格: ['整体透着{value}气质', '{value}风格，通勤约会都行'],
  图案: ['{value}图案点到为止', '{value}添了几分趣味'],
  裙长: ['{value}一件成套，搭配省心', '{value}款式，出门不费心思'],
};
const kPlain = ['{value}的设计很用心', '{value}，好看也好打理'];
const kClosings = ['', '放在衣橱里，一年四季都用得上。', '完美适合日常穿着。', ''];

/** A text of the plan; another index or seed, another text. */
export function textOf(plan, index, seed) {
  const pick = (list, salt) => list[(index + seed + salt) % list.length];
  const fill = (pattern, values) => pattern.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  if (plan.field !== 'description') return plan.points.slice().reverse().map((point) => point.value).join('').slice(0, 28);
  const clauses = plan.points.slice(1).map((point, i) => fill(pick(kClauses[point.key] ?? kPlain, i), { value: point.value }));
  const sentences = [];
  for (let i = 0; i < clauses.length; i += 2) sentences.push(clauses.slice(i, i + 2).join('，'));
  const body = `${fill(pick(kOpenings, 0), { subject: plan.points[0].value })}${sentences.join('。')}。${pick(kClosings, 0)}`;
  return plan.style === 'xiaohongshu' ? `✨${body}\n#${plan.points[0].value} #广告` : body;
}

const kAbsolute = [
  { rule_id: 'ABS-07', term: '全网最低', rewrite: '价格实惠' },
  { rule_id: 'ABS-02', term: '最好', rewrite: '很好' },
  { rule_id: 'ABS-02', term: '最佳', rewrite: '上佳' },
  { rule_id: 'ABS-03', term: '第一', rewrite: '' },
  { rule_id: 'ABS-11', term: '完美', rewrite: '', level: 'warn' },
];
const kMaterials = ['真丝', '蚕丝', '纯棉', '羊绒', '牛皮', '亚麻'];
const kSynonyms = { 真丝: '蚕丝' };

function placesOf(points, term) {
  const wanted = [...term];
  return points.flatMap((_, i) => (wanted.every((c, k) => points[i + k] === c) ? [[i, i + wanted.length]] : []));
}
function ruleOf(id) {
  return rules.find((rule) => rule.rule_id === id);
}
function hitOf(span, term, rule_id, rest) {
  const rule = ruleOf(rule_id);
  return { span, term, rule_id, level: rule.level, law: rule.law, article: rule.article, status: rule.status, exemption_tested: [], evidence_required: rule.evidence_required, evidence_id: null, rewrite: null, ...rest };
}
function absoluteHits(points) {
  return kAbsolute.flatMap(({ rule_id, term, rewrite, level }) => placesOf(points, term).map((span) => hitOf(span, term, rule_id, { rewrite, repair: 'replace', level: level ?? ruleOf(rule_id).level })));
}
function claimsOf(points, product) {
  const known = product.attributes.flatMap(({ id, val, val_raw }) => [...new Set([val, val_raw])].map((value) => ({ id, value })));
  const proved = known.flatMap(({ id, value }) => placesOf(points, value).map((span) => ({ span, type: kMaterials.includes(value) ? 'material' : 'look', value, support: 'entailed', evidence: [`attr:${id}`] })));
  const strange = kMaterials.filter((word) => !known.some(({ value }) => value.includes(word) || value === kSynonyms[word]));
  const unproved = strange.flatMap((value) => placesOf(points, value).map((span) => ({ span, type: 'material', value, support: 'unsupported', evidence: [] })));
  return [...proved, ...unproved].sort((a, b) => a.span[0] - b.span[0]);
}
export function lengthsOf(text) {
  const points = [...text];
  const wide = points.filter((c) => c.codePointAt(0) > 0x7f).length;
  return { code_points: points.length, weighted: points.length + wide, utf8_bytes: Buffer.byteLength(text), gb18030_bytes: points.length + wide };
}
function lengthHits(text, lengths, platform, field) {
  const limit = example('Options').limits.find((one) => one.platform === platform && one.field === field && one.unit !== 'lines');
  return limit?.max && lengths[limit.unit] > limit.max ? [hitOf([0, lengths.code_points], `${lengths[limit.unit]} > ${limit.max}`, limit.rule_id, { level: 'warn' })] : [];
}

const kLevels = contract.components.schemas.Verdict.enum;
export function check(text, product, { platform = '', field = 'description' } = {}, text_id = '1') {
  const points = [...text];
  const claims = claimsOf(points, product);
  const lengths = lengthsOf(text);
  const unproved = claims.filter((claim) => claim.support === 'unsupported').map((claim) => hitOf(claim.span, claim.value, 'CLM-MAT', { repair: 'drop_clause' }));
  const hits = [...absoluteHits(points), ...unproved, ...lengthHits(text, lengths, platform, field)].sort((a, b) => a.span[0] - b.span[0]);
  const verdict = hits.map((hit) => hit.level).sort((a, b) => kLevels.indexOf(b) - kLevels.indexOf(a))[0] ?? 'no_hit';
  return { text_id, ruleset, ruleset_sha256, verdict, message: `${hits.length ? `命中 ${hits.length} 条规则` : '未命中规则'} v${ruleset}`, hits, claims, lengths };
}
