import { t } from '../../lib/messages';

interface Share {
  count: number;
  of: number;
  low: number;
  high: number;
}

/** Return a share in natural frequencies: "9 of 12 (43 to 93 of 100)". */
export function shareOf(share: Share | null | undefined): string {
  if (!share) return t('habit.nothing');
  const [low, high] = [share.low, share.high].map((end) => Math.round(100 * end));
  return t('habit.share', {
    count: share.count,
    of: share.of,
    low: low ?? 0,
    high: high ?? 0,
  });
}
