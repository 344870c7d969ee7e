import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { inflateRawSync } from 'node:zlib';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { go, keepPicture, kTable, openDesk, openPage, signIn, writeAnew, writeFirst, type Desk } from './desk';

const kReal = Boolean(process.env['VITRINE_PROGRAM']);  // then no text is known before
const kDrawingMs = 90_000;  // four pictures, each drawn up to three times, on a machine that does other things too
const kLabel = '（本文由AI生成）';
let desk: Desk;
beforeAll(async () => {
  desk = await openDesk();
});
afterAll(() => desk.close());

/** The text of a download, or of the first file in a ZIP archive. */
function firstFile(bytes: Buffer): string {
  if (bytes.toString('latin1', 0, 2) !== 'PK') return bytes.toString('utf8');
  const begin = 30 + bytes.readUInt16LE(26) + bytes.readUInt16LE(28);  // behind the local header, its name and its extra field
  const isStored = bytes.readUInt16LE(8) === 0;
  return (isStored ? bytes.subarray(begin) : inflateRawSync(bytes.subarray(begin))).toString('utf8');
}

/** Drops a file on the page as a person does. */
async function drop(page: Page, name: string, content: string): Promise<void> {
  const data = await page.evaluateHandle(([name, content]) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([content!], name!, { type: 'text/csv' }));
    return transfer;
  }, [name, content]);
  await page.locator('.drop').dispatchEvent('drop', { dataTransfer: data });
}

/** Asks the server past the page to decide the open review; its code where it refuses. */
function decideByHand(page: Page, decision: string): Promise<string> {
  return page.evaluate(async (decision) => {
    const session = await (await fetch('/api/v1/session')).json();
    const { items } = await (await fetch('/api/v1/reviews?state=pending')).json();
    const review = items.find((one: { text?: string }) => one.text !== undefined);
    const headers = { 'Content-Type': 'application/json', 'X-CSRF-Token': session.csrf_token };
    const answer = await fetch(`/api/v1/reviews/${review.id}/decisions`, { method: 'POST', headers, body: JSON.stringify({ decision }) });
    return (await answer.json()).code ?? '';
  }, decision);
}

