// settings.svelte.ts - shop, accounts, tokens, audit trail.
import * as api from '../api/client';
import type { AuditEntry, Role, Shop, Token, User } from '../api/types';
import { attempt, say } from './notices.svelte';
import { Resource } from './resource.svelte';
import { session, setShop } from './session.svelte';
import { t } from './words.svelte';

export class SettingsDesk {
  readonly users = new Resource<User[]>(async () => (await api.listUsers()).items);
  readonly tokens = new Resource<Token[]>(async () => (await api.listTokens()).items);
  readonly audit = new Resource<AuditEntry[]>(async () => (await api.listAudit({ limit: 100 })).items);
  secret = $state(''); // of the token just made; shown once

  async changeShop(part: Partial<Omit<Shop, 'id' | 'currency'>>): Promise<void> {
    const shop = await attempt(() => api.changeShop(part));
    if (!shop) return;
    setShop(shop);
    say(t('common.saved'));
  }
  async changePassword(password: string): Promise<boolean> {
    const changed = await attempt(() => api.changeUser(session().user.id, { password }));
    if (changed) say(t('common.saved'));
    return changed !== undefined;
  }
  async addUser(name: string, password: string, role: Role): Promise<boolean> {
    const user = await attempt(() => api.addUser({ name, password, role }));
    await this.users.load();
    return user !== undefined;
  }
  async changeUser(user: User, part: { role?: Role; active?: boolean }): Promise<void> {
    if (await attempt(() => api.changeUser(user.id, part))) say(t('common.saved'));
    await this.users.load();
  }
  async addToken(name: string): Promise<void> {
    const token = await attempt(() => api.addToken(name));
    this.secret = token?.secret ?? '';
    await this.tokens.load();
  }
  async removeToken(token: Token): Promise<void> {
    await attempt(() => api.removeToken(token.id));
    await this.tokens.load();
  }
}
export const settingsDesk = new SettingsDesk();
