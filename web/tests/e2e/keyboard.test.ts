import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { kTable, openDesk, openPage, type Desk } from './desk';

let desk: Desk;
beforeAll(async () => {
  desk = await openDesk();
});
afterAll(() => desk.close());

async function press(page: Page, ...keys: string[]): Promise<void> {
  for (const key of keys) await page.keyboard.press(key);
}
const focused = (page: Page) => page.evaluate(() => document.activeElement?.textContent?.trim() ?? '');
/** Goes on with the tab key until something with this text has the focus. */
async function tabTo(page: Page, text: string | RegExp): Promise<void> {
  for (let i = 0; i < 80; ++i) {
    const now = await focused(page);
    if (typeof text === 'string' ? now.includes(text) && now.length < text.length + 30 : text.test(now)) return;
    await press(page, 'Tab');
  }
  throw new Error(`no ${text} within reach of the tab key`);
}
async function tabToGrip(page: Page): Promise<void> {
  for (let i = 0; i < 80 && !(await page.evaluate(() => document.activeElement?.hasAttribute('data-grip'))); ++i) await press(page, 'Tab');
}
async function signInByKeys(page: Page, name: string): Promise<void> {
  await page.getByRole('heading', { name: '登录 AI 写手' }).waitFor();
  await press(page, 'Tab');
  await page.keyboard.type(name);
  await press(page, 'Tab');
  await page.keyboard.type(process.env['VITRINE_PASSWORD'] ?? `${name}-password`);
  await press(page, 'Enter');
  await page.getByRole('navigation', { name: '主导航' }).waitFor();
}

it('goes the whole way without a mouse', async () => {
  const { page, faults } = await openPage(desk);
  page.on('filechooser', (chooser) => void chooser.setFiles(kTable)); // the system's own dialog is no part of the page
  await signInByKeys(page, 'reviewer');

  await press(page, 'g', 'i');
  await page.getByRole('heading', { name: '导入商品表' }).waitFor();
  await tabTo(page, '选择文件');
  await press(page, 'Enter');
  await page.getByRole('button', { name: /导入 12 件商品/ }).waitFor();
  await tabTo(page, '导入 12 件商品');
  await press(page, 'Enter');
  await page.getByText('已导入 12 件商品').waitFor();

  await press(page, 'g', 'p');
  await page.locator('a.product').first().waitFor();
  await tabTo(page, /^北屿真丝V领连衣裙/);
  await press(page, 'Enter');
  await page.locator('.point').first().waitFor();

  const points = page.locator('.point');
  await tabToGrip(page);
  await press(page, 'ArrowDown');
  await expect.poll(async () => (await points.nth(1).innerText()).replace(/\s+/g, ' ')).toMatch(/材质 (蚕丝|真丝)/);

  await press(page, 'w');
  await expect.poll(() => page.locator('[data-candidate] footer').count()).toBe(4);
  await press(page, '3', ']');
  expect(await page.evaluate(() => document.activeElement?.hasAttribute('data-mark'))).toBe(true);
  await press(page, 'Enter');
  await page.getByRole('region', { name: '检查结果' }).waitFor();
  await press(page, '2', 'e');
  await page.keyboard.type('键盘写的。');
  await press(page, 'Control+Enter');
  await press(page, 's');
  await page.getByRole('region', { name: '得分构成' }).waitFor();
  await press(page, '2', 'Enter');
  await page.getByText('已选第 2 条，送去审核').waitFor();

  await press(page, '?');
  await page.getByRole('dialog', { name: '键盘操作' }).waitFor();
  await press(page, 'Escape');
  await press(page, 'g', 'r');
  await page.getByText('本店不许通过自己选过或改过的文案').waitFor();
  await press(page, 'g', 's');
  await tabTo(page, '退出登录');
  await Promise.all([page.waitForEvent('load'), press(page, 'Enter')]);

  await signInByKeys(page, 'admin');
  await press(page, 'g', 'r');
  await page.getByText(/键盘写的。/).first().waitFor();
  await page.getByRole('button', { name: /^通过/, disabled: false }).waitFor();
  await press(page, 'a');
  await page.getByRole('tab', { name: '已通过 1' }).waitFor();

  await press(page, 'g', 'e');
  await page.getByRole('button', { name: '导出 1 条' }).waitFor();
  await tabTo(page, '导出 1 条');
  await press(page, 'Enter');
  await page.getByRole('link', { name: '下载' }).waitFor();
  await tabTo(page, '下载');
  const [download] = await Promise.all([page.waitForEvent('download'), press(page, 'Enter')]);
  expect(download.suggestedFilename()).toMatch(/\.zip$/);
  expect(faults).toEqual([]);
});