describe('the whole way', () => {
  let writer: Page;
  let faults: string[];
  const edited = '墨绿色真丝连衣裙，七分袖，v领。墨绿色低调耐看，七分袖从早秋穿到初春，v领衬出颈部线条，显瘦的版型不挑人，知性的风格，通勤和约会都合适，一件就能出门。';

  beforeAll(async () => {
    ({ page: writer, faults } = await openPage(desk));
    await signIn(writer, 'writer');
  });

  it('begins with what to do first', async () => {
    await writer.getByRole('heading', { name: '还没有商品' }).waitFor();
    await writer.getByRole('link', { name: '导入商品表' }).click();
    await writer.getByRole('heading', { name: '把商品表拖到这里' }).waitFor();
  });

  it('imports a table by drag and drop, after a look at columns and faults', async () => {
    const table = readFileSync(kTable, 'utf8').trimEnd().split('\n').map((line, i) => `${line},${i ? '现货' : '备注'}`);
    await drop(writer, 'shop.csv', [...table, 'shop-013,小方巾,配饰,,面议,材质:棉,', 'shop-001,重复,配饰,,1,材质:棉,'].join('\n'));
    await writer.getByLabel('“备注”变成').selectOption({ label: '忽略' });
    await expect.poll(() => writer.getByRole('row', { name: /备注/ }).innerText()).toContain('手动');
    expect(await writer.getByRole('row', { name: /15 商品ID/ }).innerText()).toContain('编号重复');
    expect(await writer.getByRole('row', { name: /面议/ }).innerText()).toContain('数字不对');
    await keepPicture(writer, 'import');
    await writer.getByRole('button', { name: '导入 13 件商品' }).click();
    await writer.getByText('已导入 13 件商品').waitFor();
  });

  it('finds products by search and state', async () => {
    await go(desk, writer, 'products');
    await writer.getByLabel('搜索标题、编号、类目或属性').fill('榉木');
    await expect.poll(() => writer.locator('a.product').allInnerTexts()).toHaveLength(1);
    await writer.getByRole('tab', { name: /已导出/ }).click();
    await writer.getByText('没有找到').waitFor();
  });

  it('plans with points that are dragged, pinned and dropped', async () => {
    await go(desk, writer, 'writer/shop-001');
    const points = writer.locator('.point');
    const moved = await points.nth(3).innerText();
    await points.nth(3).dragTo(points.nth(0));
    await expect.poll(() => points.first().innerText()).toBe(moved);
    await writer.getByRole('button', { name: /^固定“(蚕丝|真丝)”/ }).click();
    await writer.getByRole('button', { name: '不写“知性”' }).click();
    await writer.getByRole('button', { name: '恢复“知性”' }).waitFor();
    expect(await points.allInnerTexts()).not.toContain('知性');
  });

  it('writes candidates under the notice, and each place of a text tells its evidence', async () => {
    await writer.getByRole('button', { name: /^生成/ }).first().click();
    await expect.poll(() => writer.locator('[data-candidate] footer').count()).toBe(4);
    expect(await writer.locator('[data-candidate] [data-generated-notice]').count()).toBe(4);
    await writer.locator('[data-candidate="0"] [data-mark]', { hasText: /蚕丝|真丝/ }).first().click();
    expect(await writer.getByRole('region', { name: '检查结果' }).innerText()).toMatch(/材质：(蚕丝|真丝)/);
  });

  it.skipIf(kReal)('tells the law where a rule is hit, and takes its advice', async () => {
    const card = writer.locator('[data-candidate]', { hasText: '完美' });
    await card.locator('[data-mark]', { hasText: '完美' }).click();
    expect(await card.getByRole('region', { name: '检查结果' }).innerText()).toContain('《广告法》第 9(3) 条');
    await card.getByRole('button', { name: '删去这个词' }).click();
    await expect.poll(() => writer.locator('[data-candidate]', { hasText: '完美' }).count()).toBe(0);
  });

  it('regenerates one and keeps the others', async () => {
    const texts = () => writer.locator('[data-candidate] p.text').allInnerTexts();
    const before = await texts();
    await writer.locator('[data-candidate="2"]').getByRole('button', { name: '只换这一条' }).click();
    await expect.poll(async () => (await texts())[2]).not.toBe(before[2]);
    await expect.poll(() => writer.locator('[data-candidate] footer').count()).toBe(4);
    const after = await texts();
    expect([after[0], after[1], after[3]]).toEqual([before[0], before[1], before[3]]);
  });

  it('checks an edit while it is written, and picks it', async () => {
    const card = writer.locator('[data-candidate="1"]');
    await card.getByRole('button', { name: '选这条' }).click();
    await card.getByText('已选', { exact: true }).first().waitFor();
    await card.getByRole('button', { name: '改一改' }).click();
    const box = card.getByRole('textbox', { name: '修改文案' });
    await box.fill('全网最低的连衣裙');
    await card.getByText('不能发布').waitFor();
    await box.fill(edited);
    await card.getByText('未命中规则').waitFor();
    await card.getByRole('button', { name: /保存/ }).click();
    await expect.poll(() => card.locator('p.text').innerText()).toBe(edited);
  });

  it('copies the labelled text', async () => {
    await writer.locator('[data-candidate="1"]').getByRole('button', { name: '复制（带标识）' }).click();
    await writer.getByText('已复制，带 AI 标识').waitFor();
    expect(await writer.evaluate(() => navigator.clipboard.readText())).toBe(edited + kLabel);
  });

  it('draws pictures with size and defects, and one is picked', async () => {
    await writer.getByRole('button', { name: /画图/ }).click();
    await expect.poll(() => writer.locator('figure button').count(), { timeout: kDrawingMs }).toBe(4);
    expect(await writer.locator('figure').last().innerText()).toMatch(kReal ? /\d+×\d+\s+(概念图|缩略图|可上架)/ : /512×512\s+概念图\s+模糊/);
    await writer.locator('figure').first().getByRole('button').click();
    await writer.getByText('已选这张图，送去审核').waitFor();
    await keepPicture(writer, 'desk');
  }, 2 * kDrawingMs);

  it('lets no writer approve', async () => {
    await go(desk, writer, 'review');
    await writer.getByText('只有审核员可以通过或退回。').waitFor();
    expect(await writer.getByRole('button', { name: /^通过/ }).isDisabled()).toBe(true);
  });

  it('is not approved by whoever has edited it', async () => {
    const { page } = await openPage(desk);
    await signIn(page, 'admin');
    await go(desk, page, 'review');
    await page.locator('.item', { hasText: edited }).click();
    await page.getByRole('button', { name: /^改一改/ }).click();
    const box = page.getByRole('textbox', { name: '修改文案' });
    await box.fill(edited.replace('低调', '沉静'));
    await page.getByRole('button', { name: /^保存/ }).click();
    await page.getByText('本店不许通过自己选过或改过的文案').waitFor();
    expect(await page.getByRole('button', { name: /^通过/ }).isDisabled()).toBe(true);
    await page.getByRole('button', { name: /^改一改/ }).click();
    await box.fill(edited);
    await page.getByRole('button', { name: /^保存/ }).click();
    await page.locator('.item', { hasText: edited }).waitFor();
    expect(await decideByHand(page, 'approve')).toBe('own_work');
    await page.context().close();
  });

  it('is approved by a reviewer who sees the evidence', async () => {
    const { page, faults } = await openPage(desk);
    await signIn(page, 'reviewer');
    await go(desk, page, 'review');
    await page.locator('.item', { hasText: edited }).click();
    await page.getByRole('row', { name: /颜色 墨绿色 依据/ }).waitFor();
    await keepPicture(page, 'review');
    await page.getByRole('button', { name: /^通过/ }).click();
    await page.getByRole('tab', { name: '已通过 1' }).waitFor();
    expect(faults).toEqual([]);
  });

  it('ends in a file that holds the edited text with its label', async () => {
    await go(desk, writer, 'export');
    const make = writer.getByRole('button', { name: '导出 1 条' });
    await make.waitFor();
    await keepPicture(writer, 'export');
    await make.click();
    const link = writer.getByRole('link', { name: '下载' });
    await link.waitFor();
    const [download] = await Promise.all([writer.waitForEvent('download'), link.click()]);
    expect(firstFile(await readFile(await download.path()))).toContain(edited + kLabel);
    await go(desk, writer, 'products');
    await writer.getByRole('tab', { name: '已导出 1' }).waitFor();
  });

  it('caused no error and asked nobody else', () => {
    expect(faults).toEqual([]);
  });
});

