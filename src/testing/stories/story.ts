/** A story: a machine stepped event by event. An event that cannot happen in its state is refused, so that a test never describes something impossible. */
import type { AnyStateMachine, EventFromLogic, EventObject, InputFrom } from 'xstate';
import { TroupeError } from '../../values/failure.ts';

import { activeNodes } from '../../core/machineShape.ts';
import { after, done, failed, playNext, playStart, type Played } from '../play.ts';
import { knownJson } from '../jsonValues.ts';
import { pathText } from './path.ts';

/** A machine after some events; each method takes one more event and returns a new story. */
export interface Story<M extends AnyStateMachine = AnyStateMachine> extends Played {
  /** Sends an event of the machine's own. One that the machine ignores in this state is allowed: a test may be about that. */
  readonly send: (event: EventFromLogic<M>) => Story<M>;
  /** A running effect or child ends with this output. Throws `invalid` when none with this id is running. */
  readonly done: (id: string, output?: unknown) => Story<M>;
  /** A running effect or child fails with this error. Throws `invalid` when none with this id is running. */
  readonly failed: (id: string, error?: unknown) => Story<M>;
  /** A delay of an active state is over. `delay`: its name or milliseconds; `state`: the id of the state, when several wait for the same delay. Throws `invalid` unless exactly one state waits for it. */
  readonly after: (delay: string | number, state?: string) => Story<M>;
}

/**
 * Begins a story. Each step returns a new story, so a story may branch; the matchers look at it. Throws what the machine throws.
 * @example expect(story(fetcher, { url }).failed('fetch').after('backoff').done('fetch', 3)).toRestIn('ready')
 */
export const story = <M extends AnyStateMachine>(machine: M, input?: InputFrom<M>): Story<M> =>
  withSteps(machine, playStart(machine, input));

function withSteps<M extends AnyStateMachine>(machine: M, played: Played): Story<M> {
  const on = (event: EventObject) => withSteps(machine, playNext(machine, played, event));
  return {
    ...played,
    send: on,
    done: (id, output) => on(done(running(played, id), output)),
    failed: (id, error) => on(failed(running(played, id), error)),
    after: (delay, state) => on(after(String(delay), state ?? waiting(played, String(delay)))),
  };
}

function running(played: Played, id: string): string {
  const ids = Object.keys(played.snapshot.children);
  if (ids.includes(id)) return id;
  throw wrong(played, `Nothing called "${id}" is running, so it cannot end; running: ${list(ids)}.`);
}

/** The id of the one active state that waits for this delay. */
function waiting(played: Played, delay: string): string {
  const { machine, value } = played.snapshot;
  const delays = activeNodes(machine.root, knownJson(value)).flatMap((node) =>
    node.after.map(({ delay: known }) => ({ delay: String(known), state: node.id })),
  );
  const states = [...new Set(delays.filter((each) => each.delay === delay).map(({ state }) => state))];
  const [state, ...others] = states;
  if (state !== undefined && others.length === 0) return state;
  throw wrong(
    played,
    states.length === 0
      ? `No active state waits for "${delay}"; waited for: ${list(delays.map((each) => `${each.delay} in ${each.state}`))}.`
      : `Several active states wait for "${delay}": ${states.join(', ')}. Name one: after('${delay}', '${states[0]}').`,
  );
}

const wrong = (played: Played, problem: string) =>
  new TroupeError('invalid', `${problem}\nThe story so far:\n${pathText(played)}`);

const list = (names: readonly string[]) => (names.length === 0 ? 'nothing' : names.join(', '));
