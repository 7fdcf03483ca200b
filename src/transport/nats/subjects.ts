/** Where things are said on the bus: a subject for each actor, under its run; one for each topic; all under their tenant. */
import { keyOf, typeOf, type Address } from '../../contracts/ids.ts';
import { requireTenant } from '../../nats/tenant.ts';

export interface Subjects {
  /** `troupe.<tenant>.<run>.<type>.<key>.in`; of a door, which is of no run, `troupe.<tenant>._door.<key>`. A dot, which would part tokens, is written as a slash: no id has one. */
  actor(address: Address, run: string): string;
  /** What has to be subscribed to in order to hear what is said to an address: all that is said in its run; where the run is not known, in any. */
  heard(address: Address, run: string | undefined): string;
  /** `troupe.<tenant>._topic.<topic>`, wildcards included. No run begins with an underscore. */
  topic(pattern: string): string;
  /** The topic that such a subject stands for. */
  topicOf(subject: string): string;
  /** `troupe.<tenant>._inbox.<id>`: where answers for one process arrive, a token for each. */
  inbox(id: string): string;
}

export function subjects(tenant: string): Subjects {
  const root = `troupe.${requireTenant(tenant)}`;
  const token = (id: string) => id.replaceAll('.', '/');
  const topics = `${root}._topic.`;
  const isDoor = (address: Address) => typeOf(address) === 'door';
  const actor = (address: Address, run: string) =>
    isDoor(address)
      ? `${root}._door.${token(keyOf(address))}`
      : `${root}.${token(run)}.${token(typeOf(address))}.${token(keyOf(address))}.in`;
  return {
    actor,
    heard: (address, run) =>
      run === undefined || isDoor(address) ? actor(address, '*') : `${root}.${token(run)}.*.*.in`,
    topic: (pattern) => topics + pattern,
    topicOf: (subject) => subject.slice(topics.length),
    inbox: (id) => `${root}._inbox.${id}`,
  };
}
