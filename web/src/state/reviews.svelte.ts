// reviews.svelte.ts - the queue between picked and published.
import * as api from '../api/client';
import type { ApiError } from '../api/http';
import type { AuditEntry, CheckReport, Decision, ProductEntry, Review, ReviewState } from '../api/types';
import { LiveCheck } from './live_check.svelte';
import { apiErrorOf, attempt, explain, say } from './notices.svelte';
import { mayAct, session } from './session.svelte';
import { t } from './words.svelte';

export class ReviewDesk {
  filter = $state<ReviewState>('pending');
  items = $state.raw<Review[]>([]);
  counts = $state.raw<Record<string, number>>({});
  next = $state<string>();
  private failure = $state.raw<ApiError>();
  loaded = $state(false);
  openId = $state('');
  entry = $state.raw<ProductEntry>(); // product of the open review: its evidence
  audit = $state.raw<AuditEntry[]>([]);
  draft = $state<string>();
  readonly check = new LiveCheck();

  get error(): string {
    return explain(this.failure);
  }
  get open(): Review | undefined {
    return this.items.find((review) => review.id === this.openId);
  }
  /** Why the open review may not be approved by this user; '' = it may. */
  get approvalFault(): string {
    const review = this.open;
    if (!review) return '';
    if (!mayAct('reviewer')) return t('review.onlyReviewers');
    if (this.isOwnWork(review) && !session().shop.own_approval) return t('review.ownWork');
    return review.check?.verdict === 'block' ? t('review.blocked') : '';
  }
  /** Whoever chose a text or has edited it is one of its authors. */
  private isOwnWork(review: Review): boolean {
    const { name } = session().user;
    return review.author === name || this.audit.some((entry) => entry.action === 'review.edit' && entry.user === name);
  }
  get shownCheck(): CheckReport | undefined {
    return this.draft !== undefined && this.check.report ? this.check.report : this.open?.check;
  }

  async load(cursor?: string): Promise<void> {
    try {
      const page = await api.listReviews({ state: this.filter, cursor });
      this.items = cursor ? [...this.items, ...page.items] : page.items;
      [this.counts, this.next, this.failure] = [page.counts, page.next, undefined];
    } catch (error) {
      this.failure = apiErrorOf(error);
    }
    this.loaded = true;
    if (!this.open) await this.show(this.items[0]?.id ?? '');
  }
  async show(id: string): Promise<void> {
    [this.openId, this.entry, this.audit, this.draft] = [id, undefined, [], undefined];
    const review = this.open;
    if (!review) return;
    const [entry, audit] = await Promise.all([
      attempt(() => api.getProduct(review.product_id)),
      mayAct('reviewer') ? attempt(() => api.listAudit({ subject: `review:${id}` })) : undefined,
    ]);
    if (this.openId === id) [this.entry, this.audit] = [entry, audit?.items ?? []];
  }
  step(by: number): void {
    const at = this.items.findIndex((review) => review.id === this.openId);
    const next = this.items[at + by];
    if (next) void this.show(next.id);
  }

  beginEdit(): void {
    this.draft = this.open?.text;
  }
  setDraft(text: string): void {
    const { product_id, field, platform, style } = this.open!;
    this.draft = text;
    this.check.request({ text, product_id, field: field!, platform: platform!, style: style! });
  }
  async saveEdit(): Promise<void> {
    const text = this.draft?.trim();
    if (text && text !== this.open?.text) await this.decide({ decision: 'edit', text });
    this.draft = undefined;
  }
  /** After a decision the next one of the queue is open. */
  async decide(decision: Decision): Promise<void> {
    const review = this.open;
    if (!review) return;
    const at = this.items.indexOf(review);
    const decided = await attempt(() => api.decideReview(review.id, { ...decision, text_sha256: review.text_sha256 }));
    if (!decided) return;
    say(() => t(`review.did.${decision.decision}`));
    if (decided.state === review.state) {
      this.items = this.items.with(at, decided);
      await this.show(decided.id);
    } else {
      await this.load();
      await this.show((this.items[at] ?? this.items.at(-1))?.id ?? '');
    }
  }
}
export const reviewDesk = new ReviewDesk();
