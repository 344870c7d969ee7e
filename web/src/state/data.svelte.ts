// data.svelte.ts - how operators work with the candidates, and the models that learn from it.
import * as api from '../api/client';
import type { Job, Model, Round, Statistics } from '../api/types';
import { addDays, countDays, dayOf } from './days';
import { WatchedJob } from './jobs.svelte';
import { attempt, complainOf, say } from './notices.svelte';
import { Resource } from './resource.svelte';
import { t } from './words.svelte';

export class DataDesk {
  days = $state(30);
  readonly statistics = new Resource<Statistics>(() => this.lastDays());
  readonly models = new Resource<Model[]>(async () => (await api.listModels()).items);
  readonly rounds = new Resource<Round[]>(async () => (await api.listRounds()).items);
  readonly job = new WatchedJob(); // a round or a gate

  async load(): Promise<void> {
    await Promise.all([this.statistics.load(), this.models.load(), this.rounds.load(), this.takeUp()]);
  }
  /** The server's clock says which day it is: where this browser has another day, it is asked once more. */
  private async lastDays(): Promise<Statistics> {
    const from = (today: string) => ({ from: addDays(today, 1 - this.days) });
    const first = await api.getStatistics(from(dayOf(new Date())));
    return countDays(first.from, first.to) === this.days ? first : api.getStatistics(from(first.to));
  }
  /** A gate decides against the model that serves; promoted or rolled back since, it has to run again. */
  isGateOfNow(model: Model): boolean {
    const serving = this.models.value?.find((one) => one.kind === model.kind && one.state === 'serving');
    return model.gate?.against === serving?.id;
  }
  mayServe(model: Model): boolean {
    return model.state !== 'serving' && model.gate?.passed === true && this.isGateOfNow(model);
  }
  /** A round or a gate that runs already is followed. */
  private async takeUp(): Promise<void> {
    if (this.job.isRunning) return;
    const pages = await Promise.all((['round', 'gate'] as const).map((kind) => attempt(() => api.listJobs({ kind, limit: 1 }))));
    const open = pages.flatMap((page) => page?.items ?? []).find((job) => job.state === 'queued' || job.state === 'running');
    if (open) void this.job.follow(open).then((ended) => this.ended(ended));
  }
  async startRound(objective: 'raft' | 'rrhf' | 'dpo', rounds: number): Promise<void> {
    await this.watch({ kind: 'round', objective, rounds });
  }
  async runGate(model_id: string): Promise<void> {
    await this.watch({ kind: 'gate', model_id });
  }
  private async watch(request: Parameters<WatchedJob['start']>[0]): Promise<void> {
    await this.ended(await this.job.start(request));
  }
  /** A round is followed by its gate. */
  private async ended(job: Job | undefined): Promise<void> {
    complainOf(job);
    const passed = job?.result?.passed;
    if (passed !== undefined) say(() => t(passed ? 'gate.saidPassed' : 'gate.saidFailed'));
    await Promise.all([this.models.load(), this.rounds.load()]);
    const next = job?.result?.gate_job_id;
    const gate = next && (await attempt(() => api.getJob(next)));
    if (gate) await this.ended(await this.job.follow(gate));
  }
  async promote(model: Model): Promise<void> {
    if (await attempt(() => api.promoteModel(model.id))) say(() => t('models.promoted', { name: model.name }));
    await this.models.load();
  }
  async rollBack(model: Model): Promise<void> {
    const now = await attempt(() => api.rollBackModel(model.id));
    if (now) say(() => t('models.rolledBack', { name: now.name }));
    await this.models.load();
  }
}
export const dataDesk = new DataDesk();
