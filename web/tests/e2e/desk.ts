// desk.ts - a browser and a server for the end-to-end tests.
//   VITRINE_PROGRAM     the real program: each desk starts a server of its own; without it the server in memory of fake/ is started
//   VITRINE_URL         a running server with no products, instead of either
//   VITRINE_CHROMIUM    the browser, by default Debian's
//   VITRINE_PASSWORD    of the accounts writer, reviewer, admin; by default <name>-password
//   VITRINE_SCREENSHOTS a folder to keep pictures in
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { startFake } from '../../fake/server.mjs';
import { startProgram, type Program } from './program';

export const kTable = new URL('../../../examples/shop.csv', import.meta.url).pathname;
const kArguments = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

export interface Desk {
  url: string;
  browser: Browser;
  close: () => Promise<void>;
}
async function startServer(delayMs: number): Promise<Program> {
  const url = process.env['VITRINE_URL'];
  if (url) return { url, stop: async () => {} };
  const program = process.env['VITRINE_PROGRAM'];
  if (program) return startProgram(program);
  const fake = await startFake({ port: 0, delayMs });
  const stop = async () => {
    fake.server.closeAllConnections();
    fake.server.close();
  };
  return { url: fake.url, stop };
}
export async function openDesk({ delayMs = 20 } = {}): Promise<Desk> {
  const server = await startServer(delayMs);
  const browser = await chromium.launch({ executablePath: process.env['VITRINE_CHROMIUM'] ?? '/usr/bin/chromium', args: kArguments });
  const close = async () => {
    await browser.close();
    await server.stop();
  };
  return { url: server.url, browser, close };
}

/** A page that remembers what must not happen: errors, and requests that leave the server. */
export async function openPage(desk: Desk, options: BrowserContextOptions = {}): Promise<{ page: Page; faults: string[] }> {
  const context = await desk.browser.newContext({ viewport: { width: 1280, height: 860 }, locale: 'zh-CN', permissions: ['clipboard-read', 'clipboard-write'], reducedMotion: 'reduce', ...options });
  const page = await context.newPage();
  const faults: string[] = [];
  page.setDefaultTimeout(30_000); // the real program shares two cores with the browser
  page.on('pageerror', (error) => faults.push(String(error)));
  page.on('console', (message) => message.type() === 'error' && faults.push(`${message.text()} ${message.location().url}`));
  page.on('request', (request) => new URL(request.url()).origin !== new URL(desk.url).origin && faults.push(`left the server: ${request.url()}`));
  await page.goto(desk.url);
  return { page, faults };
}
export async function signIn(page: Page, name: 'writer' | 'reviewer' | 'admin'): Promise<void> {
  await page.getByLabel('账号').fill(name);
  await page.getByLabel('密码').fill(process.env['VITRINE_PASSWORD'] ?? `${name}-password`);
  await page.getByRole('button', { name: '登录' }).click();
  await page.getByRole('navigation', { name: '主导航' }).waitFor();
}
export async function go(desk: Desk, page: Page, view: string): Promise<void> {
  await page.goto(`${desk.url}#/${view}`);
}
export async function importTable(desk: Desk, page: Page): Promise<void> {
  await go(desk, page, 'import');
  await page.locator('input[type=file]').setInputFiles(kTable);
  await page.getByRole('button', { name: /导入 \d+ 件商品/ }).click();
  await page.getByText(/已导入 \d+ 件商品/).waitFor();
}
/** Opens the first product and waits for n finished candidates. */
export async function writeFirst(desk: Desk, page: Page, count = 4): Promise<void> {
  await go(desk, page, 'products');
  await page.locator('a.product').first().click();
  await writeAnew(page, count);
}
export function candidateIds(page: Page): Promise<(string | undefined)[]> {
  return page.locator('[data-candidate]').evaluateAll((cards) => cards.map((card) => (card as HTMLElement).dataset['id']));
}
/** Asks for texts and waits until those that stood there have gone and n others are finished. */
export async function writeAnew(page: Page, count = 4): Promise<void> {
  const write = page.getByRole('button', { name: /^(重新生成|生成|Write)/, disabled: false }).first();
  await write.waitFor();
  const former = await candidateIds(page);
  await write.click();
  await page.waitForFunction(
    ([former, count]) => {
      const ids = [...document.querySelectorAll<HTMLElement>('[data-candidate]')].map((card) => card.dataset['id']);
      return ids.length === count && ids.every((id) => id && !former.includes(id));
    },
    [former, count] as const,
    { timeout: 60_000 },
  );
  await page.getByRole('button', { name: /^(重新生成|Write anew)/ }).waitFor(); // the job has ended: their order stays
}
export async function keepPicture(page: Page, name: string): Promise<void> {
  const folder = process.env['VITRINE_SCREENSHOTS'];
  if (folder) await page.screenshot({ path: `${folder}/writer-${name}.png` });
}
