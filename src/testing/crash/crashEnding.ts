/** How one run of `crashEverywhere` ended, as far as runs are compared. */
import { reasonOf } from '../../values/cause.ts';
import { TroupeError } from '../../values/failure.ts';
import type { Json } from '../../values/json.ts';
import type { ActorRow, Journal } from '../../journal/journal.ts';
import type { VirtualClock } from '../clock.ts';
import { storedState } from '../world/storedState.ts';
import type { CrashRecorder } from './crashRecorder.ts';

/** What is known of a run when it is over. */
export interface CrashEnding {
  readonly recorder: CrashRecorder;
  /** How the run ended, as JSON; undefined when it did not. */
  readonly output: string | undefined;
  /** Which actors were active then, and in which state; in words. */
  readonly active: string;
  /** The world at the start and at the end, as JSON. */
  readonly before: string;
  readonly world: string;
  /** What is left although the run is over: active actors, undelivered messages, damage; in words. */
  readonly left: readonly string[];
}

interface RunEnd {
  readonly run: string;
  readonly recorder: CrashRecorder;
  readonly before: string;
  readonly world: () => Json;
  /** The root's row; undefined when it did not end. */
  readonly row: ActorRow | undefined;
  readonly time: VirtualClock;
}

/** What is left of the run is looked up in the journal; rejects with `invalid` when `world` throws. */
export async function crashEndingOf({ run, recorder, before, world, row, time }: RunEnd): Promise<CrashEnding> {
  const { journal } = recorder;
  return {
    recorder,
    before,
    world: worldText(world),
    output: row && outputText(row),
    active: await activeText(journal, run, time),
    left: await leftovers(journal, run),
  };
}

/** The state of the world as JSON. Throws `invalid` when `world` throws. */
export function worldText(world: () => Json): string {
  try {
    return JSON.stringify(world());
  } catch (cause) {
    throw new TroupeError('invalid', `world() tells what the world looks like, as JSON; it threw: ${reasonOf(cause)}`, {
      cause,
    });
  }
}

function outputText(row: ActorRow): string {
  const { output = null, failure = null } = storedState(row);
  return JSON.stringify({ status: row.status, state: row.state, output, failure });
}

async function activeText(journal: Journal, run: string, time: VirtualClock): Promise<string> {
  const active = await journal.find({ run, status: 'active', limit: 20 });
  const states = active.map(({ actor, state }) => `${actor} is in ${state}`).join(', ');
  return `${states || 'nobody is alive'}, at ${new Date(time.now()).toISOString()}`;
}

async function leftovers(journal: Journal, run: string): Promise<string[]> {
  const actors = await journal.find({ run, status: 'active', limit: 1_000 });
  const messages = [...(await journal.undelivered(run)), ...(await journal.mail(run))];
  const { damage } = await journal.verify();
  return [
    ...actors.map(({ actor, state }) => `${actor} is still alive, in ${state}`),
    ...messages.map(({ type, to }) => `"${type}" to ${to} was not delivered`),
    ...damage.map(({ actor, seq, what }) => `commit ${seq} of ${actor} is damaged: ${what}`),
  ];
}
