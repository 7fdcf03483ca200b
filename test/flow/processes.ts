/** Runs a flow as several processes would, one after the other, on one journal that outlives them. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  openRuntime,
  type Flow,
  type Json,
  type RunOutcome,
  type Runtime,
  type RuntimeOptions,
} from '../../src/index.ts';

/** A journal on disk, and runtimes on it. */
export const onDisk = (options: RuntimeOptions = {}): (() => Promise<Runtime>) => {
  const db = join(mkdtempSync(join(tmpdir(), 'troupe-flow-')), 'j.db');
  return () => openRuntime({ db, poll: 10, ...options });
};

/** Runs it until it has ended or waits for people. */
export async function untilRest(runtime: Runtime, subject: Flow, input: unknown, key = 'r'): Promise<RunOutcome> {
  const handle = await runtime.start(subject, input, { key });
  return handle.outcome({ returnWhenWaiting: true });
}

/** Answers the only question that is open. */
export async function answerOnly(runtime: Runtime, answer: Json, run = 'r'): Promise<void> {
  const open = (await runtime.tickets(run)).filter(({ answered }) => !answered);
  if (open.length !== 1) throw new Error(`${open.length} questions are open, not one.`);
  await runtime.answer(open[0]!.id, answer);
}

/** What it gave. Throws for a run that has not completed. */
export function resultIn(outcome: RunOutcome): unknown {
  if (outcome.status === 'done') return outcome.output;
  throw new Error(`It is ${JSON.stringify(outcome)}.`);
}

/** A list of what was done, in order. */
export const journalOf = (): { readonly done: string[]; does(what: string): string } => {
  const done: string[] = [];
  return { done, does: (what) => (done.push(what), what) };
};
