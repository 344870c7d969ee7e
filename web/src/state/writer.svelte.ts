// writer.svelte.ts - one product on the operator's desk: its plan, the candidates, what was picked.
import * as api from '../api/client';
import { hasEnded, type JobHandlers } from '../api/events';
import { ApiError } from '../api/http';
import type { Candidate, CheckRequest, Factors, Job, JobRequest, Pick, PickRequest, Plan, Problem, ProductEntry, Review } from '../api/types';
import { CandidateCard, type TextPlace } from './candidate_card.svelte';
import { inOrderOf, lastOnDesk } from './desk_memory';
import { newId, newSeed } from './ids';
import { WatchedJob } from './jobs.svelte';
import { apiErrorOf, attempt, complainOf, explain, say } from './notices.svelte';
import { PickClock } from './pick_clock';
import { session } from './session.svelte';
import { t } from './words.svelte';

export const kDefaultFactors: Factors = {
  field: 'description',
  style: 'taobao',
  platform: 'taobao',
  length: 110,
  audience: '',
  keywords: [],
  pin: [],
  order: [],
  drop: [],
};
const kBatchPick = 'batch-'; // ids of picks that a batch made begin so
const kPlanPauseMs = 200;
const kJobsToLookAt = 5;
const kLookBack = 24; // candidates of a product that are asked for when it is opened

/** One pick: what was shown, what was chosen of it. Put again under the same id after every change. */
class PickSheet {
  pick = $state<Pick>();
  private kept = $state.raw<Review>(); // of a pick before the page was loaded
  private id = newId();
  private clock = new PickClock();

  restart(): void {
    this.id = newId();
    [this.pick, this.kept] = [undefined, undefined];
    this.clock = new PickClock();
  }
  /** Takes up a pick by its review: another choice among the same texts is the same pick. */
  takeUp(review: Review): void {
    [this.id, this.kept] = [review.pick_id, review];
  }
  get outcome(): 'sent' | 'none' | '' {
    if (this.pick) return this.pick.chosen === 'none' ? 'none' : 'sent';
    return this.kept ? 'sent' : '';
  }
  touch(): void {
    this.clock.touch();
  }
  async put(shown: readonly CandidateCard[], chosen: readonly CandidateCard[], reason?: string): Promise<Pick | undefined> {
    const edits = chosen.filter((card) => card.edited !== undefined).map((card) => ({ from: card.candidate!.id, to: card.edited! }));
    const body = {
      shown_ids: shown.flatMap((card) => card.candidate?.id ?? []),
      chosen: chosen.length ? chosen.map((card) => card.candidate!.id) : ('none' as const),
      edits,
      ms: this.pick?.ms ?? this.clock.read(),
      ...(reason ? { reason } : {}),
    };
    const pick = await attempt(() => this.send(body));
    if (pick) this.pick = pick;
    return pick;
  }
  /** What is known to have been shown when the pick was made; a batch shows nobody more than what it took. */
  private get formerlyShown(): readonly string[] | undefined {
    if (this.pick) return this.pick.shown_ids;
    return this.kept?.pick_id.startsWith(kBatchPick) ? [this.kept.candidate_id] : undefined;
  }
  /** A pick that was made of other texts than stand here now stays as it is: then this is a new one. */
  private async send(body: PickRequest): Promise<Pick> {
    const former = this.formerlyShown;
    if (former && former.toSorted().join() !== body.shown_ids.toSorted().join()) this.id = newId();
    try {
      return await api.putPick(this.id, body);
    } catch (error) {
      if (this.pick || !(error instanceof ApiError) || error.code !== 'shown_differs') throw error;
      this.id = newId();
      return api.putPick(this.id, body);
    }
  }
  isChosen(card: CandidateCard): boolean {
    const chosen = this.pick ? this.pick.chosen : this.kept ? [this.kept.candidate_id] : [];
    return card.candidate !== undefined && chosen !== 'none' && chosen.includes(card.candidate.id);
  }
}

function cardOf(candidate: Candidate, place?: TextPlace): CandidateCard {
  const card = new CandidateCard(place);
  card.take(candidate);
  return card;
}

