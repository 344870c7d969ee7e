// replaced.ts - words of the shop's table that the rules write in another way: 真丝 is 蚕丝.
import type { Product } from '../api/types';

export interface Replaced {
  from: string; // as the table has it
  to: string;
}
type Attribute = Product['attributes'][number];

/** How the table has it, where a rule made another word of it. */
export function replacedIn(attribute: Pick<Attribute, 'val' | 'val_raw'>): Replaced | undefined {
  const { val_raw: from, val: to } = attribute;
  return from && to && from !== to ? { from, to } : undefined;
}
/** `shown`: the word that stands beside it; where that is the table's own there is nothing to tell. */
export function replacedOf(product: Product, attributeIds: readonly string[], shown: string): Replaced | undefined {
  return product.attributes
    .filter((one) => attributeIds.includes(one.id))
    .map(replacedIn)
    .find((one) => one && one.from !== shown);
}
