// Zip: a folder of DICOM files as one file, packed here without a copy in memory.
//
// The files stay where they are on the disk (a Blob is made of references), only their
// check sums are computed. Their names may hold a patient's: they are numbered instead.
// Source: PKWARE APPNOTE 6.3.10, sections 4.3.7, 4.3.12 and 4.3.16; stored, no zip64.

const MOST_FILES = 0xffff;
const MOST_BYTES = 0xffffffff;

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) {
    value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  }
  return value;
});

/** Return the CRC-32 of bytes; give the last one to go on with more of them. */
export function crc32(bytes: Uint8Array, before = 0): number {
  let value = ~before;
  for (const byte of bytes) value = (TABLE[(value ^ byte) & 255] ?? 0) ^ (value >>> 8);
  return ~value >>> 0;
}

async function crcOf(file: Blob): Promise<number> {
  let crc = 0;
  const reader = file.stream().getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return crc;
    crc = crc32(value, crc);
  }
}

/** It is more than a zip of this kind can hold. */
export class TooMuch extends Error {}

/** Pack files, in their order; hears how many are done. */
export async function packed(
  files: readonly Blob[],
  hears: (done: number) => void = () => undefined,
): Promise<Blob> {
  const size = files.reduce((sum, file) => sum + file.size + 128, 0);
  if (files.length > MOST_FILES || size > MOST_BYTES) throw new TooMuch();
  const parts: BlobPart[] = [];
  const directory: Uint8Array<ArrayBuffer>[] = [];
  let at = 0;
  for (const [number, file] of files.entries()) {
    const name = new TextEncoder().encode(`${String(number + 1).padStart(6, '0')}.dcm`);
    const crc = await crcOf(file);
    const local = header(0x04034b50, name, crc, file.size);
    parts.push(local, file);
    directory.push(header(0x02014b50, name, crc, file.size, at));
    at += local.length + file.size;
    hears(number + 1);
  }
  const bytes = directory.reduce((sum, one) => sum + one.length, 0);
  const end = new DataView(new ArrayBuffer(22));
  end.setUint32(0, 0x06054b50, true);
  end.setUint16(8, files.length, true);
  end.setUint16(10, files.length, true);
  end.setUint32(12, bytes, true);
  end.setUint32(16, at, true);
  return new Blob([...parts, ...directory, end.buffer], { type: 'application/zip' });
}

/** Return a file's header; in the directory it says where the file begins. */
function header(
  signature: number,
  name: Uint8Array,
  crc: number,
  size: number,
  at?: number,
): Uint8Array<ArrayBuffer> {
  const inDirectory = at !== undefined;
  const shift = inDirectory ? 2 : 0; // "made by" comes before all else there
  const length = inDirectory ? 46 : 30;
  const bytes = new Uint8Array(length + name.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, signature, true);
  if (inDirectory) view.setUint16(4, 20, true);
  view.setUint16(4 + shift, 20, true);
  view.setUint16(12 + shift, 33, true); // 1 January 1980: no day of the examination
  view.setUint32(14 + shift, crc, true);
  view.setUint32(18 + shift, size, true);
  view.setUint32(22 + shift, size, true);
  view.setUint16(26 + shift, name.length, true);
  if (inDirectory) view.setUint32(42, at, true);
  bytes.set(name, length);
  return bytes;
}
