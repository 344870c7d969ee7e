import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { go, importTable, keepPicture, openDesk, openPage, signIn, writeFirst, type Desk } from './desk';

const kViews = ['products', 'import', 'writer', 'batch', 'review', 'export', 'library', 'data', 'settings'];
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

/** What stands out of the page on the right, with its text. */
function overflow(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const root = document.documentElement;
    if (root.scrollWidth <= root.clientWidth) return [];
    return [...document.querySelectorAll('main *')].filter((one) => one.getBoundingClientRect().right > root.clientWidth + 1).map((one) => `${one.tagName} ${one.textContent?.slice(0, 30)}`).slice(0, 5);
  });
}
/** Controls without a name that a screen reader could say. */
function nameless(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>('main button, main a, main input, main select, main textarea')]
      .filter((one) => !one.textContent?.trim() && !one.getAttribute('aria-label') && !(one as HTMLInputElement).labels?.length)
      .map((one) => one.outerHTML.slice(0, 120)),
  );
}

describe.each([
  { name: 'wide, light', width: 1280, height: 860, colorScheme: 'light' as const },
  { name: 'wide, dark', width: 1280, height: 860, colorScheme: 'dark' as const },
  { name: 'narrow, light', width: 390, height: 844, colorScheme: 'light' as const },
  { name: 'narrow, dark', width: 390, height: 844, colorScheme: 'dark' as const },
])('$name', ({ width, height, colorScheme }) => {
  it('every view fits, has names for its controls and makes no error', async () => {
    const { page, faults } = await openPage(desk, { viewport: { width, height }, colorScheme });
    await signIn(page, 'admin');
    const suffix = `${width < 800 ? 'narrow' : 'wide'}-${colorScheme}`;
    for (const view of kViews) {
      await go(desk, page, view);
      await page.waitForLoadState('networkidle');
      expect([view, await overflow(page)]).toEqual([view, []]);
      expect([view, await nameless(page)]).toEqual([view, []]);
      await keepPicture(page, `${view}-${suffix}`);
    }
    await writeFirst(desk, page);
    expect(await overflow(page)).toEqual([]);
    await keepPicture(page, `candidates-${suffix}`);
    const paper = await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    expect(paper).toBe(colorScheme === 'dark' ? 'rgb(21, 22, 20)' : 'rgb(246, 245, 241)');
    expect(faults).toEqual([]);
    await page.context().close();
  });
});

it('the switch is stronger than what the system says', async () => {
  const { page } = await openPage(desk, { colorScheme: 'light' });
  await page.getByText('深色').click();
  await expect.poll(() => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor)).toBe('rgb(21, 22, 20)');
});

it('the focus is seen', async () => {
  const { page } = await openPage(desk);
  await page.getByRole('heading', { name: '登录 AI 写手' }).waitFor();
  await page.keyboard.press('Tab');
  expect(await page.evaluate(() => getComputedStyle(document.activeElement!).outlineWidth)).not.toBe('0px');
});
