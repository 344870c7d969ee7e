// files.mjs - bytes that the fake server gives and takes: PNG, zip, multipart forms.
import { crc32, deflateSync } from 'node:zlib';

function chunk(kind, data) {
  const body = Buffer.concat([Buffer.from(kind), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}
/** Half the width of the figure, a dress, at a height; both as shares of the side. */
function halfWidth(height) {
  if (height < 0.14 || height > 0.86) return 0;
  return height < 0.42 ? 0.17 - 0.25 * (height - 0.14) : 0.1 + 0.42 * (height - 0.42);
}
/** A square with a figure in it; `share` of it is drawn, the rest is noise. */
export function png(side, seed, share) {
  const rows = Buffer.alloc(side * (1 + side * 3));
  const hue = [(seed * 53) % 120, (seed * 97) % 120, (seed * 31) % 120];
  for (let y = 0; y < side; ++y)
    for (let x = 0; x < side; ++x) {
      const inside = Math.abs(x / side - 0.5) < halfWidth(y / side) && !(y / side < 0.24 && Math.abs(x / side - 0.5) < 0.24 - y / side);
      const noise = (((x * 7919 + y * 104729 + seed) % 97) - 48) * (1 - share);
      for (let c = 0; c < 3; ++c) rows[y * (1 + side * 3) + 1 + x * 3 + c] = Math.max(0, Math.min(255, (inside ? hue[c] + 60 + (80 * y) / side : 236 - (18 * y) / side) + noise));
    }
  const head = Buffer.alloc(13);
  head.writeUInt32BE(side, 0);
  head.writeUInt32BE(side, 4);
  head.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]), chunk('IHDR', head), chunk('IDAT', deflateSync(rows)), chunk('IEND', Buffer.alloc(0))]);
}

function zipHeader(signature, middle, name, data) {
  const sizes = Buffer.alloc(16);
  sizes.writeUInt32LE(crc32(data), 0);
  sizes.writeUInt32LE(data.length, 4);
  sizes.writeUInt32LE(data.length, 8);
  sizes.writeUInt16LE(name.length, 12);
  return Buffer.concat([Buffer.from(signature), middle, sizes]);
}
/** A zip archive without compression. */
export function zip(files) {
  const [local, central] = [[], []];
  let at = 0;
  for (const [fileName, content] of Object.entries(files)) {
    const [name, data] = [Buffer.from(fileName), Buffer.from(content)];
    const middle = Buffer.from([20, 0, 0, 8, 0, 0, 0, 0, 0x21, 0]);
    const place = Buffer.alloc(14);
    place.writeUInt32LE(at, 10);
    local.push(zipHeader([80, 75, 3, 4], middle, name, data), name, data);
    central.push(zipHeader([80, 75, 1, 2, 20, 0], middle, name, data), place, name);
    at = local.reduce((sum, part) => sum + part.length, 0);
  }
  const end = Buffer.alloc(22);
  end.set([80, 75, 5, 6]);
  const count = Object.keys(files).length;
  end.writeUInt16LE(count, 8);
  end.writeUInt16LE(count, 10);
  end.writeUInt32LE(Buffer.concat(central).length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...local, ...central, end]);
}

/** The file of a form with one file: {name, data}. */
export function fileOf(contentType, body) {
  const boundary = /boundary=(.+)$/.exec(contentType)?.[1];
  const headEnd = body.indexOf('\r\n\r\n');
  const bodyEnd = body.lastIndexOf(`\r\n--${boundary}`);
  const name = /filename="([^"]*)"/.exec(body.subarray(0, headEnd).toString())?.[1] ?? '';
  return { name, data: body.subarray(headEnd + 4, bodyEnd) };
}
