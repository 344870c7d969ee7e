// client.ts - one function for each route of docs/api/openapi.yaml that the page uses.
import { request } from './http';
import type * as T from './types';

const kBase = '/api/v1';
const at = (collection: string, id: string, rest = '') => `${kBase}/${collection}/${encodeURIComponent(id)}${rest}`;

export const getSession = () => request<T.Session | undefined>('GET', `${kBase}/session`);
export const signIn = (name: string, password: string) => request<T.Session>('POST', `${kBase}/session`, { body: { name, password } });
export const signOut = () => request<void>('DELETE', `${kBase}/session`);

export const listUsers = () => request<T.Page<T.User>>('GET', `${kBase}/users`);
export const addUser = (body: { name: string; password: string; role: T.Role }) => request<T.User>('POST', `${kBase}/users`, { body });
export const changeUser = (id: string, body: { role?: T.Role; active?: boolean; password?: string; current_password?: string }) => request<T.User>('PATCH', at('users', id), { body });
export const listTokens = () => request<T.Page<T.Token>>('GET', `${kBase}/tokens`);
export const addToken = (name: string) => request<T.Token>('POST', `${kBase}/tokens`, { body: { name } });
export const removeToken = (id: string) => request<void>('DELETE', at('tokens', id));
export const changeShop = (body: Partial<Omit<T.Shop, 'id' | 'currency'>>) => request<T.Shop>('PATCH', `${kBase}/shop`, { body });
export const getOptions = () => request<T.Options>('GET', `${kBase}/options`);

export function addImport(file: File): Promise<T.Import> {
  const body = new FormData();
  body.append('file', file);
  return request('POST', `${kBase}/imports`, { body });
}
export const changeImport = (id: string, body: { map?: Record<string, T.ImportTarget>; sheet?: string }) => request<T.Import>('PATCH', at('imports', id), { body });
export const listFindings = (id: string, cursor?: string) => request<T.Page<T.Finding>>('GET', at('imports', id, '/findings'), { query: { cursor } });

export const listProducts = (query: { q?: string; state?: string; cursor?: string; limit?: number }) => request<T.ProductPage>('GET', `${kBase}/products`, { query });
export const getProduct = (id: string) => request<T.ProductEntry>('GET', at('products', id));
export const makePlan = (product_id: string, factors: T.Factors) => request<T.Plan>('POST', `${kBase}/plans`, { body: { product_id, factors } });
export const getPlan = (id: string) => request<T.Plan>('GET', at('plans', id));

export const getJob = (id: string) => request<T.Job>('GET', at('jobs', id));
export const addJob = (body: T.JobRequest, idempotencyKey: string) => request<T.Job>('POST', `${kBase}/jobs`, { body, idempotencyKey });
export const listJobs = (query: { kind?: string; limit?: number }) => request<T.Page<T.Job>>('GET', `${kBase}/jobs`, { query });
export const changeJob = (id: string, body: { state?: 'cancelled' | 'queued' }) => request<T.Job>('PATCH', at('jobs', id), { body });

export interface CandidateQuery {
  q?: string;
  kind?: T.Candidate['kind'];
  product_id?: string;
  job_id?: string;
  board_id?: string;
  cursor?: string | undefined;
  limit?: number;
}
export const listCandidates = (query: CandidateQuery) => request<T.Page<T.Candidate>>('GET', `${kBase}/candidates`, { query: { ...query } });
export const explainCandidate = (id: string) => request<T.Explanation>('GET', at('candidates', id, '/explanation'));
export const pictureAddress = (id: string, side?: number, step?: number) => at('candidates', id, '/picture') + (side ? `?side=${side}` : '') + (step === undefined ? '' : `&step=${step}`);

export const checkText = (body: T.CheckRequest) => request<T.CheckReport>('POST', `${kBase}/checks`, { body });
export const putPick = (id: string, body: T.PickRequest) => request<T.Pick>('PUT', at('picks', id), { body });

export const listReviews = (query: { state?: string; product_id?: string; cursor?: string; limit?: number }) => request<T.ReviewPage>('GET', `${kBase}/reviews`, { query });
export const decideReview = (id: string, body: T.Decision) => request<T.Review>('POST', at('reviews', id, '/decisions'), { body });
export const listAudit = (query: { subject?: string; cursor?: string; limit?: number }) => request<T.Page<T.AuditEntry>>('GET', `${kBase}/audit`, { query });
export const listExports = () => request<T.Page<T.Export>>('GET', `${kBase}/exports`);
export const exportAddress = (id: string) => at('exports', id, '/file');

export const listPresets = () => request<T.Page<T.Preset>>('GET', `${kBase}/presets`);
export const putPreset = (preset: T.Preset) => request<T.Preset>('PUT', at('presets', preset.id), { body: preset });
export const removePreset = (id: string) => request<void>('DELETE', at('presets', id));
export const listBoards = () => request<T.Page<T.Board>>('GET', `${kBase}/boards`);
export const putBoard = (board: T.Board) => request<T.Board>('PUT', at('boards', board.id), { body: board });
export const removeBoard = (id: string) => request<void>('DELETE', at('boards', id));
export const recallCandidate = (candidate_id: string) => request<T.Recall>('POST', `${kBase}/recalls`, { body: { candidate_id } });
export function recallFile(file: File): Promise<T.Recall> {
  const body = new FormData();
  body.append('file', file);
  return request('POST', `${kBase}/recalls`, { body });
}

export const getStatistics = (query: { from?: string; to?: string }) => request<T.Statistics>('GET', `${kBase}/statistics`, { query });
export const listModels = () => request<T.Page<T.Model>>('GET', `${kBase}/models`);
export const promoteModel = (id: string) => request<T.Model>('PUT', at('models', id, '/promotion'));
export const rollBackModel = (id: string) => request<T.Model>('DELETE', at('models', id, '/promotion'));
export const listRounds = () => request<T.Page<T.Round>>('GET', `${kBase}/rounds`);
