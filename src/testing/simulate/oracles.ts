/** What must hold of every run, whatever went wrong: each oracle looks at the run that has ended, and says in words what does not hold. */
import type { Json } from '../../values/json.ts';
import { agentOracles } from './agentOracles.ts';
import type { Oracle } from './oracle.ts';

/** No actor is active, and no message is undelivered. */
const terminal: Oracle = async ({ run, journal, rows }) => [
  ...rows.filter(({ status }) => status === 'active').map(({ actor, state }) => `${actor} is still alive, in ${state}`),
  ...(await journal.undelivered(run)).map(({ id, type, to }) => `"${type}" (${id}) for ${to} was never delivered`),
];

/** Every actor's commits follow each other without a gap. */
const dense: Oracle = ({ history }) => {
  const last = new Map<string, number>();
  return history.flatMap(({ actor, seq }) => {
    const before = last.get(actor) ?? 0;
    last.set(actor, seq);
    return seq === before + 1 ? [] : [`commit ${seq} of ${actor} follows commit ${before}`];
  });
};

/** A message changes an actor's state at most once (E1), and so does the end of an effect, a timer or a child (E3). */
const once: Oracle = ({ history }) => {
  const seen = new Set<string>();
  const opened = new Set<string>();
  return history.flatMap(({ actor, event, opens }) => {
    const isEnd = opened.has(event.id);
    for (const { key, kind } of opens) if (kind !== 'message') opened.add(key);
    if (!event.inbox && !isEnd) return [];
    const name = `${actor} ${event.id}`;
    if (seen.has(name))
      return [
        event.inbox ? `${actor} handled the message ${event.id} twice` : `${actor} took the end of ${event.id} twice`,
      ];
    seen.add(name);
    return [];
  });
};

/** A message from outside that was acknowledged is handled, waits to be handled, or is a dead letter. */
const acknowledged: Oracle = async ({ run, journal, history, rows, acknowledged: messages }) => {
  const handled = new Set(history.map(({ actor, event }) => `${actor} ${event.id}`));
  const kept = new Set<unknown>((await journal.mail(run)).map(({ id }) => id));
  for (const { actor } of rows) for (const entry of await journal.list(actor, 'dead')) kept.add(idOf(entry));
  return messages.flatMap(({ id, to }) =>
    handled.has(`${to} ${id}`) || kept.has(id) ? [] : [`the message ${id} for ${to} was acknowledged and is gone`],
  );
};

const idOf = (entry: Json): unknown => (typeof entry === 'object' && entry && 'id' in entry ? entry.id : undefined);

/** Messages of one actor to another are handled in the order in which they were sent. */
const inOrder: Oracle = ({ history }) => {
  const last = new Map<string, readonly [number, number]>();
  return history.flatMap(({ actor, event: { id, from, inbox } }) => {
    if (!inbox || from === undefined || !id.startsWith(`${from}/`)) return [];
    const [seq = NaN, index = NaN] = id
      .slice(from.length + 1)
      .split('/')
      .map(Number);
    if (Number.isNaN(seq) || Number.isNaN(index)) return [];
    const pair = `${from} to ${actor}`;
    const before = last.get(pair) ?? [0, -1];
    last.set(pair, [seq, index]);
    const isLater = seq > before[0] || (seq === before[0] && index > before[1]);
    return isLater ? [] : [`${id} from ${pair} was handled after ${before.join('/')}`];
  });
};

/** No timer fires before it is due (by clocks that do not jump). */
const punctual: Oracle = ({ history }) => {
  const due = new Map<string, number>();
  return history.flatMap(({ actor, at, event, opens }) => {
    const dueAt = due.get(event.id);
    for (const pending of opens)
      if (pending.kind === 'timer' && pending.due !== undefined) due.set(pending.key, pending.due);
    return dueAt !== undefined && at < dueAt ? [`the timer ${event.id} of ${actor} rang ${dueAt - at} ms early`] : [];
  });
};

/** By name, as a failure names them. */
export const oracles: Readonly<Record<string, Oracle>> = {
  terminal,
  dense,
  once,
  acknowledged,
  inOrder,
  punctual,
  ...agentOracles,
};

/** Those that can only judge a run that has ended: until then a call may still get its result. */
export const ofEndedRuns: ReadonlySet<string> = new Set(['terminal', ...Object.keys(agentOracles)]);
