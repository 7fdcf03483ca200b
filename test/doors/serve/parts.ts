/** Components of `troupe serve` for one test, in this process. */
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { systemClock } from '../../../src/engine/clock.ts';
import { serveComponents, type ServeOptions } from '../../../src/doors/http/serve/components.ts';
import type { TestProject } from './project.ts';

/** A port that is free. */
export const free = { host: '127.0.0.1', port: 0 };

/** Serves components of a project on its journal until the test has ended. */
export async function serveParts(
  { folder, env }: Pick<TestProject, 'folder' | 'env'>,
  components: ServeOptions['components'],
  more: Partial<ServeOptions> = {},
) {
  const served = await serveComponents({
    components,
    project: { projectDir: folder, env },
    runtime: { db: join(folder, 'troupe.db'), env: {}, poll: 20 },
    clock: systemClock(),
    secret: 'the secret of the test',
    say: () => {},
    ...more,
  });
  onTestFinished(() => served[Symbol.asyncDispose]());
  return served;
}
