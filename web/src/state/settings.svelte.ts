// settings.svelte.ts - shop, accounts, tokens, audit trail.
import * as api from '../api/client';
import type { AuditEntry, Role, Shop, Token, User } from '../api/types';
import { attempt, dismissErrors, say } from './notices.svelte';
import { Resource } from './resource.svelte';
import { mayAct, session, setShop } from './session.svelte';
import { t } from './words.svelte';

const kSavedMs = 4000;
const kAuditPage = 100;
const kReviewPage = 200;
const kReviewPages = 5;
export type ShopPart = Partial<Omit<Shop, 'id' | 'currency'>>;

/** What an error said before does not stand beside what is kept now. */
function anew<T>(action: () => Promise<T>): Promise<T | undefined> {
  dismissErrors();
  return attempt(action);
}

export class SettingsDesk {
  readonly users = new Resource<User[]>(async () => (await api.listUsers()).items);
  readonly tokens = new Resource<Token[]>(async () => (await api.listTokens()).items);
  readonly audit = new Resource<AuditEntry[]>(() => this.firstAudit());
  moreAudit = $state<string>();
  secret = $state(''); // of the token just made; shown once
  saved = $state(''); // the field of the shop that was kept just now
  private titles = $state.raw<ReadonlyMap<string, string>>(new Map()); // of the products that reviews and picks are about
  private savedTimer: ReturnType<typeof setTimeout> | undefined;

  /** Names of what entries of the trail are about, where this user may know them. */
  get subjectNames(): Map<string, string> {
    return new Map([...this.titles, ...(this.users.value ?? []).map((user) => [`user:${user.id}`, user.name] as const)]);
  }
  async loadAudit(): Promise<void> {
    await Promise.all([this.audit.load(), mayAct('admin') ? this.users.load() : undefined]);
    await this.findTitles();
  }
  /** Entries know reviews and picks by their ids; the reviews know the products. */
  private async findTitles(): Promise<void> {
    const subjects = (this.audit.value ?? []).map((entry) => entry.subject).filter((subject) => /^(review|pick):/.test(subject));
    const titles = new Map(this.titles);
    let cursor: string | undefined;
    for (let pages = 0; pages < kReviewPages && subjects.some((subject) => !titles.has(subject)); ++pages) {
      const page = await attempt(() => api.listReviews({ limit: kReviewPage, cursor }));
      for (const { id, pick_id, product_title } of page?.items ?? []) titles.set(`review:${id}`, product_title).set(`pick:${pick_id}`, product_title);
      cursor = page?.next;
      if (!cursor) break;
    }
    this.titles = titles;
  }
  private async firstAudit(): Promise<AuditEntry[]> {
    const page = await api.listAudit({ limit: kAuditPage });
    this.moreAudit = page.next;
    return page.items;
  }
  async loadMoreAudit(): Promise<void> {
    const page = await attempt(() => api.listAudit({ limit: kAuditPage, cursor: this.moreAudit }));
    if (page) [this.audit.value, this.moreAudit] = [[...(this.audit.value ?? []), ...page.items], page.next];
    await this.findTitles();
  }

  /** Keeps a part of the shop's settings; `field` has the sign of it for a while. */
  async changeShop(field: string, part: ShopPart): Promise<void> {
    this.saved = '';
    const shop = await anew(() => api.changeShop(part));
    if (!shop) return;
    setShop(shop);
    this.saved = field;
    clearTimeout(this.savedTimer);
    this.savedTimer = setTimeout(() => (this.saved = ''), kSavedMs);
  }
  async changePassword(current_password: string, password: string): Promise<boolean> {
    const changed = await anew(() => api.changeUser(session().user.id, { current_password, password }));
    if (changed) say(() => t('common.saved'));
    return changed !== undefined;
  }
  async addUser(name: string, password: string, role: Role): Promise<boolean> {
    const user = await anew(() => api.addUser({ name, password, role }));
    await this.users.load();
    return user !== undefined;
  }
  async changeUser(user: User, part: { role?: Role; active?: boolean }): Promise<void> {
    if (await anew(() => api.changeUser(user.id, part))) say(() => t('common.saved'));
    await this.users.load();
  }
  async addToken(name: string): Promise<void> {
    const token = await anew(() => api.addToken(name));
    this.secret = token?.secret ?? '';
    await this.tokens.load();
  }
  async removeToken(token: Token): Promise<void> {
    await anew(() => api.removeToken(token.id));
    await this.tokens.load();
  }
}
export const settingsDesk = new SettingsDesk();
