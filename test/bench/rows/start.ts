/** Whole processes: processor time, memory and modules of Node alone, and of one answer of an agent. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Contestant, Row, Sample, Scope } from '../row.ts';

/** Says at the end what the process used. */
const used = `process.on('exit', () => {
  const { user, system } = process.cpuUsage();
  process.stdout.write(JSON.stringify(user + system));
});`;

const aiTurn = `import { generateText } from ${JSON.stringify(import.meta.resolve('ai'))};
const usage = { inputTokens: { total: 1 }, outputTokens: { total: 1 } };
const answer = { content: [{ type: 'text', text: 'hi' }], finishReason: { unified: 'stop' }, usage, warnings: [] };
const model = { specificationVersion: 'v4', provider: 'p', modelId: 'm', supportedUrls: {}, doGenerate: async () => answer };
await generateText({ model, prompt: 'go' });`;

const ourTurn = (
  shipped: string,
  db: string,
) => `import { agent, run } from ${JSON.stringify(pathToFileURL(shipped).href)};
const usage = { inputTokens: 1, outputTokens: 1, cachedTokens: 0, reported: true, usd: 0 };
const model = {
  id: 'p:m',
  async *stream() {
    yield { type: 'text', text: 'hi' };
    yield { type: 'finish', reason: 'stop', usage, model: 'p:m' };
  },
};
await run(agent({ name: 'a', model }), 'go', { db: ${JSON.stringify(db)} });`;

const importOf = (name: string): string => `import ${JSON.stringify(import.meta.resolve(name))};`;

export function processStart(): Row {
  const contestant = (name: string, text: (scope: Scope) => string): Contestant => ({
    name,
    open(scope) {
      const script = join(scope.folder, 'start.mjs');
      writeFileSync(script, `${used}\n${text(scope)}\n`);
      const modules = modulesOf(script, join(scope.folder, 'coverage'));
      return async () => ({ ...ended(script), modules });
    },
  });
  const ours = (name: string, db: (scope: Scope) => string): Contestant => ({
    ...contestant(name, (scope) => ourTurn(scope.shipped, db(scope))),
    ours: true,
  });
  return {
    name: 'start',
    title: 'a process from its start to its end',
    unit: 'process',
    units: 1,
    columns: [
      { figure: 'busy', goals: [{ of: 'troupe, one turn', against: 'node', atMost: 4.5 }] },
      { figure: 'wall' },
      { figure: 'modules' },
    ],
    contestants: [
      contestant('node', () => ''),
      contestant('zod alone', () => importOf('zod')),
      contestant('ai, one turn', () => aiTurn),
      ours('troupe, one turn', () => 'memory'),
      // Most programs write schemas, and import zod themselves: it is loaded once.
      {
        ...contestant(
          'troupe, one turn, beside zod',
          ({ shipped }) => `${importOf('zod')}\n${ourTurn(shipped, 'memory')}`,
        ),
        ours: true,
      },
      ours('troupe, one turn, on disk', ({ folder }) => join(folder, 'journal.db')),
    ],
  };
}

function output(script: string, env: NodeJS.ProcessEnv): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script], { encoding: 'utf8', env });
  if (status !== 0) throw new Error(`A process ended with ${status}: ${stderr}`);
  return stdout;
}

/** How many files of code a process has loaded, as its coverage lists them. */
function modulesOf(script: string, folder: string): number {
  mkdirSync(folder, { recursive: true });
  output(script, { ...process.env, NODE_V8_COVERAGE: folder });
  const [file = ''] = readdirSync(folder);
  const { result } = JSON.parse(readFileSync(join(folder, file), 'utf8')) as { result: { url: string }[] };
  return new Set(result.map(({ url }) => url).filter((url) => url.startsWith('file:'))).size;
}

function ended(script: string): Sample {
  const begin = performance.now();
  const busy = Number(output(script, process.env));
  return { busy, wall: (performance.now() - begin) * 1e3, pause: 0 };
}
