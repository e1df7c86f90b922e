// The case's views come with the viewer, when the first case is opened and not before.

export default () => import('./Case.svelte');

/** Have them ready before the first case is opened. */
export async function warm(): Promise<void> {
  const [fetching] = await Promise.all([
    import('../../lib/picture/fetching'),
    import('./Case.svelte'),
  ]);
  fetching.warm();
}
