// What somebody sees who looks at the page for the first time: nothing cut, nothing that does not say what it is.
import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { candidateIds, go, importTable, kTable, openDesk, openPage, signIn, writeAnew, writeFirst, type Desk } from './desk';

const kPhone = { viewport: { width: 390, height: 844 } };
/** What stands in a view once it has what it shows. */
const kSigns = { export: '.empty, .card', data: 'td .chip', review: '.two article', batch: '.card', library: '.grid li', products: 'a.product' };
let desk: Desk;
beforeAll(async () => {
  desk = await openDesk();
  const { page } = await openPage(desk);
  await signIn(page, 'admin');
  await importTable(desk, page);
  await writeFirst(desk, page);
  await page.locator('[data-candidate="0"]').getByRole('button', { name: '选这条' }).click();
  await page.getByText('已送审核').waitFor();
  await page.context().close();
});
afterAll(() => desk.close());

async function speakEnglish(page: Page): Promise<void> {
  await page.evaluate(() => localStorage.setItem('vitrine.language', 'en'));
  await page.reload();
  await page.getByRole('navigation', { name: 'Main navigation' }).waitFor();
}
/** What stands out of the page on the right; columns of tables too narrow to read; tables that cannot be scrolled to their end. */
function cut(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    const named = (one: Element) => `${one.tagName} ${one.textContent?.trim().slice(0, 30)}`;
    const page = document.documentElement.scrollWidth > width ? [`the page is ${document.documentElement.scrollWidth} wide`] : [];
    const cells = [...document.querySelectorAll('main .table-wrap td')].filter((cell) => cell.textContent!.trim().length > 3 && cell.getBoundingClientRect().width < 60);
    const frames = [...document.querySelectorAll('main table')].filter((table) => {
      const frame = table.parentElement!;
      return table.getBoundingClientRect().width > frame.clientWidth + 1 && getComputedStyle(frame).overflowX !== 'auto';
    });
    return [...page, ...cells.map(named), ...frames.map(named)];
  });
}
/** English words that are broken in two, choices that their box cannot show, texts that run out of their box. */
function brokenWords(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const broken: string[] = [];
    const walker = document.createTreeWalker(document.querySelector('main')!, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const node = walker.currentNode as Text;
      if (node.parentElement!.closest('.mono, .sr-only, option')) continue;
      for (const match of node.data.matchAll(/[A-Za-z]{3,}/g)) {
        const range = document.createRange();
        range.setStart(node, match.index);
        range.setEnd(node, match.index + match[0].length);
        if (new Set([...range.getClientRects()].map((one) => Math.round(one.top))).size > 1) broken.push(match[0]);
      }
    }
    const pen = document.createElement('canvas').getContext('2d')!;
    const kArrow = 18;
    for (const select of document.querySelectorAll<HTMLSelectElement>('main select')) {
      const style = getComputedStyle(select);
      pen.font = style.font;
      const room = select.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight) - kArrow;
      const text = select.selectedOptions[0]?.text ?? '';
      if (pen.measureText(text).width > room) broken.push(`select ${text}`);
    }
    for (const one of document.querySelectorAll('main button, main label, main .chip, main th, main .candidate, main section')) {
      if (one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).display !== 'inline') broken.push(`box ${one.textContent!.trim().slice(0, 20)}`);
    }
    return broken;
  });
}

