// candidate_card.svelte.ts - one place in the grid: a text that streams in, is finished, is edited.
import type { Candidate, Claim, Explanation, Hit, Lengths, Verdict } from '../api/types';
import { LiveCheck } from './live_check.svelte';
import { marksOf, type Mark } from './spans';

export class CandidateCard {
  candidate = $state.raw<Candidate>();
  streamed = $state('');
  step = $state(0); // of a picture that is being drawn
  steps = $state(0);
  draft = $state<string>(); // while it is edited
  edited = $state<string>(); // what the edit made of it
  openMark = $state.raw<Mark>();
  explanation = $state.raw<Explanation>();
  previewId = $state('');
  readonly check = new LiveCheck();

  get isFinished(): boolean {
    return this.candidate !== undefined;
  }
  get isEditing(): boolean {
    return this.draft !== undefined;
  }
  get text(): string {
    return this.draft ?? this.edited ?? this.candidate?.text ?? this.streamed;
  }
  /** What is known of the text as it stands: of an edited one the last check. */
  private get report(): { hits: Hit[]; claims: Claim[]; verdict?: Verdict; lengths?: Lengths } {
    const isChanged = this.draft !== undefined || this.edited !== undefined;
    const source = isChanged && this.check.report ? this.check.report : this.candidate;
    return { hits: source?.hits ?? [], claims: source?.claims ?? [], verdict: source?.verdict, lengths: source?.lengths };
  }
  get hits(): Hit[] {
    return this.report.hits;
  }
  get verdict(): Verdict | undefined {
    return this.report.verdict;
  }
  get lengths(): Lengths | undefined {
    return this.report.lengths;
  }
  get marks(): Mark[] {
    return marksOf(this.report.hits, this.report.claims);
  }
  take(candidate: Candidate): void {
    this.candidate = candidate;
  }
}
