/** Messages between actors: lost, doubled or late, and in the order of each pair as the transport promises (T1 to T5). */
import { TroupeError } from '../../contracts/failure.ts';
import type { Envelope } from '../../contracts/envelope.ts';
import type { Transport } from '../../transport/transport.ts';
import type { Clock } from '../../contracts/clock.ts';
import { sleep } from '../../contracts/clock.ts';
import type { FaultPlan } from './faults.ts';

export function network(inner: Transport, clock: Clock, plan: FaultPlan): Transport {
  /** The last message of each pair: a later one does not overtake it. */
  const under = new Map<string, Promise<unknown>>();

  async function carry(envelope: Envelope): Promise<void> {
    const where = `"${envelope.type}" from ${envelope.from} to ${envelope.to}`;
    if (plan.strikes('delay', where, 0.1)) await sleep(clock, plan.size('delay', 1, 60_000));
    if (plan.strikes('drop', where)) {
      // Before or after it arrived: the sender cannot know.
      if (plan.size('drop', 0, 1) === 1) await inner.send(envelope);
      throw new TroupeError('transient', 'The connection broke.');
    }
    await inner.send(envelope);
    if (plan.strikes('duplicate', where)) await inner.send(envelope);
  }

  return {
    ...inner,
    send(envelope) {
      const pair = `${envelope.from} ${envelope.to}`;
      const before = under.get(pair) ?? Promise.resolve();
      const sent = before.catch(() => {}).then(() => carry(envelope));
      under.set(pair, sent);
      return sent;
    },
  };
}