export class Writer {
  entry = $state.raw<ProductEntry>();
  plan = $state.raw<Plan>();
  factors = $state<Factors>({ ...kDefaultFactors });
  count = $state(4);
  seed = $state<number>(); // of a recalled request; else each request takes a new one
  cards = $state<CandidateCard[]>([]);
  pictures = $state<CandidateCard[]>([]);
  current = $state(0);
  failure = $state.raw<Problem>(); // why the last request for texts brought none
  readonly job = new WatchedJob();
  readonly pictureJob = new WatchedJob();
  readonly copyPick = new PickSheet();
  readonly picturePick = new PickSheet();
  private loadFailure = $state.raw<ApiError>();
  private planTimer: ReturnType<typeof setTimeout> | undefined;
  private planTurn = 0;
  private openTurn = 0;
  private isFresh = true; // nobody has said anything on this desk yet
  private touched = false; // whether the operator has begun to work with the cards as they stand

  get currentCard(): CandidateCard | undefined {
    return this.cards[this.current];
  }
  /** Why the product that was asked for is not on the desk; '' = it is, or is still on its way. */
  get loadError(): string {
    return this.loadFailure?.code === 'unknown' ? t('writer.noProductText') : explain(this.loadFailure);
  }

  /** Puts a product on the desk. Settings stay; what was said about points of the former product goes. */
  async open(productId: string, factors?: Factors): Promise<void> {
    this.clear();
    const turn = ++this.openTurn;
    const entry = await this.findProduct(productId, turn);
    if (!entry) return;
    const [copy, images] = await Promise.all([
      attempt(() => api.listCandidates({ product_id: productId, kind: 'copy', limit: kLookBack })),
      attempt(() => api.listCandidates({ product_id: productId, kind: 'image', limit: kLookBack })),
    ]);
    if (turn !== this.openTurn) return;
    this.entry = entry;
    this.factors = factors ?? { ...this.factors, pin: [], order: [], drop: [] };
    const isFresh = this.isFresh && !factors;
    this.isFresh = false;
    this.pictures = lastOnDesk(images?.items ?? []).map((one) => cardOf(one));
    await this.bringBack(lastOnDesk(copy?.items ?? []), isFresh, turn);
    if (turn !== this.openTurn) return;
    await this.makePlan();
    if (turn !== this.openTurn) return;
    void this.takeUpJob(productId, turn);
    void this.takeUpDrawing(productId, turn);
  }
  private async findProduct(productId: string, turn: number): Promise<ProductEntry | undefined> {
    try {
      const entry = await api.getProduct(productId);
      return turn === this.openTurn ? entry : undefined;
    } catch (error) {
      if (turn === this.openTurn) this.loadFailure = apiErrorOf(error);
      return undefined;
    }
  }
  /** Texts that are being written since before the page was loaded go on appearing. */
  private async takeUpJob(productId: string, turn: number): Promise<void> {
    const page = await attempt(() => api.listJobs({ kind: 'write', limit: kJobsToLookAt }));
    for (const job of page?.items ?? []) {
      const { request } = job;
      if (hasEnded(job) || job.user !== session().user.name || request.kind !== 'write' || request.num_return_sequences < 2) continue;
      const plan = await attempt(() => api.getPlan(request.plan_id));
      if (plan?.product_id !== productId || turn !== this.openTurn || this.job.isRunning) continue;
      this.layOut(request.num_return_sequences, plan);
      this.settle(await this.job.follow(job, this.handlersOf(this.cards)));
      return;
    }
  }
  /** Pictures that are being drawn, likewise. */
  private async takeUpDrawing(productId: string, turn: number): Promise<void> {
    const page = await attempt(() => api.listJobs({ kind: 'draw', limit: kJobsToLookAt }));
    for (const job of page?.items ?? []) {
      const { request } = job;
      if (hasEnded(job) || job.user !== session().user.name || request.kind !== 'draw' || request.product_id !== productId) continue;
      if (turn !== this.openTurn || this.pictureJob.isRunning) return;
      this.layOutPictures(request.num_images_per_prompt);
      this.settlePictures(await this.pictureJob.follow(job, this.handlersOf(this.pictures)));
      return;
    }
  }
  /** The texts that stood here last, with their settings where the desk has none of its own, and what was chosen of them. */
  private async bringBack(texts: Candidate[], isFresh: boolean, turn: number): Promise<void> {
    const [first] = texts;
    if (!first) return;
    const planIds = [...new Set(texts.flatMap((one) => one.plan_id ?? []))];
    const [plans, job, recall, reviews] = await Promise.all([
      Promise.all(planIds.map((id) => attempt(() => api.getPlan(id)))),
      attempt(() => api.getJob(first.job_id)),
      isFresh ? attempt(() => api.recallCandidate(first.id)) : undefined,
      attempt(() => api.listReviews({ product_id: first.product_id, limit: kLookBack })),
    ]);
    if (turn !== this.openTurn || this.job.isRunning) return;
    const placeOf = (one: Candidate) => plans.find((plan) => plan?.id === one.plan_id);
    this.cards = inOrderOf(texts, job?.result?.candidate_ids ?? []).map((one) => cardOf(one, placeOf(one)));
    if (recall?.factors) this.factors = recall.factors;
    this.takeUpPick(reviews?.items ?? []);
  }
  private takeUpPick(reviews: readonly Review[]): void {
    const mine = reviews.filter((review) => review.author === session().user.name && review.state !== 'rejected');
    const own = mine.toSorted((a, b) => b.updated_at.localeCompare(a.updated_at));
    for (const [sheet, cards] of [
      [this.copyPick, this.cards],
      [this.picturePick, this.pictures],
    ] as const) {
      const review = own.find((one) => cards.some((card) => card.candidate?.id === one.candidate_id));
      const card = cards.find((one) => one.candidate?.id === review?.candidate_id);
      if (review) sheet.takeUp(review);
      if (review?.text !== undefined && review.text !== card?.candidate?.text) card?.takeEdit(review.text, review.check);
    }
  }
  private clear(): void {
    this.job.forget();
    this.pictureJob.forget();
    [this.cards, this.pictures, this.plan, this.entry, this.current] = [[], [], undefined, undefined, 0];
    [this.failure, this.loadFailure] = [undefined, undefined];
    this.copyPick.restart();
    this.picturePick.restart();
  }

