// jobs.svelte.ts - starting jobs, and following those that a view shows.
import * as api from '../api/client';
import { followJob, hasEnded, type JobHandlers } from '../api/events';
import type { Job, JobRequest } from '../api/types';
import { newId } from './ids';
import { attempt, say } from './notices.svelte';
import { t } from './words.svelte';

/** One job that a view shows, from its start to its end. */
export class WatchedJob {
  job = $state<Job>();
  private isStarting = $state(false);
  private stop = () => {};

  /** From the moment it is asked for, so that a second click starts nothing. */
  get isRunning(): boolean {
    return this.isStarting || (this.job !== undefined && !hasEnded(this.job));
  }
  /** Starts it and resolves when it has ended; undefined when it could not be started. */
  async start(request: JobRequest, handlers: Omit<JobHandlers, 'job'> = {}): Promise<Job | undefined> {
    this.forget();
    this.isStarting = true;
    const job = await attempt(() => api.addJob(request, newId()));
    this.isStarting = false;
    return job && this.follow(job, handlers);
  }
  follow(job: Job, handlers: Omit<JobHandlers, 'job'> = {}): Promise<Job> {
    this.stop();
    this.job = job;
    return new Promise((resolve) => {
      this.stop = followJob(job.id, {
        ...handlers,
        job: (now) => {
          this.job = now;
          if (hasEnded(now)) resolve(now);
        },
        lost: () => {
          say(() => t('error.offline'), true);
          this.job = undefined;
          resolve(job);
        },
      });
    });
  }
  async cancel(): Promise<void> {
    if (this.job) await attempt(() => api.changeJob(this.job!.id, { state: 'cancelled' }));
  }
  async resume(): Promise<Job | undefined> {
    const job = this.job && (await attempt(() => api.changeJob(this.job!.id, { state: 'queued' })));
    return job && this.follow(job);
  }
  forget(): void {
    this.stop();
    this.job = undefined;
  }
}