describe('what else a writer does', () => {
  it('says why none is good, keeps a preset and finds the settings of a text again', async () => {
    const { page, faults } = await openPage(desk);
    await signIn(page, 'writer');
    await go(desk, page, 'writer/shop-002');
    await page.getByText('小红书', { exact: true }).first().click();
    await page.getByRole('button', { name: '存为预设' }).click();
    await page.getByLabel('名称').fill('秋季笔记');
    await page.getByRole('dialog').getByRole('button', { name: '保存' }).click();
    await page.getByText('已存为预设“秋季笔记”').waitFor();
    await writeAnew(page);
    const first = await page.locator('[data-candidate="0"] p.text').innerText();
    await page.getByRole('button', { name: /^都不合适/ }).click();
    await page.getByRole('button', { name: '语气不对' }).click();
    await page.getByRole('button', { name: '提交' }).click();
    await page.getByText('已记下，谢谢').first().waitFor();

    await go(desk, page, 'library');
    await page.getByLabel('搜索文字、商品').fill('style=xiaohongshu');
    await page.locator('li', { hasText: first.slice(0, 12) }).getByRole('button', { name: '用这组设置' }).first().click();
    await page.getByText(/将用原来的种子/).waitFor();
    await writeAnew(page);
    expect(await page.locator('[data-candidate] p.text').allInnerTexts()).toContain(first);
    expect(faults).toEqual([]);
  });

  it('speaks English when asked', async () => {
    const { page, faults } = await openPage(desk);
    await page.getByText('English').click();
    await page.getByRole('heading', { name: 'Sign in to AI Writer' }).waitFor();
    expect(await page.evaluate(() => document.documentElement.lang)).toBe('en');
    await page.reload();
    await page.getByRole('heading', { name: 'Sign in to AI Writer' }).waitFor();
    expect(faults).toEqual([]);
  });

  it('hears why signing in failed', async () => {
    const { page } = await openPage(desk);
    await page.getByLabel('账号').fill('writer');
    await page.getByLabel('密码').fill('wrong');
    await page.getByRole('button', { name: '登录' }).click();
    expect(await page.getByRole('alert').innerText()).toBe('账号或密码不对。');
  });

  it('signs in again when the session is over, and finds the desk as it was', async () => {
    const { page } = await openPage(desk);
    await signIn(page, 'writer');
    await writeFirst(desk, page);
    const texts = await page.locator('[data-candidate] p.text').allInnerTexts();
    await page.context().clearCookies();
    await page.locator('[data-candidate="0"]').getByRole('button', { name: '选这条' }).click();
    await page.getByText('请重新登录').waitFor();
    await signIn(page, 'writer');
    expect(await page.locator('[data-candidate] p.text').allInnerTexts()).toEqual(texts);
    await page.locator('[data-candidate="0"]').getByRole('button', { name: '选这条' }).click();
    await page.getByText('已送审核').waitFor();
  });

  it('keeps the desk and says so when the server is gone', async () => {
    const { page } = await openPage(desk);
    await signIn(page, 'writer');
    await writeFirst(desk, page);
    await page.context().setOffline(true);
    await page.locator('[data-candidate="0"]').getByRole('button', { name: '选这条' }).click();
    await page.getByText('连不上服务器').waitFor();
    await page.context().setOffline(false);
    await page.locator('[data-candidate="0"]').getByRole('button', { name: '选这条' }).click();
    await page.getByText('已送审核').waitFor();
  });
});
