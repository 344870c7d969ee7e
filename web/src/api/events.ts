// events.ts - what happens in a job, as it happens.
import type { Candidate, Job, PreviewEvent, TokenEvent } from './types';

export interface JobHandlers {
  job?: (job: Job) => void; // the last call has a state that has ended
  token?: (event: TokenEvent) => void;
  preview?: (event: PreviewEvent) => void;
  candidate?: (candidate: Candidate) => void;
  lost?: () => void; // the server refuses the stream; a broken connection is taken up again by itself
}

const kEvents = ['job', 'token', 'preview', 'candidate'] as const;

export function hasEnded(job: Job): boolean {
  return job.state === 'done' || job.state === 'failed' || job.state === 'cancelled';
}

/** Follows a job to its end. Returns a function that stops following, not the job. */
export function followJob(id: string, handlers: JobHandlers): () => void {
  const source = new EventSource(`/api/v1/jobs/${encodeURIComponent(id)}/events`);
  for (const event of kEvents) {
    source.addEventListener(event, (message) => {
      const data = JSON.parse((message as MessageEvent<string>).data);
      if (event === 'job' && hasEnded(data)) source.close();
      (handlers[event] as ((data: unknown) => void) | undefined)?.(data);
    });
  }
  source.addEventListener('error', () => {
    if (source.readyState === EventSource.CLOSED) handlers.lost?.();
  });
  return () => source.close();
}
