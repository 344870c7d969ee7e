// exports.svelte.ts - approved copy on its way out.
import * as api from '../api/client';
import type { Export, Review } from '../api/types';
import { WatchedJob } from './jobs.svelte';
import { complainOf, say } from './notices.svelte';
import { Resource } from './resource.svelte';
import { t } from './words.svelte';

export class ExportDesk {
  readonly approved = new Resource<Review[]>(async () => (await api.listReviews({ state: 'approved', limit: 200 })).items);
  readonly files = new Resource<Export[]>(async () => (await api.listExports()).items);
  left = $state<string[]>([]); // reviews that are not taken along
  format = $state<'source' | 'jsonl'>('source');
  overwrite = $state(false);
  readonly job = new WatchedJob();

  async load(): Promise<void> {
    await Promise.all([this.approved.load(), this.files.load()]);
  }
  get chosen(): Review[] {
    return (this.approved.value ?? []).filter((review) => !this.left.includes(review.id));
  }
  addressOf(file: Export): string {
    return api.exportAddress(file.id);
  }
  toggle(id: string): void {
    this.left = this.left.includes(id) ? this.left.filter((one) => one !== id) : [...this.left, id];
  }
  toggleAll(): void {
    this.left = this.left.length ? [] : (this.approved.value ?? []).map((review) => review.id);
  }
  async make(dry_run: boolean): Promise<void> {
    const review_ids = this.chosen.map((review) => review.id);
    const job = await this.job.start({ kind: 'export', review_ids, format: this.format, overwrite: this.overwrite, dry_run });
    complainOf(job);
    if (job?.state === 'done') say(() => t(dry_run ? 'export.lookedAt' : 'export.made'));
    await this.load();
  }
}
export const exportDesk = new ExportDesk();
