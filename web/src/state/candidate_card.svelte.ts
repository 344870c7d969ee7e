// candidate_card.svelte.ts - one place in the grid: a text that streams in, is finished, is edited.
import type { Candidate, CheckRequest, Claim, Explanation, Hit, Lengths, Verdict } from '../api/types';
import { LiveCheck } from './live_check.svelte';
import { marksOf, type Mark } from './spans';
import type { Judged } from './verdicts';

/** Where a text will stand: what it was written for, whatever the settings say by now. */
export type TextPlace = Pick<CheckRequest, 'field' | 'platform' | 'style'>;

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
  isAsked = $state(false); // whether a text that may not be published is meant to be picked
  readonly check = new LiveCheck();

  constructor(readonly place?: TextPlace) {}

  get isFinished(): boolean {
    return this.candidate !== undefined;
  }
  get isEditing(): boolean {
    return this.draft !== undefined;
  }
  /** The text is not the one that the candidate's scores are about. */
  get isChanged(): boolean {
    return this.edited !== undefined || (this.draft !== undefined && this.draft !== this.candidate?.text);
  }
  get text(): string {
    return this.draft ?? this.edited ?? this.candidate?.text ?? this.streamed;
  }
  /** What is known of the text as it stands: of an edited one the last check. */
  private get report(): { hits: Hit[]; claims: Claim[]; verdict?: Verdict | undefined; lengths?: Lengths | undefined } {
    const isEdited = this.draft !== undefined || this.edited !== undefined;
    const source = isEdited && this.check.report ? this.check.report : this.candidate;
    return { hits: source?.hits ?? [], claims: source?.claims ?? [], verdict: source?.verdict, lengths: source?.lengths };
  }
  get hits(): Hit[] {
    return this.report.hits;
  }
  get verdict(): Verdict | undefined {
    return this.report.verdict;
  }
  get isBlocked(): boolean {
    return this.verdict === 'block';
  }
  get judged(): Judged {
    const { faults, like, keywords } = this.isChanged ? ({} as Judged) : (this.candidate ?? ({} as Judged));
    return { ...this.report, faults, like, keywords };
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
  /** Takes up an edit that the server knows with its check. */
  takeEdit(text: string, check: LiveCheck['report']): void {
    [this.edited, this.check.report] = [text, check];
  }
}
