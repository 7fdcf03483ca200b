/** The door of a definition: whoever can send JSON over NATS can start a run of it, or join one, and hear how it ends. The nodes that offer it answer in turn. */
import type { Msg, NatsConnection, Subscription } from '@nats-io/transport-node';
import { sleep, type Clock } from '../contracts/clock.ts';
import { toFailure, TroupeError } from '../contracts/failure.ts';
import { outcomeOf } from '../outcome.ts';
import type { RunHandle, RunOutcome, Runtime } from '../runtime.ts';
import type { Answer } from './answer.ts';
import type { ActorRow } from '../journal/journal.ts';
import { originOf, type Holdings, type Offered } from './holdings.ts';
import { jsonIn } from './line.ts';

/** The same key is the same run: asked again, it is joined, or its result given again. */
export const keyHeader = 'Troupe-Key';
/** Set to anything: the answer comes as soon as the run is kept, and its result is asked for later, under its key. */
export const detachHeader = 'Troupe-Detach';

export interface DoorOptions {
  readonly connection: NatsConnection;
  readonly subject: string;
  readonly offer: Offered;
  readonly runtime: Runtime;
  readonly holdings: Holdings;
  readonly clock: Clock;
}

/** How often a run that went elsewhere is looked at; milliseconds. */
const glance = 250;

export function door({ connection, subject, offer, runtime, holdings, clock }: DoorOptions): Subscription {
  const subscription = connection.subscribe(subject, {
    queue: 'troupe',
    callback: (error, message) => {
      if (error) return;
      void answer(message)
        .catch((thrown: unknown): Answer => ({ status: 'refused', failure: toFailure(thrown) }))
        .then((said) => message.respond(JSON.stringify(said)));
    },
  });

  async function answer(message: Msg): Promise<Answer> {
    const input = jsonIn(message);
    const key = message.headers?.get(keyHeader) || undefined;
    const isOver = () => subscription.isClosed();
    // With a key and nothing else, only the result is asked for.
    if (key !== undefined && message.data.length === 0) {
      await requireKnown(key);
      return answerOf(key, await ended(key, undefined, isOver));
    }
    const begun = runtime.start(offer.subject, input, key === undefined ? {} : { key });
    const handle = await begun.catch((thrown: unknown) => {
      if (key === undefined || toFailure(thrown).kind !== 'owned_elsewhere') throw thrown;
      return undefined;
    });
    const run = handle?.id ?? key!;
    if (handle) holdings.watch(offer.name, handle);
    if (message.headers?.has(detachHeader)) return { run, status: 'active' };
    return answerOf(run, await ended(run, handle, isOver));
  }

  /** Its root, where it has begun. Throws `conflict` for a run of another definition: who may ask at this door may not ask for that one's results. */
  async function rootOf(run: string): Promise<ActorRow | undefined> {
    const [root] = await runtime.journal.find({ run, parent: null, limit: 1 });
    if (root && originOf(root).name !== offer.name)
      throw new TroupeError('conflict', `The run "${run}" is not one of "${offer.name}". Choose another key.`);
    return root;
  }

  async function requireKnown(run: string): Promise<void> {
    const root = await rootOf(run);
    if (!root) throw new TroupeError('invalid', `There is no run "${run}"; give it an input to start it.`);
  }

  /** Wherever the run is by then. A node that leaves says so, and the question may be put again under the run's id. */
  async function ended(run: string, handle: RunHandle | undefined, isOver: () => boolean): Promise<RunOutcome> {
    const here = await handle?.outcome({ returnWhenWaiting: true });
    if (here && here.status !== 'parked') return here;
    for (;;) {
      const root = await rootOf(run);
      const there = root && outcomeOf(root);
      if (there) return there;
      if (isOver()) return { status: 'parked' };
      const tickets = (await runtime.tickets(run)).filter(({ answered }) => !answered);
      if (tickets.length > 0 && root && root.updated < clock.now() - glance) return { status: 'waiting', tickets };
      await sleep(clock, glance);
    }
  }

  return subscription;
}

/** Zod's types can be written to, which nobody does. */
const answerOf = (run: string, outcome: RunOutcome): Answer => ({ run, ...outcome }) as Answer;