  /** Sets factors; the plan follows a moment later. */
  change(part: Partial<Factors>): void {
    this.factors = { ...this.factors, ...part };
    this.isFresh = false;
    clearTimeout(this.planTimer);
    this.planTimer = setTimeout(() => void this.makePlan(), kPlanPauseMs);
  }
  private async makePlan(): Promise<void> {
    clearTimeout(this.planTimer);
    const id = this.entry?.product.id;
    if (!id) return;
    const turn = ++this.planTurn;
    const plan = await attempt(() => api.makePlan(id, $state.snapshot(this.factors)));
    if (plan && turn === this.planTurn) this.plan = plan;
  }

  /** n new candidates in place of those on the desk. */
  async write(): Promise<void> {
    ++this.openTurn; // what is still on its way back comes too late
    await this.makePlan();
    if (!this.plan || this.job.isRunning) return;
    this.layOut(this.count, this.plan);
    this.settle(await this.runCopy(this.cards, this.job, this.takeSeed()));
  }
  /** Empty places in place of what is on the desk. */
  private layOut(count: number, place: TextPlace): void {
    this.cards = Array.from({ length: count }, () => new CandidateCard(place));
    [this.current, this.touched, this.failure] = [0, false, undefined];
    this.copyPick.restart();
  }
  private takeSeed(): number {
    const seed = this.seed ?? newSeed();
    this.seed = undefined;
    return seed;
  }
  private runCopy(cards: CandidateCard[], job: WatchedJob, seed: number): Promise<Job | undefined> {
    const request = { kind: 'write' as const, plan_id: this.plan!.id, num_return_sequences: cards.length, seed };
    return this.run(request, cards, job);
  }
  private run(request: JobRequest, cards: CandidateCard[], job: WatchedJob): Promise<Job | undefined> {
    return job.start(request, this.handlersOf(cards));
  }
  private handlersOf(cards: CandidateCard[]): Omit<JobHandlers, 'job'> {
    return {
      token: (event) => cards[event.index] && (cards[event.index]!.streamed = event.text),
      preview: (event) => {
        const card = cards[event.index];
        if (card) [card.previewId, card.step, card.steps] = [event.candidate_id, event.step, event.steps];
      },
      candidate: (candidate) => cards[candidate.index]?.take(candidate),
    };
  }
  /** What the checks stopped and what never came leaves the grid; the best stands first unless somebody already works with the order on screen. */
  private settle(job: Job | undefined): void {
    const best = job?.result?.candidate_ids ?? [];
    const finished = this.cards.filter((card) => card.isFinished);
    const place = (card: CandidateCard) => best.indexOf(card.candidate!.id);
    this.cards = this.touched ? finished : finished.toSorted((a, b) => place(a) - place(b));
    this.current = Math.min(this.current, Math.max(0, this.cards.length - 1));
    this.failure = job?.problem;
    const dropped = job?.result?.dropped ?? 0;
    if (dropped > 0) say(() => t('writer.dropped', { n: dropped }));
  }
  /** A new text in the place of one; the others stay. */
  async regenerate(card: CandidateCard): Promise<void> {
    const place = this.cards.indexOf(card);
    if (place < 0 || !this.plan || this.job.isRunning) return;
    this.touch();
    const fresh = new CandidateCard(this.plan);
    this.cards[place] = fresh;
    complainOf(await this.runCopy([fresh], this.job, newSeed()));
    if (!this.cards[place]?.isFinished) this.cards[place] = card;
  }

