import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const css = readFileSync(new URL('../../src/styles/tokens.css', import.meta.url), 'utf8');
const colours = new Map([...css.matchAll(/--([\w-]+): light-dark\((#\w{6})\w*, (#\w{6})\w*\)/g)].map(([, name, light, dark]) => [name!, [light!, dark!]]));

/** Relative luminance and contrast ratio as WCAG 2.2 defines them. */
function luminance(hex: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
}
function contrast(a: string, b: string): number {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (high! + 0.05) / (low! + 0.05);
}

const kGrounds = ['paper', 'surface', 'sunken', 'raised'];
const kTexts: [string, string[]][] = [
  ['ink', [...kGrounds, 'accent-soft', 'block-soft', 'proof-soft', 'warn-soft', 'good-soft']],
  ['ink-soft', [...kGrounds, 'accent-soft']],
  ['accent', [...kGrounds, 'accent-soft']],
  ['accent-strong', ['accent-soft', 'surface']],
  ['accent-ink', ['accent', 'accent-strong']],
  ['block', ['block-soft', 'surface', 'paper', 'sunken']],
  ['proof', ['proof-soft']],
  ['warn', ['warn-soft']],
  ['good', ['good-soft', 'surface']],
];
const kEdges: [string, string[]][] = [
  ['edge', kGrounds],
  ['focus', kGrounds],
];
const pairs = (list: [string, string[]][]) => list.flatMap(([on, grounds]) => grounds.flatMap((ground) => [0, 1].map((scheme) => ({ on, ground, scheme: scheme ? 'dark' : 'light', ratio: contrast(colours.get(on)![scheme]!, colours.get(ground)![scheme]!) }))));

describe('contrast', () => {
  it('is computed as WCAG does', () => {
    expect(contrast('#000000', '#ffffff')).toBeCloseTo(21);
    expect(contrast('#777777', '#ffffff')).toBeCloseTo(4.48, 2);
  });
  it.each(pairs(kTexts))('$on on $ground, $scheme: text has at least 4.5 : 1', ({ ratio }) => {
    expect(ratio).toBeGreaterThanOrEqual(4.5);
  });
  it.each(pairs(kEdges))('$on beside $ground, $scheme: edges have at least 3 : 1', ({ ratio }) => {
    expect(ratio).toBeGreaterThanOrEqual(3);
  });
});