describe('on a telephone', () => {
  it('tables scroll in their own frame and nothing is cut, also before an import, in the audit trail and in English', async () => {
    const { page, faults } = await openPage(desk, kPhone);
    await signIn(page, 'admin');
    for (const language of ['zh', 'en']) {
      if (language === 'en') await speakEnglish(page);
      await go(desk, page, 'import');
      const table = readFileSync(kTable, 'utf8').trimEnd().split('\n').map((line, i) => `${line},${i ? '现货' : '备注'}`);
      const buffer = Buffer.from([...table, 'shop-013,小方巾,配饰,,面议,材质:棉,', 'shop-001,重复,配饰,,1,材质:棉,'].join('\n'));
      await page.locator('input[type=file]').setInputFiles({ name: 'shop.csv', mimeType: 'text/csv', buffer });
      await page.locator('main table').nth(1).waitFor();
      expect(await cut(page)).toEqual([]);
      await page.locator('.page-head button').click();
      await go(desk, page, 'settings');
      await page.getByRole('tab').last().click();
      await page.getByRole('row').nth(1).waitFor();
      expect(await cut(page)).toEqual([]);
      for (const [view, sign] of Object.entries(kSigns)) {
        await go(desk, page, view);
        await page.locator(sign).first().waitFor();
        expect([view, await cut(page)]).toEqual([view, []]);
      }
    }
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it('tabs beyond the edge are hinted at, and can be reached', async () => {
    const { page } = await openPage(desk, kPhone);
    await signIn(page, 'admin');
    await go(desk, page, 'products');
    const frame = page.locator('.frame', { has: page.getByRole('tablist') });
    await page.getByRole('tab', { name: /^全部/ }).waitFor();
    const hint = (place: '::before' | '::after') => frame.evaluate((one, place) => getComputedStyle(one, place).display, place);
    await expect.poll(() => hint('::after')).toBe('flex');
    expect(await hint('::before')).toBe('none');
    await page.getByRole('tab', { name: /^全部/ }).focus();
    for (let i = 0; i < 6; ++i) await page.keyboard.press('ArrowRight');
    await expect.poll(() => page.getByRole('tab', { name: /^已导出/ }).evaluate((tab) => tab.getBoundingClientRect().right <= innerWidth)).toBe(true);
    await expect.poll(() => hint('::before')).toBe('flex');
    await page.context().close();
  });
});

describe('in English on a wide screen', () => {
  it('no word is cut', async () => {
    const { page } = await openPage(desk);
    await signIn(page, 'admin');
    await speakEnglish(page);
    for (const [view, sign] of Object.entries({ ...kSigns, 'writer/shop-001': '.point', settings: '.narrow' })) {
      await go(desk, page, view);
      await page.locator(sign).first().waitFor();
      expect([view, await brokenWords(page)]).toEqual([view, []]);
    }
    await go(desk, page, 'writer/shop-001');
    await page.locator('[data-candidate="1"]').getByRole('button', { name: 'Score parts' }).click();
    await page.getByRole('region', { name: 'Score parts' }).waitFor();
    expect(await brokenWords(page)).toEqual([]);
    await page.context().close();
  });
  it('a note that was said in Chinese is English too', async () => {
    const { page } = await openPage(desk);
    await signIn(page, 'admin');
    await go(desk, page, 'settings');
    await page.context().setOffline(true);
    await page.getByRole('tab', { name: 'API 令牌' }).click();
    await page.getByLabel('用途').fill('x');
    await page.getByRole('button', { name: '新建令牌' }).click();
    const note = page.locator('.toast');
    await note.getByText('连不上服务器').waitFor();
    await page.getByRole('tab', { name: '我的账号' }).click();
    await page.getByText('English').click();
    await note.getByText('The server cannot be reached').waitFor();
    await note.getByRole('button').click();
    expect(await note.count()).toBe(0);
    await page.context().close();
  });
});

describe('the desk', () => {
  it('leaves no hole in the grid beside an open panel', async () => {
    const { page } = await openPage(desk);
    await signIn(page, 'admin');
    await writeFirst(desk, page);
    await page.locator('[data-candidate="1"]').getByRole('button', { name: '得分构成' }).click();
    await page.getByRole('region', { name: '得分构成' }).waitFor();
    const widestGap = () =>
      page.locator('[data-candidate]').evaluateAll((cards) => {
        const boxes = cards.map((card) => card.getBoundingClientRect());
        const below = (box: DOMRect) => boxes.filter((one) => one.left === box.left && one.top > box.top).map((one) => one.top - box.bottom);
        return Math.max(...boxes.flatMap((box) => (below(box).length ? Math.min(...below(box)) : [])));
      });
    await expect.poll(widestGap).toBeLessThan(20);
    const overlaps = await page.locator('[data-candidate]').evaluateAll((cards) => {
      const boxes = cards.map((card) => card.getBoundingClientRect());
      return boxes.some((a, i) => boxes.some((b, k) => i < k && a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom));
    });
    expect(overlaps).toBe(false);
    await page.context().close();
  });

  it('has the texts again when the page is loaded anew, and what was chosen of them', async () => {
    const { page, faults } = await openPage(desk);
    await signIn(page, 'admin');
    await writeFirst(desk, page);
    await page.locator('[data-candidate="1"]').getByRole('button', { name: '选这条' }).click();
    await page.getByText('已送审核').waitFor();
    const texts = () => page.locator('[data-candidate] p.text').allInnerTexts();
    const [ids, before] = [await candidateIds(page), await texts()];
    const chosen = await page.locator('.candidate.chosen').getAttribute('data-id');
    const other = ids.find((id) => id !== chosen);
    await page.reload();
    await expect.poll(async () => (await candidateIds(page)).toSorted()).toEqual(ids.toSorted());
    expect((await texts()).toSorted()).toEqual(before.toSorted());
    expect(await page.locator(`[data-id="${chosen}"]`).getByRole('button', { name: '已选' }).getAttribute('aria-pressed')).toBe('true');
    await page.locator(`[data-id="${other}"]`).getByRole('button', { name: '选这条' }).click();
    await page.getByText(/已选第 \d 条/).waitFor();
    expect(faults.filter((fault) => !fault.includes('409'))).toEqual([]);
    await page.context().close();
  });

  it('says that scores are those of the text before its edit', async () => {
    const { page } = await openPage(desk);
    await signIn(page, 'admin');
    await writeFirst(desk, page);
    const card = page.locator('[data-candidate="0"]');
    await card.getByRole('button', { name: '得分构成' }).click();
    const panel = card.getByRole('region', { name: '得分构成' });
    await panel.waitFor();
    expect(await panel.innerText()).not.toMatch(/修改前|-0\.00/);
    await card.getByRole('button', { name: '改一改' }).click();
    await card.getByRole('textbox').pressSequentially('好看。');
    await panel.getByText(/修改前/).waitFor();
    await page.context().close();
  });

  it('says how the table writes a word that a rule replaced', async () => {
    const { page } = await openPage(desk);
    await signIn(page, 'admin');
    await go(desk, page, 'writer/shop-001');
    const points = page.locator('.point', { hasText: '材质' });
    await points.waitFor();
    if ((await points.innerText()).includes('蚕丝')) expect(await points.innerText()).toContain('表中是“真丝”');
    await page.context().close();
  });

  it.skipIf(Boolean(process.env['VITRINE_PROGRAM']))('draws while it says that it draws, also when the page is loaded anew', async () => {
    const slow = await openDesk({ delayMs: 600 });
    const { page } = await openPage(slow);
    await signIn(page, 'admin');
    await importTable(slow, page);
    await go(slow, page, 'writer/shop-001');
    await page.getByRole('button', { name: /^画图/ }).click();
    await page.locator('figure').first().waitFor();
    expect(await page.locator('figure').first().innerText()).toBe('正在画…');
    await page.reload();
    await page.getByText(/^\d+\/\d+ 步$/).first().waitFor();
    await page.locator('figure').first().getByRole('button', { name: '选这张' }).waitFor();
    expect(await page.locator('figure').count()).toBe(4);
    await slow.close();
  });
});

describe('settings', () => {
  it('say that a change is kept', async () => {
    const { page } = await openPage(desk);
    await signIn(page, 'admin');
    await go(desk, page, 'settings');
    await page.getByRole('tab', { name: '店铺' }).click();
    const field = page.locator('.field', { has: page.getByLabel('店铺名称') });
    expect(await field.getByRole('status').innerText()).toBe('');
    await page.getByLabel('店铺名称').fill('北屿');
    await page.getByLabel('店铺名称').blur();
    await field.getByText('已保存').waitFor();
    expect(await page.getByText('已保存', { exact: true }).count()).toBe(1);
    await page.context().close();
  });
  it('tell the audit trail in words, and the record as it is when asked', async () => {
    const { page } = await openPage(desk);
    await signIn(page, 'admin');
    await go(desk, page, 'settings');
    await page.getByRole('tab', { name: '操作记录' }).click();
    const row = page.getByRole('row', { name: /修改店铺设置/ }).first();
    await row.waitFor();
    expect(await row.innerText()).toMatch(/店铺 北屿[\s\S]*名称 .+ → 北屿/);
    expect(await row.innerText()).not.toContain('{');
    await row.getByText('原始记录').click();
    expect(await row.innerText()).toContain('"name": "北屿"');
    await page.context().close();
  });
});

describe('the list of keys', () => {
  it('has every key that does something', async () => {
    const { page } = await openPage(desk);
    await signIn(page, 'admin');
    await go(desk, page, 'writer/shop-001');
    await writeAnew(page);
    await page.locator('h1').click();
    await page.keyboard.press('?');
    const keys = await page.getByRole('dialog').locator('dt').allInnerTexts();
    const shown = keys.map((one) => one.replace(/\s/g, ''));
    expect(shown).toEqual(expect.arrayContaining(['w', 'j', 'k', '1…9', '↵', 'e', 'r', 'x', ']', '[', 's', 'c', 'd', 'n', 'f', 'Esc', 'Ctrl↵', '↑↓', '?', '←→', 'gp', 'gs']));
    await page.context().close();
  });
});
