// types.ts - the records of docs/api/openapi.yaml, under their own names.
import type { components } from './schema';

type Schemas = components['schemas'];
export type AuditEntry = Schemas['AuditEntry'];
export type Board = Schemas['Board'];
export type Candidate = Schemas['Candidate'];
export type CheckReport = Schemas['CheckReport'];
export type CheckRequest = Schemas['CheckRequest'];
export type Claim = Schemas['Claim'];
export type CopyState = Schemas['CopyState'];
export type Decision = Schemas['Decision'];
export type Estimate = Schemas['Estimate'];
export type Explanation = Schemas['Explanation'];
export type Export = Schemas['Export'];
export type Factors = Schemas['Factors'];
export type Field = Schemas['Field'];
export type Finding = Schemas['Finding'];
export type Hit = Schemas['Hit'];
export type Import = Schemas['Import'];
export type ImportTarget = Schemas['ImportTarget'];
export type Interval = Schemas['Interval'];
export type Job = Schemas['Job'];
export type JobRequest = Schemas['JobRequest'];
export type Label = Schemas['Label'];
export type LengthLimit = Schemas['LengthLimit'];
export type Lengths = Schemas['Lengths'];
export type Model = Schemas['Model'];
export type Options = Schemas['Options'];
export type Pick = Schemas['Pick'];
export type PickRequest = Schemas['PickRequest'];
export type Plan = Schemas['Plan'];
export type Preset = Schemas['Preset'];
export type PreviewEvent = Schemas['PreviewEvent'];
export type Problem = Schemas['Problem'];
export type Product = Schemas['Product'];
export type ProductEntry = Schemas['ProductEntry'];
export type Recall = Schemas['Recall'];
export type Review = Schemas['Review'];
export type ReviewState = Schemas['ReviewState'];
export type Role = Schemas['Role'];
export type Round = Schemas['Round'];
export type Rule = Schemas['Rule'];
export type ScorePart = Schemas['ScorePart'];
export type SellingPoint = Schemas['SellingPoint'];
export type Session = Schemas['Session'];
export type Shop = Schemas['Shop'];
export type Statistics = Schemas['Statistics'];
export type StyleName = Schemas['StyleName'];
export type Token = Schemas['Token'];
export type TokenEvent = Schemas['TokenEvent'];
export type User = Schemas['User'];
export type Verdict = Schemas['Verdict'];

export interface Page<T> {
  items: T[];
  next?: string;
}
export interface ProductPage extends Page<ProductEntry> {
  total: number;
  counts: Record<string, number>;
}
export interface ReviewPage extends Page<Review> {
  counts: Record<string, number>;
}
