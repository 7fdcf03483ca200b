/** A transport whose messages may be lost, duplicated or late; those of a pair of actors stay in order, as a transport promises (T1 to T5). */
import { sleep, type Clock } from '../../values/clock.ts';
import type { Envelope } from '../../contracts/envelope.ts';
import { TroupeError } from '../../values/failure.ts';
import type { Transport } from '../../transport/transport.ts';
import type { FaultPlan } from './faultPlan.ts';

/** `inner` with the faults `delay`, `drop` and `duplicate`; pauses are waits for `clock`. */
export function faultyTransport(inner: Transport, clock: Clock, plan: FaultPlan): Transport {
  /** The last message of each pair: a later one does not overtake it. */
  const latest = new Map<string, Promise<unknown>>();

  async function deliver(envelope: Envelope): Promise<void> {
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
      const before = latest.get(pair) ?? Promise.resolve();
      const sent = before.catch(() => {}).then(() => deliver(envelope));
      latest.set(pair, sent);
      return sent;
    },
  };
}
