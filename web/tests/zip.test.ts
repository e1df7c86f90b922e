import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { crc32, packed, TooMuch } from '../src/views/scans/zip';

const bytes = (words: string): Uint8Array => new TextEncoder().encode(words);

describe('a check sum', () => {
  it('is the one that everybody knows', () => {
    // The check value of CRC-32/ISO-HDLC in the catalogue of Cook (2020).
    expect(crc32(bytes('123456789'))).toBe(0xcbf43926);
    expect(crc32(bytes(''))).toBe(0);
  });

  it('goes on where it stopped', () => {
    expect(crc32(bytes('6789'), crc32(bytes('12345')))).toBe(crc32(bytes('123456789')));
  });
});

describe('a packed folder', () => {
  it('is read by another program, byte for byte, under numbers for names', async () => {
    const files = ['one', '', 'three'.repeat(50_000)].map((words) => new Blob([words]));
    const heard: number[] = [];
    const zip = await packed(files, (done) => heard.push(done));
    const folder = mkdtempSync(join(tmpdir(), 'vesalius-zip-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'folder.zip');
    writeFileSync(file, Buffer.from(await zip.arrayBuffer()));
    const script = [
      'import json, sys, zipfile',
      'opened = zipfile.ZipFile(sys.argv[1])',
      'assert opened.testzip() is None',
      'print(json.dumps([[n, opened.read(n).decode()] for n in opened.namelist()]))',
    ].join('\n');
    const told = execFileSync('python3', ['-c', script, file], { encoding: 'utf8' });
    expect(JSON.parse(told)).toEqual([
      ['000001.dcm', 'one'],
      ['000002.dcm', ''],
      ['000003.dcm', 'three'.repeat(50_000)],
    ]);
    expect(heard).toEqual([1, 2, 3]);
  });

  it('is refused where it would need more than a plain zip holds', async () => {
    const large = { size: 0xffffffff } as Blob;
    await expect(packed([large])).rejects.toBeInstanceOf(TooMuch);
    await expect(packed(new Array<Blob>(70_000).fill(new Blob()))).rejects.toThrow();
  });
});
