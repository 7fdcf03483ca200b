/** The process of one contestant: it prepares its work once, and does a round of it whenever it is told to. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { modulesIn } from './modules.ts';
import { Profiler, type Profile } from './profile.ts';
import { timed } from './sample.ts';
import { rows } from './rows.ts';
import type { Contestant, Row, Run, Sample, Scope } from './row.ts';

/** What a contestant's process is started with. */
export interface Assignment {
  readonly row: string;
  readonly contestant: string;
  /** The folder of the compiled modules, and the packaged front door. */
  readonly modules: string;
  readonly shipped: string;
  readonly server: string;
  readonly monitor: string;
  readonly serverPid: number;
  /** Profiles so many rounds instead of measuring one; zero measures. */
  readonly profile: number;
}

/** Does one round, and adds what only the work itself can measure. */
export async function round({ columns }: Row, run: Run): Promise<Sample> {
  const pauses = columns.some(({ figure }) => figure === 'pause' || figure === 'ticks');
  let measured: Sample | undefined;
  const own = await run(async (work) => (measured = await timed(work, pauses)));
  return { busy: 0, wall: 0, pause: 0, ...measured, ...own };
}

/** Calls `work` with an opened contestant, and closes it. */
export async function opened<T>(
  contestant: Contestant,
  given: Omit<Scope, 'folder' | 'onEnd'>,
  work: (run: Run | undefined) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'troupe-bench-'));
  const closing: (() => unknown)[] = [];
  try {
    return await work(await contestant.open({ ...given, folder, onEnd: (close) => void closing.unshift(close) }));
  } finally {
    for (const close of closing) await close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Profiles the part of the rounds that counts. */
async function profileOf(run: Run, rounds: number): Promise<Profile> {
  const profiler = new Profiler();
  for (let round = 0; round < rounds; round++) {
    await run(async (work) => {
      await profiler.add(work);
      return { busy: 0, wall: 0, pause: 0 };
    });
  }
  return profiler.result();
}

async function serve({ row: name, contestant: who, modules, profile, ...given }: Assignment): Promise<void> {
  const row = rows.find((each) => each.name === name);
  const contestant = row?.contestants.find((each) => each.name === who);
  if (!row || !contestant) throw new Error(`There is no contestant "${who}" of a row "${name}".`);
  const nodeProcess = join(import.meta.dirname, 'cluster/nodeProcess.js');
  await opened(contestant, { ...given, load: modulesIn(modules), nodeProcess }, async (run) => {
    process.send?.({ ready: run !== undefined });
    if (!run) return;
    for (;;) {
      const word = await new Promise((resolve) => process.once('message', resolve));
      if (word === 'end') return;
      process.send?.(profile ? { profile: await profileOf(run, profile) } : { sample: await round(row, run) });
    }
  });
}

const assignment = process.env['TROUPE_BENCH'];
if (assignment && process.send) {
  // It ends with the process that measures it, however that ends; after its work it leaves by itself.
  process.once('disconnect', () => process.exit(1));
  await serve(JSON.parse(assignment) as Assignment);
  process.exit(0);
}
