// import.svelte.ts - a table on its way in: uploaded, looked at, mapped, taken over.
import * as api from '../api/client';
import type { ApiError } from '../api/http';
import type { Finding, Import, ImportTarget } from '../api/types';
import { WatchedJob } from './jobs.svelte';
import { apiErrorOf, attempt, explain } from './notices.svelte';

export class ImportDesk {
  preview = $state.raw<Import>();
  findings = $state.raw<Finding[]>([]);
  moreFindings = $state<string>();
  uploading = $state('');
  private failure = $state.raw<ApiError>();
  readonly job = new WatchedJob();

  get error(): string {
    return explain(this.failure);
  }
  async upload(file: File): Promise<void> {
    this.reset();
    this.uploading = file.name;
    try {
      await this.show(await api.addImport(file));
    } catch (error) {
      this.failure = apiErrorOf(error);
    }
    this.uploading = '';
  }
  reset(): void {
    this.job.forget();
    [this.preview, this.findings, this.failure] = [undefined, [], undefined];
  }
  private async show(preview: Import): Promise<void> {
    const page = await api.listFindings(preview.id);
    [this.preview, this.findings, this.moreFindings] = [preview, page.items, page.next];
  }
  async loadMoreFindings(): Promise<void> {
    const page = await attempt(() => api.listFindings(this.preview!.id, this.moreFindings));
    if (page) [this.findings, this.moreFindings] = [[...this.findings, ...page.items], page.next];
  }
  async map(header: string, target: ImportTarget): Promise<void> {
    const preview = await attempt(() => api.changeImport(this.preview!.id, { map: { [header]: target } }));
    if (preview) await attempt(() => this.show(preview));
  }
  async takeSheet(sheet: string): Promise<void> {
    const preview = await attempt(() => api.changeImport(this.preview!.id, { sheet }));
    if (preview) await attempt(() => this.show(preview));
  }
  async accept(): Promise<void> {
    await this.job.start({ kind: 'import', import_id: this.preview!.id });
  }
}
export const importDesk = new ImportDesk();
