/** How a run that has not ended stands, read from the journal: anybody can ask, whichever process has the run. */
import type { ActorRow, Journal, RunLease } from '../journal/journal.ts';
import { isOfThisMachine, isProcessAlive } from '../engine/processId.ts';
import { propertiesOf } from '../values/properties.ts';
import { isDeadLetterMark } from '../contracts/deadLetterMark.ts';
import type { Envelope } from '../contracts/envelope.ts';
import { awaitedSignals, isSleeping, signalsAwaitedBy, type AwaitedSignal } from './awaitedSignals.ts';
import { isPaused, isToldToPause, keepsPause, sentCommand } from './paused.ts';
import type { Runtime, Ticket } from './runtime.ts';

export { isProcessAlive };

/** How a run that has not ended can stand. */
export const standings = ['working', 'waiting', 'parked', 'stalled', 'orphaned'] as const;

/** How a run stands, what it needs, and why. */
export interface RunStanding {
  /**
   * `working`: a process is at work on it. `waiting`: only a person, or a signal, can move it on. `parked`: no process has it; it was released in order. `stalled`: its process
   * lives, and cannot go on. `orphaned`: its process is gone, and no other has taken it.
   */
  readonly status: (typeof standings)[number];
  /** `you`: it has a question that a person must answer, or was paused by one; also while something else of it is at work. */
  readonly needs?: 'you';
  /** It begins nothing until it is resumed; absent otherwise. */
  readonly paused?: true;
  /** Why it does not go on, in words. */
  readonly reason?: string;
}

type Reader = Pick<Runtime, 'journal' | 'tickets' | 'now'> & Partial<Pick<Runtime, 'stallOf'>>;

/** Why the process with that name in its leases cannot use the journal, as it says itself; undefined when it can, or says nothing. */
export type TroubleOf = (owner: string) => string | undefined;

/** How the runs with these roots stand, by run. Only for roots that are active. */
export async function standingsOf(
  runtime: Reader,
  roots: readonly ActorRow[],
  troubleOf: TroubleOf = () => undefined,
): Promise<Map<string, RunStanding>> {
  if (roots.length === 0) return new Map();
  const { journal } = runtime;
  const [only] = roots.length === 1 ? roots : [];
  const [tickets, claims] = await Promise.all([
    Promise.all(roots.map(({ run }) => runtime.tickets(run))),
    journal.claims(only === undefined ? {} : { run: only.run }),
  ]);
  const leases = new Map(claims.map((lease) => [lease.run, lease]));
  const open = byRun(tickets.flat().filter(({ answered }) => !answered));
  const trouble = journal.trouble?.();
  const entries = roots.map(async (root): Promise<[string, RunStanding]> => {
    const asked = open.get(root.run) ?? [];
    const lease = leases.get(root.run);
    const stalled = runtime.stallOf?.(root.run) ?? (lease && troubleOf(lease.owner));
    const stands = held(lease, { now: runtime.now(), trouble: stalled ?? trouble });
    // What waits for the journal is not told by what is in it.
    if (stalled !== undefined && stands.status === 'stalled') return [root.run, { ...stands, ...needsIn(root, asked) }];
    return [root.run, await standingOf(journal, root, asked, stands)];
  });
  return new Map(await Promise.all(entries));
}

async function standingOf(
  journal: Journal,
  root: ActorRow,
  [question]: readonly Ticket[],
  stands: RunStanding,
): Promise<RunStanding> {
  const { run } = root;
  // A process that has it takes at once what is sent to it.
  const mail = stands.status === 'working' ? [] : await journal.mail(run);
  const sent = sentCommand(mail, root);
  if (sent === 'cancel') return { ...stands, reason: `It was told to cancel. ${stands.reason ?? ''}`.trim() };
  if (sent === 'pause') return pausedStanding('It is paused. No process has it.');
  const needs = question ? ({ needs: 'you' } as const) : {};
  if (sent !== 'resume') {
    if (keepsPause(root)) return pausedStanding('It is paused.');
    if (isPaused(root)) return pausedStanding('It is paused. Its calls that are under way may finish.');
    if (isToldToPause(root))
      return { ...stands, needs: 'you', reason: 'It was told to pause, and does so when its model has answered.' };
  }
  if (question && !(await hasWork(journal, run))) return { status: 'waiting', ...needs, reason: question.question };
  const awaited = question ? [] : await awaitedSignals(journal, run);
  const [signal] = awaited.some((one) => hasCome(one, mail)) ? [] : awaited;
  if (signal && !(await hasWork(journal, run)))
    return { status: 'waiting', reason: `It waits for the signal "${signal.name}".` };
  return { ...stands, ...needs };
}

