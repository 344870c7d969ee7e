// batch.svelte.ts - copy for many products at once: looked at first, then run.
import * as api from '../api/client';
import type { Estimate, Factors, Field, Job, ProductEntry } from '../api/types';
import { WatchedJob } from './jobs.svelte';
import { attempt, complainOf, say } from './notices.svelte';
import { t } from './words.svelte';
import { kDefaultFactors } from './writer.svelte';

const kMost = 200; // of one page

export class BatchDesk {
  factors = $state<Factors>({ ...kDefaultFactors });
  fields = $state<Field[]>(['description']);
  onlyEmpty = $state(true);
  deliver = $state<'review' | 'file'>('review');
  estimate = $state.raw<Estimate>();
  runs = $state.raw<Job[]>([]);
  missing = $state.raw<{ jobId: string; entries: ProductEntry[] }>(); // products that one of the runs left without a text
  readonly dryRun = new WatchedJob();
  readonly run = new WatchedJob();

  private request(dry_run: boolean) {
    const factors = { ...$state.snapshot(this.factors), pin: [], order: [], drop: [] };
    return {
      kind: 'batch' as const,
      fields: $state.snapshot(this.fields),
      factors,
      num_return_sequences: 8,
      seed: 0,
      only_empty: this.onlyEmpty,
      dry_run,
      deliver: this.deliver,
    };
  }
  /** Settings have changed: what a dry run said does not hold any more. */
  change(part: Partial<Pick<BatchDesk, 'factors' | 'fields' | 'onlyEmpty' | 'deliver'>>): void {
    Object.assign(this, part);
    this.estimate = undefined;
  }
  async look(): Promise<void> {
    const job = await this.dryRun.start(this.request(true));
    complainOf(job);
    this.estimate = job?.result?.estimate;
  }
  async start(): Promise<void> {
    this.missing = undefined;
    await this.finish(await this.run.start(this.request(false)));
  }
  async goOn(): Promise<void> {
    await this.finish(await this.run.resume());
  }
  private async finish(job: Job | undefined): Promise<void> {
    if (job?.state === 'done') say(() => t('batch.done', { n: job.done }));
    await this.loadRuns();
  }
  /** The runs so far; one that is not finished is followed, or can be gone on with. */
  async loadRuns(): Promise<void> {
    const page = await attempt(() => api.listJobs({ kind: 'batch', limit: 20 }));
    if (!page) return;
    this.runs = page.items.filter((job) => job.request.kind === 'batch' && !job.request.dry_run);
    const open = this.runs.find((job) => job.state !== 'done');
    if (open && !this.run.isRunning) await this.takeUp(open);
  }
  /** The server counts rows without a text and does not name them: they are the open products that this run has no text of. */
  async toggleMissing(job: Job): Promise<void> {
    if (this.missing?.jobId === job.id) {
      this.missing = undefined;
      return;
    }
    const entries = await attempt(async () => {
      const [empty, written] = await Promise.all([api.listProducts({ state: 'empty', limit: kMost }), api.listProducts({ state: 'written', limit: kMost })]);
      const hasText = await this.productsWithTextOf(job.id);
      return [...empty.items, ...written.items].filter(({ product }) => !product.summary && !hasText.has(product.id));
    });
    if (entries) this.missing = { jobId: job.id, entries };
  }
  private async productsWithTextOf(jobId: string): Promise<Set<string>> {
    const ids = new Set<string>();
    let cursor: string | undefined;
    do {
      const page = await api.listCandidates({ job_id: jobId, kind: 'copy', limit: kMost, cursor });
      for (const { product_id } of page.items) ids.add(product_id);
      cursor = page.next;
    } while (cursor);
    return ids;
  }
  private async takeUp(job: Job): Promise<void> {
    if (job.state === 'queued' || job.state === 'running') void this.run.follow(job).then((ended) => this.finish(ended));
    else this.run.job = job;
  }
}
export const batchDesk = new BatchDesk();
