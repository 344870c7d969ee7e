// tables.mjs - what the fake server reads of a table: CSV in UTF-8, headers by rules/import/columns.tsv.
import { readFileSync } from 'node:fs';

const columnsPath = new URL('../../rules/import/columns.tsv', import.meta.url);
const kFields = Object.fromEntries(
  readFileSync(columnsPath, 'utf8').split('\n').filter((line) => line && !line.startsWith('#')).map((line) => line.split('\t').slice(0, 2).reverse()),
);

/** Rows of cells; quotes as in RFC 4180. */
export function parseCsv(text) {
  const rows = [[]];
  for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^,\n\r]*))(,|\r?\n|$)/g)) {
    rows.at(-1).push(quoted?.replaceAll('""', '"') ?? plain);
    if (end !== ',') rows.push([]);
  }
  return rows.filter((row) => row.some((cell) => cell.trim()));
}
export function guessColumns([header, ...rows], byHand) {
  return header.map((name, i) => {
    const samples = [...new Set(rows.map((row) => row[i] ?? '').filter(Boolean))].slice(0, 3);
    const target = byHand[name] ?? kFields[name.trim().toLowerCase()];
    return { header: name, target: target ?? 'kept', origin: byHand[name] ? 'hand' : target ? 'rule' : 'unknown', samples };
  });
}

function pairsOf(cell) {
  return cell.split(/[;；|]/).map((pair) => pair.split(/[:：]/)).filter(([key, value]) => key && value);
}
function attributesOf(cells, columns) {
  const pairs = columns.flatMap((column, i) => (column.target === 'attributes' ? pairsOf(cells[i] ?? '') : column.target === 'attribute' && cells[i] ? [[column.header, cells[i]]] : []));
  return pairs.map(([key, val], i) => ({ id: `a${i + 1}`, key_raw: key, val_raw: val, key, val: val === '真丝' ? '蚕丝' : val, confidence: 1, origin: 'import' }));
}
function productOf(cells, columns, file, row) {
  const cell = (target) => cells[columns.findIndex((column) => column.target === target)]?.trim() ?? '';
  const amount = Number(cell('price'));
  return {
    id: cell('id') || `${file}-${row}`,
    source: { file, row, format: 'table' },
    locale: 'zh-CN',
    category_path: cell('category').split('>').filter(Boolean),
    ...(cell('brand') && { brand: cell('brand') }),
    title_raw: cell('title'),
    attributes: attributesOf(cells, columns),
    ...(amount > 0 && { price: { amount, currency: 'CNY' } }),
  };
}

/** Products and findings of a table, as columns are mapped now. */
export function readTable(file, table, byHand) {
  const columns = guessColumns(table, byHand);
  const priceAt = columns.findIndex((column) => column.target === 'price');
  const [products, findings, ids] = [[], [], new Set()];
  table.slice(1).forEach((cells, i) => {
    const row = i + 2;
    const product = productOf(cells, columns, file, row);
    const reject = (column, code, value) => findings.push({ file, row, column, code, severity: 'reject', value, id: product.id });
    if (cells.length !== columns.length) return reject('', 'COLS_MISMATCH', cells.join(','));
    if (ids.has(product.id)) return reject(columns[0].header, 'DUP_ID', product.id);
    if (!product.title_raw && !product.attributes.length) return reject('', 'MISSING_REQUIRED', '');
    if (cells[priceAt] && !product.price) findings.push({ file, row, column: columns[priceAt].header, code: 'BAD_NUMBER', severity: 'warn', value: cells[priceAt], id: product.id });
    ids.add(product.id);
    products.push(product);
  });
  return { columns, products, findings };
}
