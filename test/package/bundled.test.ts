/** The package in a program that a bundler has joined into one file: it runs where only that file is, without the packages that the program does not use. */
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { optionalPackages } from '../../src/values/optional.ts';
import { limits } from '../limits.ts';
import { installed, type InstalledPackage } from './installed.ts';

const program = `import { agent, flow, run } from 'troupe';
import { troupeClient } from 'troupe/client';
import { scriptedModel } from 'troupe/testing';
const model = () => scriptedModel([{ text: 'hello' }]);
const greet = flow('greet', async (ctx) => (await ctx.checkpoint('write', () => 'good ')) + 'evening');
const says = async () => {
  console.log(await run(agent({ name: 'a', model: model() }), 'go', { db: 'memory' }));
  console.log(await run(greet, undefined, { db: 'memory' }));
  if (process.argv[2]) {
    for (let n = 0; n < 2; n++) console.log(await run(greet, undefined, { db: process.argv[2], key: 'g' }));
    const client = await troupeClient({ db: process.argv[2] });
    console.log((await client.executions.list()).items.map(({ exec_id }) => exec_id).join());
    await client[Symbol.asyncDispose]();
  }
  await run(agent({ name: 'b', model: 'openai:m' }), 'go', { db: 'memory', env: { OPENAI_API_KEY: 'k' } }).catch(({ message }) => console.log(message));
  await troupeClient({ nats: 'nats://127.0.0.1:1' }).catch(({ message }) => console.log(message));
};
says().catch((thrown) => {
  console.error(thrown);
  process.exitCode = 1;
});
`;

let project: InstalledPackage;
beforeAll(() => {
  project = installed();
  project.write('program.mjs', program);
});
afterAll(() => project[Symbol.dispose]());

/** Joins the program to one file, as esbuild, Vite, webpack and rolldown do alike: what is not installed stays an import. */
async function joined(format: 'esm' | 'cjs'): Promise<string> {
  const folder = join(project.folder, '../..');
  const file = `joined.${format === 'esm' ? 'mjs' : 'cjs'}`;
  const build = await rolldown({
    input: join(folder, 'program.mjs'),
    platform: 'node',
    external: Object.keys(optionalPackages),
    logLevel: 'silent',
  });
  await build.write({ dir: folder, entryFileNames: file, format, codeSplitting: false });
  await build.close();
  return file;
}

test.for(['esm', 'cjs'] as const)(
  'a program in one file (%s) runs with a journal in memory and in a file, and needs no package that it does not use',
  { timeout: limits.test },
  async (format) => {
    const file = await joined(format);
    const journal = isBuiltin('node:sqlite') ? [`${format}.db`] : [];
    const { out, err, loaded } = project.node([file, ...journal]);
    expect(err).toBe('');
    expect(loaded).toEqual([]);
    expect(out.trim().split('\n')).toEqual([
      'hello',
      'good evening',
      ...(journal.length > 0 ? ['good evening', 'good evening', 'g'] : []),
      expect.stringContaining('the package @ai-sdk/openai, which is not installed. Run: npm install'),
      expect.stringContaining('the packages @nats-io/transport-node, @nats-io/jetstream, @nats-io/obj, which are not'),
    ]);
  },
);
