import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  plugins: [svelte()],
  base: './',
  build: {
    target: 'es2023',
    assetsInlineLimit: 0, // a data: address would need a wider content security policy
    modulePreload: { polyfill: false },
  },
  server: { proxy: { '/api': 'http://127.0.0.1:8791', '/v1': 'http://127.0.0.1:8791' } },
  resolve: { conditions: ['browser'] },
  test: { include: ['tests/unit/**/*.test.ts'], testTimeout: 60_000 },
});
