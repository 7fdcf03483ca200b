/** How a story, an outcome or a run ended, in one form for a matcher. */
import { describeValue } from '../../values/explain.ts';
import { TroupeError } from '../../values/failure.ts';
import type { RunHandle, RunOutcome } from '../../runtime/runtime.ts';
import type { Played } from '../play.ts';
import { stateValueText } from './path.ts';

/** How something ended. */
export interface EndState {
  /** Its name, for messages. */
  readonly who: string;
  /** Has it ended? */
  readonly ended: boolean;
  /** The properties that a test compares with. */
  readonly facts: object;
  /** What it does or how it ended, in a sentence. */
  readonly says: string;
  /** The story, when it is one. */
  readonly played?: Played;
}

/** Reads how something ended; asks a run for its outcome. Throws `invalid` for anything else. */
export function endStateOf(value: unknown): EndState | Promise<EndState> {
  if (isPlayed(value)) return ofStory(value);
  if (isRun(value))
    return value.outcome({ returnWhenWaiting: true }).then((outcome) => ofOutcome(`the run ${value.id}`, outcome));
  if (isOutcome(value)) return ofOutcome('the run', value);
  throw new TroupeError('invalid', `toHaveEnded looks at a story, a run or an outcome; got ${describeValue(value)}.`);
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
const isRun = (value: unknown): value is RunHandle =>
  isObject(value) && 'outcome' in value && typeof value.outcome === 'function';
const isOutcome = (value: unknown): value is RunOutcome =>
  isObject(value) && 'status' in value && typeof value.status === 'string';

/** Is it a story, or what `play` and `story` are made of? */
export const isPlayed = (value: unknown): value is Played =>
  isObject(value) && 'snapshot' in value && 'path' in value && Boolean(value.snapshot) && Boolean(value.path);

function ofStory(played: Played): EndState {
  const { status, value, machine } = played.snapshot;
  const output: unknown = played.snapshot.output;
  return {
    who: `"${machine.id}"`,
    ended: status !== 'active',
    facts: { status, output, state: stateValueText(value) },
    says: status === 'active' ? `it rests in "${stateValueText(value)}"` : `it ended in "${stateValueText(value)}"`,
    played,
  };
}

function ofOutcome(who: string, outcome: RunOutcome): EndState {
  const { status } = outcome;
  return { who, ended: status !== 'waiting' && status !== 'parked', facts: outcome, says: sentence(outcome) };
}

function sentence(outcome: RunOutcome): string {
  switch (outcome.status) {
    case 'done':
      return 'it is done';
    case 'failed':
      return `it failed (${outcome.failure.kind}): ${outcome.failure.message}`;
    case 'cancelled':
      return `it was cancelled: ${outcome.reason}`;
    case 'waiting':
      return `it waits for ${[
        ...(outcome.paused ? ['somebody to resume it'] : []),
        ...outcome.tickets.map(({ id, question }) => `${id} (${question})`),
        ...(outcome.signals ?? []).map(({ actor, name }) => `the signal "${name}" for ${actor}`),
      ].join(', ')}`;
    case 'parked':
      return `it is parked${outcome.failure ? ` (${outcome.failure.kind}): ${outcome.failure.message}` : ''}`;
  }
}
