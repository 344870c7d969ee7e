// batch.svelte.ts - copy for many products at once: looked at first, then run.
import * as api from '../api/client';
import type { Estimate, Factors, Field, Job } from '../api/types';
import { WatchedJob } from './jobs.svelte';
import { attempt, complainOf, say } from './notices.svelte';
import { t } from './words.svelte';
import { kDefaultFactors } from './writer.svelte';

export class BatchDesk {
  factors = $state<Factors>({ ...kDefaultFactors });
  fields = $state<Field[]>(['description']);
  onlyEmpty = $state(true);
  deliver = $state<'review' | 'file'>('review');
  estimate = $state.raw<Estimate>();
  runs = $state.raw<Job[]>([]);
  missingOf = $state.raw<Job>(); // the run whose missing texts are shown
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
    this.missingOf = undefined;
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
  /** Shows the texts that a run could not write, or hides them again. */
  toggleMissing(job: Job): void {
    this.missingOf = this.missingOf?.id === job.id ? undefined : job;
  }
  private async takeUp(job: Job): Promise<void> {
    if (job.state === 'queued' || job.state === 'running') void this.run.follow(job).then((ended) => this.finish(ended));
    else this.run.job = job;
  }
}
export const batchDesk = new BatchDesk();
