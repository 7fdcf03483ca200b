/** How something ended, whatever it is: a story, an outcome, or a run that is still to be asked. */
import { came } from '../../contracts/explain.ts';
import { TroupeError } from '../../contracts/failure.ts';
import type { RunHandle, RunOutcome } from '../../runtime.ts';
import type { Played } from '../play.ts';
import { inWords } from './path.ts';

export interface Ends {
  readonly who: string;
  readonly ended: boolean;
  /** What a test compares with. */
  readonly facts: object;
  /** How it stands, in a sentence. */
  readonly says: string;
  readonly played?: Played;
}

/** Throws `invalid` for what cannot end. */
export function endOf(value: unknown): Ends | Promise<Ends> {
  const given = (value ?? {}) as Partial<Played & RunHandle & RunOutcome>;
  if (given.snapshot && given.path) return ofStory(value as Played);
  if (typeof given.outcome === 'function')
    return given.outcome({ returnWhenWaiting: true }).then((outcome) => ofOutcome(`the run ${given.id}`, outcome));
  if (typeof given.status === 'string') return ofOutcome('the run', value as RunOutcome);
  throw new TroupeError('invalid', `toHaveEnded looks at a story, a run or an outcome; got ${came(value)}.`);
}

function ofStory(played: Played): Ends {
  const { status, output, value, machine } = played.snapshot;
  return {
    who: `"${machine.id}"`,
    ended: status !== 'active',
    facts: { status, output: output as unknown, state: inWords(value) },
    says: status === 'active' ? `it rests in "${inWords(value)}"` : `it ended in "${inWords(value)}"`,
    played,
  };
}

function ofOutcome(who: string, outcome: RunOutcome): Ends {
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
      return `it waits for ${outcome.tickets.map(({ id, question }) => `${id} (${question})`).join(', ')}`;
    case 'parked':
      return `it is parked${outcome.failure ? ` (${outcome.failure.kind}): ${outcome.failure.message}` : ''}`;
  }
}
