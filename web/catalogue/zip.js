/**
 * A ZIP archive that only stores: pictures are compressed already (APPNOTE.TXT 6.3.10, sections 4.3.7, 4.3.12 and 4.3.16).
 * @param {{name: string, body: Blob}[]} files at most 65,535, 4 GiB in all
 * @returns {Promise<Blob>}
 */
export async function zipped(files) {
  /** @type {BlobPart[]} */
  const parts = [];
  /** @type {BlobPart[]} */
  const directory = [];
  let offset = 0;
  let listed = 0;
  for (const { name, body } of files) {
    const [title, bytes] = [new TextEncoder().encode(name), new Uint8Array(await body.arrayBuffer())];
    const [sum, size] = [crc32(bytes), bytes.length];
    // Version 2.0, names in UTF-8, stored, 1 January 1980: the same files are the same archive.
    const common = [20, 0x0800, 0, 0, 0x21];
    parts.push(record(0x04034b50, common, [sum, size, size], [title.length, 0]), title, bytes);
    directory.push(record(0x02014b50, [20, ...common], [sum, size, size], [title.length, 0, 0, 0, 0], [0, offset]), title);
    offset += 30 + title.length + size;
    listed += 46 + title.length;
  }
  const end = record(0x06054b50, [0, 0, files.length, files.length], [listed, offset], [0]);
  return new Blob([...parts, ...directory, end], { type: "application/zip" });
}

/**
 * A signature, then numbers of 16, 32, 16 and 32 bits, the lowest byte first.
 * @param {number} signature
 * @param {number[]} shorts
 * @param {number[]} longs
 * @param {number[]} moreShorts
 * @param {number[]} moreLongs
 */
function record(signature, shorts, longs, moreShorts, moreLongs = []) {
  const bytes = new Uint8Array(4 + 2 * (shorts.length + moreShorts.length) + 4 * (longs.length + moreLongs.length));
  const view = new DataView(bytes.buffer);
  let at = 0;
  const long = (/** @type {number} */ value) => (view.setUint32(at, value, true), (at += 4));
  const short = (/** @type {number} */ value) => (view.setUint16(at, value, true), (at += 2));
  long(signature);
  shorts.forEach(short);
  longs.forEach(long);
  moreShorts.forEach(short);
  moreLongs.forEach(long);
  return bytes;
}

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let sum = byte;
  for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? 0xedb88320 ^ (sum >>> 1) : sum >>> 1;
  return sum;
});

/** The checksum of ISO 3309. @param {Uint8Array} bytes */
export function crc32(bytes) {
  let sum = 0xffffffff;
  for (const byte of bytes) sum = (TABLE[(sum ^ byte) & 255] ?? 0) ^ (sum >>> 8);
  return (sum ^ 0xffffffff) >>> 0;
}
