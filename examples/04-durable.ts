/** Durable by default: the process is killed while the agent works, and a second process resumes the run without doing anything twice. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { agent, run, tool } from 'troupe';
import { scriptedModel } from 'troupe/testing';
import { z } from 'zod';

const folder = process.env.EXAMPLE_FOLDER ?? mkdtempSync(join(tmpdir(), 'troupe-'));
const diary = join(folder, 'diary.txt');

const note = tool({
  name: 'note',
  description: 'Writes a line into the diary.',
  effect: 'write',
  idempotent: true, // It looks for the key first, so a repeated call changes nothing.
  input: z.object({ line: z.string() }),
  output: z.object({ written: z.boolean() }),
  run({ line }, { key }) {
    const done = (() => {
      try {
        return readFileSync(diary, 'utf8').includes(key);
      } catch {
        return false;
      }
    })();
    if (!done) appendFileSync(diary, `${line} ${key}\n`);
    if (line === 'two' && process.env.EXAMPLE_DIES) process.kill(process.pid, 'SIGKILL');
    return { written: !done };
  },
});

const step = (line: string) => ({ calls: [{ name: 'note', input: { line } }] });
const diarist = agent({
  name: 'diarist',
  instructions: 'Write three lines into the diary.',
  tools: [note],
  // Answers by the conversation and not by a list of steps: a process that resumes the run starts in the middle.
  model: scriptedModel(
    ({ messages }) => [step('one'), step('two'), step('three'), { text: 'Done.' }][(messages.length - 1) / 2]!,
  ),
});

if (process.env.EXAMPLE_DIES === undefined && process.argv[2] !== 'again') {
  const child = spawn(process.execPath, [...process.execArgv, import.meta.filename], {
    env: { ...process.env, EXAMPLE_DIES: 'yes', EXAMPLE_FOLDER: folder },
  });
  const signal = await new Promise((resolve) => child.on('exit', (_, killed) => resolve(killed)));
  assert.equal(signal, 'SIGKILL', 'the first process was to die in the middle');
}

const answer = await run(diarist, 'Write.', { key: 'diary', db: join(folder, 'troupe.db') });

const lines = readFileSync(diary, 'utf8').trim().split('\n');
console.log(lines.join('\n'));
assert.equal(answer, 'Done.');
assert.deepEqual(
  lines.map((line) => line.split(' ')[0]),
  ['one', 'two', 'three'],
);
