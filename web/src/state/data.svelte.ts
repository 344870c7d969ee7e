// data.svelte.ts - how operators work with the candidates, and the models that learn from it.
import * as api from '../api/client';
import type { Model, Round, Statistics } from '../api/types';
import { WatchedJob } from './jobs.svelte';
import { attempt, say } from './notices.svelte';
import { Resource } from './resource.svelte';
import { t } from './words.svelte';

const kDayMs = 86_400_000;

export class DataDesk {
  days = $state(30);
  readonly statistics = new Resource<Statistics>(() => api.getStatistics({ from: new Date(Date.now() - this.days * kDayMs).toISOString().slice(0, 10) }));
  readonly models = new Resource<Model[]>(async () => (await api.listModels()).items);
  readonly rounds = new Resource<Round[]>(async () => (await api.listRounds()).items);
  readonly job = new WatchedJob(); // a round or a gate

  async load(): Promise<void> {
    await Promise.all([this.statistics.load(), this.models.load(), this.rounds.load()]);
  }
  async startRound(objective: 'raft' | 'rrhf' | 'dpo', rounds: number): Promise<void> {
    await this.watch({ kind: 'round', objective, rounds });
  }
  async runGate(model_id: string): Promise<void> {
    await this.watch({ kind: 'gate', model_id });
  }
  private async watch(request: Parameters<WatchedJob['start']>[0]): Promise<void> {
    const job = await this.job.start(request);
    if (job?.problem) say(job.problem.detail ?? job.problem.title, true);
    await Promise.all([this.models.load(), this.rounds.load()]);
  }
  async promote(model: Model): Promise<void> {
    if (await attempt(() => api.promoteModel(model.id))) say(t('models.promoted', { name: model.name }));
    await this.models.load();
  }
  async rollBack(model: Model): Promise<void> {
    const now = await attempt(() => api.rollBackModel(model.id));
    if (now) say(t('models.rolledBack', { name: now.name }));
    await this.models.load();
  }
}
export const dataDesk = new DataDesk();