  focus(place: number): void {
    this.current = Math.max(0, Math.min(place, this.cards.length - 1));
  }
  /** Somebody works with the cards: their order stays, and the clock of the pick runs on. */
  touch(): void {
    this.touched = true;
    this.copyPick.touch();
  }

  placeOf(card: CandidateCard): TextPlace {
    const { field, platform, style } = card.place ?? this.factors;
    return { field, platform, style };
  }
  private checkRequest(card: CandidateCard, text: string): CheckRequest {
    return { text, product_id: this.entry!.product.id, ...this.placeOf(card) };
  }
  beginEdit(card: CandidateCard): void {
    this.touch();
    card.openMark = undefined;
    card.draft = card.text;
  }
  setDraft(card: CandidateCard, text: string): void {
    card.draft = text;
    card.check.request(this.checkRequest(card, text));
  }
  /** Keeps the edit. A text that is what it was is no edit. */
  async endEdit(card: CandidateCard): Promise<void> {
    const text = card.draft?.trim();
    card.draft = undefined;
    if (!text || text === card.text) return;
    card.edited = text === card.candidate?.text ? undefined : text;
    card.check.request(this.checkRequest(card, text));
    card.isAsked = false;
    if (this.copyPick.isChosen(card)) await this.putPick(card);
  }
  async adopt(card: CandidateCard, text: string): Promise<void> {
    card.draft = text;
    card.openMark = undefined;
    await this.endEdit(card);
  }

  /** A text that may not be published is picked by the second call: after the first the card asks. */
  async pick(card: CandidateCard): Promise<void> {
    if (!card.isFinished) return;
    this.touch();
    const wasAsked = card.isAsked;
    card.isAsked = card.isBlocked && !wasAsked && !this.copyPick.isChosen(card);
    if (!card.isAsked) await this.putPick(card);
  }
  private async putPick(card: CandidateCard): Promise<void> {
    if (await this.copyPick.put(this.cards, [card])) {
      const n = this.cards.indexOf(card) + 1;
      say(() => t('writer.picked', { n }));
    }
  }
  async pickNone(reason: string): Promise<void> {
    this.touch();
    if (await this.copyPick.put(this.cards, [], reason)) say(() => t('writer.noneKept'));
  }
  async pickPicture(card: CandidateCard): Promise<void> {
    if (card.isFinished && (await this.picturePick.put(this.pictures, [card]))) say(() => t('writer.picturePicked'));
  }
  async draw(count: number, side: number): Promise<void> {
    if (!this.entry || this.pictureJob.isRunning) return;
    this.layOutPictures(count);
    const request = { kind: 'draw' as const, product_id: this.entry.product.id, num_images_per_prompt: count, width: side, height: side, seed: newSeed() };
    this.settlePictures(await this.run(request, this.pictures, this.pictureJob));
  }
  private layOutPictures(count: number): void {
    this.pictures = Array.from({ length: count }, () => new CandidateCard());
    this.picturePick.restart();
  }
  private settlePictures(job: Job | undefined): void {
    complainOf(job);
    this.pictures = this.pictures.filter((card) => card.isFinished);
  }
  /** Closes what is open on a card. */
  fold(card: CandidateCard): void {
    [card.openMark, card.explanation, card.isAsked] = [undefined, undefined, false];
  }
  async explain(card: CandidateCard): Promise<void> {
    this.touch();
    if (card.explanation) card.explanation = undefined;
    else if (card.candidate) card.explanation = await attempt(() => api.explainCandidate(card.candidate!.id));
  }
}

/** The desk outlives a look at another view. */
export const writer = new Writer();
