/** A story told to a machine, event by event. What cannot happen where it stands is refused, so that a story never goes on beside the machine. */
import type { AnyStateMachine, EventFromLogic, EventObject, InputFrom } from 'xstate';
import { TroupeError } from '../../contracts/failure.ts';
import type { Json } from '../../contracts/json.ts';
import { activeNodes } from '../../system/shape.ts';
import { after, done, failed, next, start, type Played } from '../play.ts';
import { pathInWords } from './path.ts';

export interface Story<M extends AnyStateMachine = AnyStateMachine> extends Played {
  /** Any event of the machine's own. One that means nothing where it stands is allowed: that may be the point. */
  readonly send: (event: EventFromLogic<M>) => Story<M>;
  /** An effect or child that is running answers. Throws `invalid` when none has that id. */
  readonly done: (id: string, output?: unknown) => Story<M>;
  /** An effect or child that is running fails. Throws `invalid` when none has that id. */
  readonly failed: (id: string, error?: unknown) => Story<M>;
  /** The time is up that a state waits for, by the name of the delay or its milliseconds. Throws `invalid` unless one state waits for it; name that where several do. */
  readonly after: (delay: string | number, state?: string) => Story<M>;
}

/**
 * Begins a story. Each step gives a new one, so a story may branch; it is what the matchers look at.
 * @example expect(story(fetcher, { url }).failed('fetch').after('backoff').done('fetch', 3)).toRestIn('ready')
 */
export const story = <M extends AnyStateMachine>(machine: M, input?: InputFrom<M>): Story<M> =>
  tell(machine, start(machine, input));

function tell<M extends AnyStateMachine>(machine: M, played: Played): Story<M> {
  const on = (event: EventObject) => tell(machine, next(machine, played, event));
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

/** The state whose delay it is. */
function waiting(played: Played, delay: string): string {
  const clocks = activeNodes(played.snapshot.machine.root, played.snapshot.value as Json).flatMap((node) =>
    node.after.map(({ delay: known }) => ({ delay: String(known), state: node.id })),
  );
  const states = [...new Set(clocks.filter((clock) => clock.delay === delay).map(({ state }) => state))];
  if (states.length === 1) return states[0]!;
  throw wrong(
    played,
    states.length === 0
      ? `No active state waits for "${delay}"; waited for: ${list(clocks.map((clock) => `${clock.delay} in ${clock.state}`))}.`
      : `Several active states wait for "${delay}": ${states.join(', ')}. Name one: after('${delay}', '${states[0]}').`,
  );
}

const wrong = (played: Played, problem: string) =>
  new TroupeError('invalid', `${problem}\nThe story so far:\n${pathInWords(played)}`);

const list = (names: readonly string[]) => (names.length === 0 ? 'nothing' : names.join(', '));
