// settings.svelte.ts - shop, accounts, tokens, audit trail.
import * as api from '../api/client';
import type { AuditEntry, Role, Shop, Token, User } from '../api/types';
import { attempt, say } from './notices.svelte';
import { Resource } from './resource.svelte';
import { mayAct, session, setShop } from './session.svelte';
import { t } from './words.svelte';

const kSavedMs = 4000;
const kAuditPage = 100;
export type ShopPart = Partial<Omit<Shop, 'id' | 'currency'>>;

export class SettingsDesk {
  readonly users = new Resource<User[]>(async () => (await api.listUsers()).items);
  readonly tokens = new Resource<Token[]>(async () => (await api.listTokens()).items);
  readonly audit = new Resource<AuditEntry[]>(() => this.firstAudit());
  moreAudit = $state<string>();
  secret = $state(''); // of the token just made; shown once
  saved = $state(''); // the field of the shop that was kept just now
  private savedTimer: ReturnType<typeof setTimeout> | undefined;

  /** Names of what entries of the trail are about, where this user may know them. */
  get subjectNames(): Map<string, string> {
    return new Map((this.users.value ?? []).map((user) => [`user:${user.id}`, user.name]));
  }
  async loadAudit(): Promise<void> {
    await Promise.all([this.audit.load(), mayAct('admin') ? this.users.load() : undefined]);
  }
  private async firstAudit(): Promise<AuditEntry[]> {
    const page = await api.listAudit({ limit: kAuditPage });
    this.moreAudit = page.next;
    return page.items;
  }
  async loadMoreAudit(): Promise<void> {
    const page = await attempt(() => api.listAudit({ limit: kAuditPage, cursor: this.moreAudit }));
    if (page) [this.audit.value, this.moreAudit] = [[...(this.audit.value ?? []), ...page.items], page.next];
  }

  /** Keeps a part of the shop's settings; `field` has the sign of it for a while. */
  async changeShop(field: string, part: ShopPart): Promise<void> {
    this.saved = '';
    const shop = await attempt(() => api.changeShop(part));
    if (!shop) return;
    setShop(shop);
    this.saved = field;
    clearTimeout(this.savedTimer);
    this.savedTimer = setTimeout(() => (this.saved = ''), kSavedMs);
  }
  async changePassword(current_password: string, password: string): Promise<boolean> {
    const changed = await attempt(() => api.changeUser(session().user.id, { current_password, password }));
    if (changed) say(() => t('common.saved'));
    return changed !== undefined;
  }
  async addUser(name: string, password: string, role: Role): Promise<boolean> {
    const user = await attempt(() => api.addUser({ name, password, role }));
    await this.users.load();
    return user !== undefined;
  }
  async changeUser(user: User, part: { role?: Role; active?: boolean }): Promise<void> {
    if (await attempt(() => api.changeUser(user.id, part))) say(() => t('common.saved'));
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