const pausedStanding = (reason: string): RunStanding => ({ status: 'waiting', needs: 'you', paused: true, reason });

/** Was the signal sent, and not taken yet? */
const hasCome = ({ actor, name }: AwaitedSignal, mail: readonly Envelope[]): boolean =>
  mail.some(({ to, type, body }) => to === actor && type === 'flow.signal' && propertiesOf(body)['name'] === name);

const needsIn = (root: ActorRow, asked: readonly Ticket[]) =>
  isToldToPause(root) || asked.length > 0 ? ({ needs: 'you' } as const) : {};

/** How the state of a flow begins whose body waits: for a person, a signal, time, or a child. */
export const waitingFlow = 'active.lifecycle.working.waiting';

/**
 * Can only a signal or time move this flow on? Not while something of its run is at work, or while a signal for it is not taken yet.
 * One that waits for a person alone is told by its questions: it goes on once they are answered.
 */
export async function isFlowWaiting(
  journal: Pick<Journal, 'find' | 'load' | 'mail'>,
  { run, actor, state, snapshot }: ActorRow,
): Promise<boolean> {
  if (propertiesOf(snapshot)['machine'] !== 'flow' || !state.startsWith(waitingFlow)) return false;
  // The row may have been read before the others.
  const rows = await activeRows(journal, run);
  const isStillWaiting = rows.some((row) => row.actor === actor && row.state.startsWith(waitingFlow));
  if (!isStillWaiting || !rows.some((row) => signalsAwaitedBy(row).length > 0 || isSleeping(row))) return false;
  return !(await isWorking(journal, rows)) && (await journal.mail(run)).every(isDeadLetterMark);
}

const activeRows = (journal: Pick<Journal, 'find'>, run: string) =>
  journal.find({ run, status: 'active', limit: 10_000 });

const hasWork = async (journal: Pick<Journal, 'find' | 'load'>, run: string): Promise<boolean> =>
  isWorking(journal, await activeRows(journal, run));

/** Is an effect of one of them begun and not settled, or does one wait for time to pass before it tries again? */
async function isWorking(journal: Pick<Journal, 'load'>, rows: readonly ActorRow[]): Promise<boolean> {
  for (const { actor, tags } of rows) {
    if (tags.includes('recovering')) return true;
    if ((await journal.load(actor))?.pending.some(({ kind }) => kind === 'effect')) return true;
  }
  return false;
}

/** What its lease says, and why its process cannot use the journal. */
function held(
  lease: RunLease | undefined,
  { now, trouble }: { readonly now: number; readonly trouble: string | undefined },
): RunStanding {
  if (!lease || lease.until === 0) return { status: 'parked', reason: 'No process has it; it was released in order.' };
  const { owner, until } = lease;
  const isSeen = isOfThisMachine(owner);
  if (isSeen && !isProcessAlive(owner)) return { status: 'orphaned', reason: `Its process is gone: ${owner}.` };
  if (trouble !== undefined && (isSeen || until > now)) return { status: 'stalled', reason: trouble };
  if (until > now) return { status: 'working' };
  const seconds = Math.round((now - until) / 1000);
  return isSeen
    ? {
        status: 'stalled',
        reason: `Its process lives, and has not renewed its lease for ${seconds} s: it is suspended, or cannot write the journal (${owner}).`,
      }
    : { status: 'orphaned', reason: `The lease of its process ended ${seconds} s ago: ${owner}.` };
}

/** Has a process the run, as far as its lease tells: what is stored for the run reaches it. `now`: milliseconds since the epoch. */
export const isHeld = (lease: RunLease, now: number): boolean =>
  held(lease, { now, trouble: undefined }).status === 'working';

function byRun(tickets: readonly Ticket[]): Map<string, Ticket[]> {
  const groups = new Map<string, Ticket[]>();
  for (const ticket of tickets) groups.set(ticket.run, [...(groups.get(ticket.run) ?? []), ticket]);
  return groups;
}
