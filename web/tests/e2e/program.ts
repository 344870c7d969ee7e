// program.ts - the real program as the server of a test: `vitrine serve` with a folder of its own, and the accounts that tests sign in with.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const kStartMs = 60_000;

export interface Program {
  url: string;
  stop: () => Promise<void>;
}

/** The address that the program prints once it listens. */
async function addressOf(child: ChildProcess): Promise<string> {
  let said = '';
  return new Promise((resolve, reject) => {
    const give = (why: string) => reject(new Error(`vitrine serve ${why}: ${said}`));
    const timer = setTimeout(() => give('did not start'), kStartMs);
    const hear = (chunk: Buffer) => {
      said += chunk.toString();
      const address = /http:\/\/127\.0\.0\.1:\d+/.exec(said)?.[0];
      if (!address) return;
      clearTimeout(timer);
      resolve(address);
    };
    child.stdout!.on('data', hear);
    child.stderr!.on('data', hear);
    child.once('exit', (code) => give(`ended with ${code}`));
  });
}

/** Accounts, and the provider whose name every label holds. */
async function furnish(url: string): Promise<void> {
  const headers: Record<string, string> = { 'Content-Type': 'application/json' };
  const send = async (method: string, path: string, body: object): Promise<Response> => {
    const response = await fetch(`${url}/api/v1/${path}`, { method, headers, body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return response;
  };
  const session = await send('POST', 'session', { name: 'admin', password: 'admin-password' });
  headers['Cookie'] = session.headers.getSetCookie()[0]!.split(';')[0]!;
  headers['X-CSRF-Token'] = ((await session.json()) as { csrf_token: string }).csrf_token;
  for (const name of ['writer', 'reviewer']) await send('POST', 'users', { name, password: `${name}-password`, role: name });
  await send('PATCH', 'shop', { producer: '91310000XXXXXXXXXX' });
}

export async function startProgram(program: string): Promise<Program> {
  const data = await mkdtemp(join(tmpdir(), 'vitrine-page-'));
  const child = spawn(program, ['serve', '--port', '0', '--data', data], { env: { ...process.env, VITRINE_ADMIN_PASSWORD: 'admin-password' } });
  const stop = async () => {
    if (child.exitCode === null) {
      child.kill('SIGTERM');
      await once(child, 'exit');
    }
    await rm(data, { recursive: true, force: true });
  };
  try {
    const url = await addressOf(child);
    await furnish(url);
    return { url, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
