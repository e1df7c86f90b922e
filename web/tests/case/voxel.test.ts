/** One voxel: its value, its interval, measured or imagined. */

import { describe, expect, it } from 'vitest';
import { voxelSaid } from '../../src/lib/case/voxel';

describe('a voxel', () => {
  it('of a denoised picture is estimated, within its interval', () => {
    const said = voxelSaid({
      verb: 'denoise',
      units: 'HU',
      scan: 33,
      picture: 40,
      spread: 12,
    });
    expect(said).toMatchObject({
      value: '40\u00a0HU',
      interval: '28 to 52\u00a0HU',
      origin: 'estimated',
    });
    expect(said.sentence).toContain('33\u00a0HU');
  });

  it('of a translated picture is imagined, whatever it is', () => {
    for (const imagined of [undefined, 0, 40]) {
      const at = { verb: 'translate', units: 'HU', picture: 40, spread: 12, imagined };
      expect(voxelSaid(at).origin).toBe('imagined');
    }
  });

  it('of a reconstruction is measured, or in part imagined', () => {
    const at = { verb: 'reconstruct', units: 'a.u.', picture: 100, spread: 1 };
    expect(voxelSaid({ ...at, imagined: 0.2 }).origin).toBe('measured');
    expect(voxelSaid({ ...at, imagined: -30 }).origin).toBe('partly');
  });

  it('of an outline is inside, outside or in the band of doubt', () => {
    const at = { verb: 'segment', units: 'a.u.' };
    const said = [
      voxelSaid({ ...at, picture: 0.9, spread: 0 }),
      voxelSaid({ ...at, picture: 0.9, spread: 1 }),
      voxelSaid({ ...at, picture: 0.1, spread: 0 }),
    ].map((one) => one.sentence);
    expect(new Set(said).size).toBe(3);
    expect(said[1]).toContain('band of doubt');
  });

  it('of a scan is measured; outside of it there is none', () => {
    expect(voxelSaid({ verb: 'detect', units: 'HU', scan: -800 }).origin).toBe(
      'measured',
    );
    expect(voxelSaid({ verb: 'denoise', units: 'HU' }).value).toBe(
      'outside the picture',
    );
  });
});
