// evidence.ts - what stands behind a claim, in words.
import type { Product } from '../api/types';

export interface EvidenceLine {
  kind: 'attribute' | 'document' | 'brand' | 'title' | 'price' | 'unknown';
  label: string;
  value: string;
  note: string; // how it is written in the shop's file, where that differs, or until when a document holds
}

/** attr:<id>, doc:<id>, brand, title or price of a product; what the record does not have any more is `unknown`. */
export function evidenceLine(product: Product, id: string): EvidenceLine {
  const [kind, key] = id.split(':', 2);
  if (kind === 'attr') {
    const attribute = product.attributes.find((one) => one.id === key);
    if (attribute) {
      const isSame = attribute.key === attribute.key_raw && attribute.val === attribute.val_raw;
      return { kind: 'attribute', label: attribute.key, value: attribute.val, note: isSame ? '' : `${attribute.key_raw}：${attribute.val_raw}` };
    }
  }
  if (kind === 'doc') {
    const document = product.docs?.find((one) => one.id === key);
    if (document) return { kind: 'document', label: document.issuer, value: document.number ?? document.type, note: document.valid_to ?? '' };
  }
  if (kind === 'brand') return { kind, label: '', value: product.brand ?? '', note: '' };
  if (kind === 'title') return { kind, label: '', value: product.title_raw, note: '' };
  if (kind === 'price' && product.price) return { kind, label: '', value: `${product.price.amount} ${product.price.currency}`, note: '' };
  return { kind: 'unknown', label: id, value: '', note: '' };
}
