import { resolve } from 'node:path';
import { defineConfig, type ViteUserConfig } from 'vitest/config';
import { limits } from './test/limits.ts';
import { fastRooms, isolated, slowFiles } from './test/reporter/rooms.ts';

/** Also for configurations that are elsewhere. */
const here = (path: string) => resolve(import.meta.dirname, path);
const fast = fastRooms.map((room) => `test/${room}/**/*.test.ts`);

/** What every run of ours has in common. Sources are tested, not the build: the condition resolves `troupe` to src/. */
export const base = {
  resolve: { conditions: ['troupe-source'] },
  ssr: { resolve: { conditions: ['troupe-source'] } },
  test: {
    typecheck: { enabled: false },
    testTimeout: limits.test,
    hookTimeout: limits.test,
    expect: { poll: { timeout: limits.step } },
    // Many tests wait for processes of their own: every core has something to do.
    maxWorkers: '100%',
    // Modules are imported once in a worker, not once in every file.
    isolate: false,
  },
} satisfies ViteUserConfig;

const project = (name: string, test: object) => ({ extends: true as const, test: { name, ...test } });

export default defineConfig({
  ...base,
  test: {
    ...base.test,
    globalSetup: [here('test/temporary.ts')],
    setupFiles: [here('test/reporter/measure.ts')],
    reporters: ['default', here('test/reporter/cost.ts')],
    projects: [
      project('fast', { include: fast, exclude: [...slowFiles, ...isolated] }),
      project('rest', {
        include: [`test/!(${fastRooms.join('|')})/**/*.test.ts`, 'test/*.test.ts', ...slowFiles],
        exclude: isolated,
        globalSetup: [here('test/built.ts')],
      }),
      project('isolated', { include: isolated, isolate: true }),
    ],
  },
});
