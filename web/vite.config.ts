import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

// Where `npm run dev` finds a desk that runs: its pages come from here, its API from there.
const desk = process.env['DESK'] ?? 'http://127.0.0.1:8765';

export default defineConfig({
  // Relative, so that the pages work below any path that a proxy puts before them.
  base: './',
  plugins: [svelte()],
  build: {
    outDir: '../src/vesalius/server/static',
    emptyOutDir: true,
    assetsInlineLimit: 0, // a data: address is no file of ours
    modulePreload: { polyfill: false },
    target: 'es2022',
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'], // light-dark() stays
    chunkSizeWarningLimit: 1500,
  },
  server: { proxy: { '/api': desk, '/health': desk, '/ready': desk } },
  // The limits guard against what hangs; a busy machine takes its time.
  test: {
    include: ['tests/**/*.test.ts'],
    environment: 'node',
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
