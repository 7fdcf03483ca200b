/** The NATS subjects of a tenant: one for each actor, under its run; one for each topic; one for each process's answers. */
import { actorKeyOf, actorTypeOf, type Address } from '../../values/ids.ts';
import { requireTenant } from '../../nats/tenant.ts';

/** The subjects of one tenant. */
export interface MessageSubjects {
  /** The subject of an actor: `troupe.<tenant>.<run>.<type>.<key>.in`. A reply channel, whose address type is `door`, belongs to no run, so its subject is `troupe.<tenant>._door.<key>`. A dot would separate tokens, so it is written as a slash, which no id contains. */
  actor(address: Address, run: string): string;
  /** The subscription that receives an actor's messages: all messages of its run; without `run`, the messages to this address in every run. */
  subscriptionFor(address: Address, run: string | undefined): string;
  /** `troupe.<tenant>._topic.<topic>`, wildcards included. No run begins with an underscore. */
  topic(pattern: string): string;
  /** The topic of such a subject. */
  topicOf(subject: string): string;
  /** `troupe.<tenant>._inbox.<id>`: below it the answers to one process arrive, a token for each message. */
  inbox(id: string): string;
}

/** The subjects of a tenant. Throws `invalid` when it is no name of a tenant. */
export function messageSubjects(tenant: string): MessageSubjects {
  const root = `troupe.${requireTenant(tenant)}`;
  const token = (id: string) => id.replaceAll('.', '/');
  const topics = `${root}._topic.`;
  const isDoor = (address: Address) => actorTypeOf(address) === 'door';
  const actor = (address: Address, run: string) =>
    isDoor(address)
      ? `${root}._door.${token(actorKeyOf(address))}`
      : `${root}.${token(run)}.${token(actorTypeOf(address))}.${token(actorKeyOf(address))}.in`;
  return {
    actor,
    subscriptionFor: (address, run) =>
      run === undefined || isDoor(address) ? actor(address, '*') : `${root}.${token(run)}.*.*.in`,
    topic: (pattern) => topics + pattern,
    topicOf: (subject) => subject.slice(topics.length),
    inbox: (id) => `${root}._inbox.${id}`,
  };
}
