/** Where things are said on the bus: one subject for each actor, one for each topic, all under their tenant. */
import { TroupeError } from '../../contracts/failure.ts';
import { keyOf, typeOf, type Address } from '../../contracts/ids.ts';

export interface Subjects {
  /** `troupe.<tenant>.<type>.<key>.in`. A dot, which would part tokens, is written as a slash: no id has one. */
  actor(address: Address): string;
  /** `troupe.<tenant>._topic.<topic>`, wildcards included. No type of actor begins with an underscore. */
  topic(pattern: string): string;
  /** The topic that such a subject stands for. */
  topicOf(subject: string): string;
  /** `troupe.<tenant>._inbox.<id>`: where answers for one process arrive, a token for each. */
  inbox(id: string): string;
}

export function subjects(tenant: string): Subjects {
  if (!/^[a-z0-9][a-z0-9_-]{0,63}$/.test(tenant))
    throw new TroupeError(
      'invalid',
      `A tenant is a name of a-z, 0-9, "_" and "-", up to 64 characters; got ${JSON.stringify(tenant)}.`,
    );
  const root = `troupe.${tenant}`;
  const token = (id: string) => id.replaceAll('.', '/');
  const topics = `${root}._topic.`;
  return {
    actor: (address) => `${root}.${token(typeOf(address))}.${token(keyOf(address))}.in`,
    topic: (pattern) => topics + pattern,
    topicOf: (subject) => subject.slice(topics.length),
    inbox: (id) => `${root}._inbox.${id}`,
  };
}
