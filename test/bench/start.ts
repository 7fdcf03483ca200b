/** Whole processes: the time until `troupe --version` has answered, and until an agent with one turn has. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { compare, microseconds } from './measure.ts';

const root = resolve(import.meta.dirname, '../..');
const dist = join(root, 'dist/src');

function time(args: readonly string[]): number {
  const begin = microseconds();
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`node ${args.join(' ')} ended with ${status}: ${stderr}`);
  return microseconds() - begin;
}

export async function starts(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'troupe-start-'));
  const script = (db: string) => {
    const path = join(folder, `${db === 'memory' ? 'memory' : 'sqlite'}.mjs`);
    const text = `import { agent, run } from ${JSON.stringify(join(dist, 'index.js'))};
import { scriptedModel } from ${JSON.stringify(join(dist, 'testing/index.js'))};
await run(agent({ name: 'a', model: scriptedModel([{ text: 'hi' }]) }), 'go', { db: ${JSON.stringify(db)} });`;
    writeFileSync(path, text);
    return path;
  };
  const [memory, sqlite] = [script('memory'), script(join(folder, 'j.db'))];
  const bare = join(folder, 'bare.mjs');
  writeFileSync(bare, 'console.log("hi");');
  await compare('A whole process (built)', [
    { name: 'node, saying hi', run: () => time([bare]) },
    { name: 'troupe --version', run: () => time([join(dist, 'cli/main.js'), '--version']) },
    { name: 'one turn, memory', run: () => time([memory]) },
    { name: 'one turn, sqlite', run: () => time([sqlite]) },
  ]);
}
