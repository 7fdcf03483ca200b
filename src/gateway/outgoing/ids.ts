/** Ids of calls as every provider takes them: 1 to 40 of A-Z a-z 0-9 _ -, and none twice in a conversation. */
import { fnv1a } from '../../values/fnv1a.ts';

const legal = /^[A-Za-z0-9_-]{1,40}$/;

/** The id itself where every provider takes it; otherwise one that is made of it. */
export const legalId = (id: string): string => (legal.test(id) ? id : `call_${fnv1a(id)}`);

/** An id for a call whose own id another call has already: the same one for the same place in the conversation. */
export const distinctId = (id: string, place: string): string =>
  `${legalId(id).slice(0, 23)}_${fnv1a(`${place}/${id}`)}`;
