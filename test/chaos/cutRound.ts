/** Simulates a power cut while commits are acknowledged, and checks which of them are on the disk; then the same without fsync, which must lose some. */
import { spawn, type ChildProcess } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { built, root } from '../built.ts';
import { sqlite } from '../../src/journal/sqlite/sqlite.ts';
import { seededRandom } from './random.ts';
import { disk } from './disk.ts';

interface CutResult {
  /** Commits that were acknowledged to the writer. */
  readonly acknowledged: number;
  /** How many of them are missing after the power cut. */
  readonly lost: number;
  readonly damage: readonly string[];
}

export interface CutRound extends Omit<CutResult, 'damage'> {
  readonly control: CutResult;
  readonly violations: readonly string[];
}

export async function cutRound(seed: number): Promise<CutRound> {
  const lines = 100 + Math.floor(seededRandom(seed)() * 900);
  const { acknowledged, lost, damage } = await cutAfter(lines, 'test/journal/fixtures/writer.ts');
  const control = await cutAfter(lines, 'test/chaos/withoutFsync.ts');
  const violations = [
    ...damage,
    ...(lost > 0 ? [`${lost} of ${acknowledged} acknowledged commits did not survive a power cut`] : []),
    ...(acknowledged < lines ? [`the writer acknowledged only ${acknowledged} of ${lines} commits`] : []),
  ];
  return { acknowledged, lost, control, violations };
}

/** Cuts the power after this many acknowledged commits. */
async function cutAfter(lines: number, script: string): Promise<CutResult> {
  using before = disk();
  const child = spawn(process.execPath, [built(script), join(before.path, 'j.db')], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const dead = new Promise<void>((over) => child.on('close', () => over()));
  let output = '';
  // The copy takes a while and must be of one moment, so the process is frozen meanwhile. It must contain every commit printed before.
  const after = await new Promise<ReturnType<typeof before.cut>>((cut, fail) => {
    child.on('error', fail);
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (output.split('\n').length <= lines + 1) return;
      child.stdout.removeAllListeners('data');
      try {
        freeze(child);
        cut(before.cut());
      } catch (thrown) {
        fail(thrown as Error);
      }
    });
    void dead.then(() => fail(new Error(`The writer ended by itself, after: ${output.slice(-200)}`)));
  }).finally(() => child.kill('SIGKILL'));
  await dead;
  using _ = after;
  return await compare(acknowledgedIn(output), after.path);
}

/** Resolves when no thread of the process runs any more: a signal takes effect a moment after it was sent. */
function freeze(child: ChildProcess): void {
  child.kill('SIGSTOP');
  const isStopped = () => / T /.test(readFileSync(`/proc/${child.pid}/stat`, 'utf8').replace(/^.*\)/, ''));
  while (!isStopped());
}

/** The last acknowledged commit of each actor. */
function acknowledgedIn(output: string): Map<string, number> {
  const known = new Map<string, number>();
  for (const line of output.split('\n').slice(0, -1)) {
    const [actor, seq] = line.split(' ') as [string, string | undefined];
    if (seq !== undefined) known.set(actor, Number(seq));
  }
  return known;
}

async function compare(acknowledged: ReadonlyMap<string, number>, path: string): Promise<CutResult> {
  const all = [...acknowledged.values()].reduce((sum, seq) => sum + seq, 0);
  // The control may not even have the file.
  if (!existsSync(join(path, 'j.db'))) return { acknowledged: all, lost: all, damage: ['there is no file any more'] };
  const here = mkdtempSync(join(tmpdir(), 'troupe-cut-'));
  try {
    for (const name of ['j.db', 'j.db-wal'])
      if (existsSync(join(path, name))) copyFileSync(join(path, name), join(here, name));
    await using journal = await sqlite(join(here, 'j.db'));
    let lost = 0;
    for (const [actor, seq] of acknowledged) lost += Math.max(0, seq - ((await journal.load(actor))?.seq ?? 0));
    return {
      acknowledged: all,
      lost,
      damage: (await journal.verify()).damage.map(({ actor, what }) => `${actor}: ${what}`),
    };
  } catch (thrown) {
    return { acknowledged: all, lost: all, damage: [(thrown as Error).message] };
  } finally {
    rmSync(here, { recursive: true, force: true });
  }
}
