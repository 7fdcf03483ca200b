/**
 * Finds out whether two JetStreams store the journal. Servers that a leaf node connects pass on what is published, so where both have the streams of a tenant,
 * each stores and acknowledges what is written to the other. A fence that one of them keeps says nothing of the other: a run could have two owners.
 */
import type { NatsConnection } from '@nats-io/transport-node';
import { newInbox } from '../../../nats/connection.ts';
import { subscribeTo } from '../../../nats/subscribe.ts';
import { sleep, type Clock } from '../../../values/clock.ts';
import { TroupeError } from '../../../values/failure.ts';

/** Milliseconds in which another server, far away, has acknowledged a message as well. */
const patience = 3_000;

/** Publishes to a subject that a stream stores. Resolves with why the journal cannot be used when there are two acknowledgements; undefined otherwise. */
export async function storedTwice(
  connection: NatsConnection,
  clock: Pick<Clock, 'now' | 'wake'>,
  subject: string,
): Promise<TroupeError | undefined> {
  const inbox = newInbox(connection);
  const over = new AbortController();
  const places: (string | undefined)[] = [];
  const subscription = subscribeTo(connection, inbox, (message) => {
    if (message.data.length === 0) return; // Nobody stores it.
    const { stream, domain } = message.json<{ readonly stream?: string; readonly domain?: string }>();
    if (stream === undefined) return; // Another program answers, too.
    places.push(domain);
    if (places.length > 1) over.abort();
  });
  try {
    connection.publish(subject, new Uint8Array(), { reply: inbox });
    await sleep(clock, patience, over.signal).catch(() => {});
  } finally {
    if (!connection.isClosed()) subscription.unsubscribe();
  }
  return places.length > 1 ? twoJournals(places.filter((place) => place !== undefined)) : undefined;
}

const twoJournals = (domains: readonly string[]) =>
  new TroupeError(
    'environment',
    `The shared journal cannot be relied upon. Two JetStreams store it${domains.length > 1 ? `, those of the domains ${domains.join(' and ')}` : ''}: a leaf node connects their servers, and both have the streams of this tenant, so a run could have two owners. Give each side a tenant or an account of its own, and delete the streams of this tenant on the side to which they do not belong.`,
    { data: { domains: [...domains] } },
  );
