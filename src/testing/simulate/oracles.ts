/** What must hold of every run, whatever went wrong: each looks at the end, and says in words what does not. */
import { kinds, spendingOf, type Books } from '../../../machines/treasury/books.ts';
import type { AgentUsage } from '../../contracts/agent.ts';
import type { Message } from '../../contracts/model.ts';
import type { ActorRow, HistoryEntry, Journal } from '../../journal/journal.ts';
import { dust, imbalance } from './books.ts';

export interface Evidence {
  readonly run: string;
  readonly disk: Journal;
  readonly rows: readonly ActorRow[];
  readonly history: readonly HistoryEntry[];
  /** Messages from outside that were acknowledged. */
  readonly acknowledged: readonly { readonly id: string; readonly to: string }[];
}

type Oracle = (evidence: Evidence) => string[] | Promise<string[]>;

const outputOf = ({ snapshot }: ActorRow) =>
  (snapshot as { state?: { output?: { usage?: AgentUsage } } }).state?.output;
const booksOf = ({ snapshot }: ActorRow) =>
  (snapshot as { state?: { context?: { books?: Books } } }).state?.context?.books;
const machineOf = ({ snapshot }: ActorRow) => (snapshot as { machine?: string }).machine;

/** Nobody lives on, and nothing waits for anybody. */
const terminal: Oracle = async ({ run, disk, rows }) => [
  ...rows.filter(({ status }) => status === 'active').map(({ actor, state }) => `${actor} is still alive, in ${state}`),
  ...(await disk.undelivered(run)).map(({ id, type, to }) => `"${type}" (${id}) for ${to} was never delivered`),
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

/** A message changes an actor's state at most once (E1). */
const once: Oracle = ({ history }) => {
  const seen = new Set<string>();
  return history.flatMap(({ actor, event }) => {
    if (!event.inbox) return [];
    const name = `${actor} ${event.id}`;
    if (seen.has(name)) return [`${actor} handled the message ${event.id} twice`];
    seen.add(name);
    return [];
  });
};

/** What somebody outside was told is taken was handled, or is a dead letter with a reason. */
const acknowledged: Oracle = async ({ run, disk, history, rows, acknowledged: letters }) => {
  const handled = new Set(history.map(({ actor, event }) => `${actor} ${event.id}`));
  const dead = new Set<string>();
  for (const { actor } of rows)
    for (const entry of await disk.list(actor, 'dead')) dead.add(String((entry as { id?: string }).id));
  const waiting = (await disk.mail(run)).map(({ id }) => id);
  return letters.flatMap(({ id, to }) =>
    handled.has(`${to} ${id}`) || dead.has(id) || waiting.includes(id)
      ? []
      : [`the message ${id} for ${to} was acknowledged and is gone`],
  );
};

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

/** No timer rings before its hour (by clocks that do not jump). */
const punctual: Oracle = ({ history }) => {
  const due = new Map<string, number>();
  return history.flatMap(({ actor, at, event, opens }) => {
    const hour = due.get(event.id);
    for (const pending of opens)
      if (pending.kind === 'timer' && pending.due !== undefined) due.set(pending.key, pending.due);
    return hour !== undefined && at < hour ? [`the timer ${event.id} of ${actor} rang ${hour - at} ms early`] : [];
  });
};

/** Every call an agent's model made has one result before the model speaks again, and no result is without its call. */
const paired: Oracle = async ({ disk, rows }) => {
  const problems: string[] = [];
  for (const { actor } of rows.filter((row) => machineOf(row) === 'agent')) {
    const open = new Set<string>();
    const close = () => {
      for (const id of open) problems.push(`the call ${id} of ${actor} has no result`);
      open.clear();
    };
    for (const message of (await disk.list(actor, 'transcript')) as unknown as Message[]) {
      if (message.role === 'assistant') {
        close();
        for (const { id } of message.calls) open.add(id);
      }
      if (message.role !== 'tool') continue;
      for (const { id } of message.results)
        if (!open.delete(id)) problems.push(`the result ${id} of ${actor} answers no call, or one that had a result`);
    }
    close();
  }
  return problems;
};

/** Whoever only stands in front of others has no usage of its own: theirs is. */
const usedBelow = (rows: readonly ActorRow[], actor: string): AgentUsage[] =>
  rows.filter(({ parent }) => parent === actor).flatMap((row) => outputOf(row)?.usage ?? usedBelow(rows, row.actor));

/** A team pays for no more than its members used. */
const conserved: Oracle = ({ rows }) =>
  rows
    .filter((row) => machineOf(row) === 'run')
    .flatMap((team) => {
      const used = outputOf(team)?.usage;
      if (!used) return [];
      const members = usedBelow(rows, team.actor);
      return (['steps', 'inputTokens', 'outputTokens', 'toolCalls'] as const).flatMap((what) => {
        const sum = members.reduce((total, usage) => total + usage[what], 0);
        return used[what] <= sum ? [] : [`${team.actor} paid for ${used[what]} ${what}, its members used ${sum}`];
      });
    });

/** Of the money of a run, what is used, leased and free make up the budget; and what a lease says is used, somebody who held it did use. */
const balanced: Oracle = ({ rows }) =>
  rows
    .filter((row) => machineOf(row) === 'treasurer')
    .flatMap((treasurer) => {
      const books = booksOf(treasurer);
      if (!books) return [];
      const spent = usedBelow(
        rows.filter(({ actor }) => actor !== treasurer.actor),
        treasurer.parent ?? '',
      ).map(spendingOf);
      return [
        ...Object.entries(imbalance(books)).map(
          ([what, by]) => `the books of ${treasurer.actor} do not come out: ${what} differ by ${by}`,
        ),
        ...kinds.flatMap((what) => {
          const sum = spent.reduce((total, usage) => total + (usage[what] ?? 0), 0);
          const used = books.used[what] ?? 0;
          return used <= sum + dust ? [] : [`${treasurer.actor} wrote down ${used} ${what}, the members used ${sum}`];
        }),
      ];
    });

export const oracles: Readonly<Record<string, Oracle>> = {
  terminal,
  dense,
  once,
  acknowledged,
  inOrder,
  punctual,
  paired,
  conserved,
  balanced,
};
