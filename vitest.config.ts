import { defineConfig } from 'vitest/config';

// Sources are tested, not the build: the condition resolves `troupe` to src/.
export default defineConfig({
  resolve: { conditions: ['troupe-source'] },
  ssr: { resolve: { conditions: ['troupe-source'] } },
  test: {
    include: ['test/**/*.test.ts'],
    typecheck: { enabled: false },
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // Many tests wait for processes of their own: every core has something to do.
    maxWorkers: '100%',
  },
});
