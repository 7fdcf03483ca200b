/** Runs flows with agents of frameworks as several processes would, one after the other, on one journal that outlives them. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { recordsOf as storedIn } from '../../src/flow/storedRecords.ts';
import { flowBodySlot, type FlowCallRecord, type FlowRecord } from '../../src/contracts/flow/record.ts';
import { openRuntime, type Flow, type Json, type RunOutcome, type Runtime, type Ticket } from '../../src/index.ts';

/** A journal on disk: each call opens a runtime on it, as a process of its own would. */
export const openDisk = (): (() => Promise<Runtime>) => {
  const db = join(mkdtempSync(join(tmpdir(), 'troupe-adapters-')), 'j.db');
  return () => openRuntime({ db, poll: 10, env: {} });
};

/** Runs it until it has ended or waits for people. */
export async function untilRest(runtime: Runtime, subject: Flow, key = 'r'): Promise<RunOutcome> {
  const handle = await runtime.start(subject, null, { key });
  return handle.outcome({ returnWhenWaiting: true });
}

/** The output of a run that is done. */
export function outputOf(outcome: RunOutcome): unknown {
  if (outcome.status !== 'done') throw new Error(`It is ${JSON.stringify(outcome)}.`);
  return outcome.output;
}

/** The questions that it waits for, by their names. */
export function ticketsOf(outcome: RunOutcome): readonly Ticket[] {
  if (outcome.status !== 'waiting') throw new Error(`It is ${JSON.stringify(outcome)}.`);
  return outcome.tickets.toSorted((a, b) => ((a.name ?? '') < (b.name ?? '') ? -1 : 1));
}

/** Answers the open question of this name, as another program does that does not run the flow. */
export async function answerNamed(open: () => Promise<Runtime>, name: string, answer: Json): Promise<void> {
  await using person = await open();
  const tickets = (await person.tickets('r')).filter(({ answered }) => !answered);
  const ticket = tickets.find((each) => each.name === name);
  if (!ticket)
    throw new Error(`No question "${name}" is open, but ${JSON.stringify(tickets.map((each) => each.name))}.`);
  await person.answer(ticket.id, answer);
}

/** All that a run has recorded. */
async function allRecords(runtime: Runtime): Promise<FlowRecord[]> {
  const entries = await runtime.journal.ledger('r');
  return entries.flatMap(({ name, outcome }) =>
    // Each entry of the body holds what was recorded at once.
    name === `${flowBodySlot}.checkpoint` && outcome.ok ? storedIn(outcome.output) : [],
  );
}

/** What a run has recorded of its calls, in the order in which they ended. */
export const recordsOf = async (runtime: Runtime): Promise<FlowCallRecord[]> =>
  (await allRecords(runtime)).filter((record) => record.record === 'call');

/** The names of the artifacts that a run has saved. */
export const artifactsOf = async (runtime: Runtime): Promise<string[]> =>
  (await allRecords(runtime)).flatMap((record) => (record.record === 'artifact' ? [record.name] : []));

/** The ids of the calls that a run has recorded; of one that failed as `id (failed)`. */
export const callsOf = async (runtime: Runtime): Promise<string[]> =>
  (await recordsOf(runtime)).map(({ id, outcome }) => (outcome.ok ? id : `${id} (failed)`));
