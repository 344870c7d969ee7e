import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { go, importTable, keepPicture, openDesk, openPage, signIn, type Desk } from './desk';

const kReal = Boolean(process.env['VITRINE_PROGRAM']);  // the fake has rounds and picks of many weeks
let desk: Desk;
let page: Page;
let faults: string[];
beforeAll(async () => {
  desk = await openDesk({ delayMs: 400 });
  ({ page, faults } = await openPage(desk));
  await signIn(page, 'admin');
  await importTable(desk, page);
});
afterAll(async () => {
  await desk.close();
  expect(faults).toEqual([]);
});

describe('a batch', () => {
  it('says first what it takes, is stopped, goes on, and writes each product once', async () => {
    await go(desk, page, 'batch');
    await page.getByRole('button', { name: '试算' }).click();
    await page.getByRole('button', { name: '开始写 12 条' }).waitFor();
    await keepPicture(page, 'batch');
    await page.getByRole('button', { name: '开始写 12 条' }).click();
    await page.getByText(/^[2-9] \/ 12/).waitFor();
    await page.getByRole('button', { name: '停止' }).click();
    await page.getByRole('button', { name: /从第 \d+ 条继续/ }).click();
    await page.getByRole('link', { name: '去审核' }).click();
    await page.getByRole('tab', { name: '待审核 12' }).waitFor();
    const titles = await page.locator('.item strong').allInnerTexts();
    expect(new Set(titles).size).toBe(12);
  });
  it('forgets its estimate when settings change', async () => {
    await go(desk, page, 'batch');
    await page.getByLabel('只写空的').uncheck();
    await page.getByRole('button', { name: '试算' }).click();
    await page.getByRole('button', { name: '开始写 12 条' }).waitFor();
    await page.getByLabel('只写空的').check();
    await page.getByRole('button', { name: '试算' }).waitFor();
  });
});

describe.skipIf(kReal)('the data page', () => {
  it('shows what operators do', async () => {
    await go(desk, page, 'data');
    await page.getByText('82.0%').waitFor();
    await page.getByRole('row', { name: /风格 · 小红书/ }).waitFor();
    await keepPicture(page, 'data');
  });
  it('promotes what passed its gate, and rolls back', async () => {
    const row = page.getByRole('row', { name: /copy-round-3/ });
    await row.getByRole('button', { name: '通过' }).click();
    expect(await page.getByRole('dialog').innerText()).toMatch(/535 件[\s\S]*胜率[\s\S]*58\.4%[\s\S]*无依据说法[\s\S]*-1\.3% 至 0\.6%/);
    await page.keyboard.press('Escape');
    await row.getByRole('button', { name: '上线' }).click();
    await row.getByText('在用').waitFor();
    await row.getByRole('button', { name: '退回上一个' }).click();
    await page.getByText('已退回，现在用 copy-round-2').waitFor();
  });
  it('starts a round', async () => {
    await page.getByRole('button', { name: '开始训练' }).click();
    const row = page.getByRole('row', { name: /copy-round-4/ });
    await row.waitFor();
    await row.getByRole('button', { name: '通过' }).waitFor(); // its gate follows by itself
    await row.getByRole('button', { name: '上线' }).waitFor();
  });
});

describe('settings', () => {
  it('make a token whose secret is shown once', async () => {
    await go(desk, page, 'settings');
    await page.getByRole('tab', { name: 'API 令牌' }).click();
    await page.getByLabel('用途').fill('ERP');
    await page.getByRole('button', { name: '新建令牌' }).click();
    await page.getByText(/^vt_/).waitFor();
    await page.getByRole('tab', { name: '店铺' }).click();
    await page.getByRole('tab', { name: 'API 令牌' }).click();
    await page.getByRole('row', { name: /ERP/ }).waitFor();
    expect(await page.getByText(/^vt_/).count()).toBe(0);
  });
  it('add somebody who can then sign in', async () => {
    await page.getByRole('tab', { name: '成员' }).click();
    await page.getByLabel('姓名').fill('second');
    await page.getByLabel('初始密码').fill('second-password');
    await page.getByRole('button', { name: '添加' }).click();
    await page.getByRole('row', { name: /second/ }).waitFor();
    await page.getByRole('tab', { name: '操作记录' }).click();
    await page.getByRole('row', { name: /添加成员/ }).first().waitFor();
    const other = await openPage(desk);
    await other.page.getByLabel('账号').fill('second');
    await other.page.getByLabel('密码').fill('second-password');
    await other.page.getByRole('button', { name: '登录' }).click();
    await other.page.getByRole('navigation', { name: '主导航' }).waitFor();
    expect(await other.page.getByRole('link', { name: '数据' }).count()).toBe(0);
  });
  it('change the own password with the current one', async () => {
    await page.getByRole('tab', { name: '我的账号' }).click();
    const save = page.getByRole('button', { name: '保存' });
    await page.getByLabel('新密码').fill('admin-password');
    expect(await save.isDisabled()).toBe(true);
    await page.getByLabel('当前密码').fill('admin-password');
    await save.click();
    await page.getByText('已保存').first().waitFor();
    expect(await page.getByLabel('当前密码').inputValue()).toBe('');
  });
});
