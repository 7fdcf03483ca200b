/** What readers ask of a shared journal, and what a writer may do between two of their requests. */
import { expect } from 'vitest';
import type { Journal } from '../../../src/journal/journal.ts';
import type { FencedLogs, SharedStore } from '../../../src/journal/shared/store.ts';
import { commitFor, commitTime } from '../../../src/testing/suites/commit.ts';

const claimOptions = { now: commitTime, ttl: 60_000 };
const actorOf = (run: string) => `agent/${run}`;
const outcome = { ok: true as const, output: 'o' };

/** The step of a run that handles its message `seq`. */
const step = (run: string, seq: number, epoch: number, over: Parameters<typeof commitFor>[0] = {}) => {
  const actor = actorOf(run);
  const effect = (n: number) => `${actor}/${n}/0`;
  return commitFor({
    run,
    actor,
    seq,
    epoch,
    event: { id: `m${seq}`, type: 'go', body: seq },
    opens: [{ key: effect(seq), kind: 'effect', data: { id: 'x', src: 's', input: 'i' } }],
    appends: [{ list: 'said', entry: seq }],
    ...(seq === 1
      ? {}
      : { closes: [effect(seq - 1)], results: [{ key: effect(seq - 1), name: 's', input: 'i', outcome }] }),
    ...over,
  });
};

const sorted = <T extends { readonly run: string }>(found: readonly T[]) =>
  found.toSorted((a, b) => (a.run < b.run ? -1 : 1));

/** Everything that a reader can ask; each answer is JSON. */
export const reads: Record<string, (journal: Journal, run: string) => Promise<unknown>> = {
  load: (journal, run) => journal.load(actorOf(run)),
  list: (journal, run) => journal.list(actorOf(run), 'said'),
  undelivered: (journal, run) => journal.undelivered(run),
  handled: (journal, run) => journal.handled(actorOf(run), 'm1'),
  find: (journal, run) => journal.find({ run }),
  'find in all runs': async (journal) => sorted(await journal.find({ status: ['active', 'done'] })),
  history: (journal, run) => journal.history({ run }),
  'history of all runs': (journal) => journal.history({}),
  ledger: (journal, run) => journal.ledger(run),
  claims: async (journal) => (await journal.claims()).map(({ run, owner, epoch }) => ({ run, owner, epoch })),
  mail: (journal, run) => journal.mail(run),
  verify: async (journal) => {
    const { actors, damage } = await journal.verify();
    expect(damage).toEqual([]);
    return { actors };
  },
};

/** Processes that have runs. */
export interface Writers {
  readonly owner: Journal;
  readonly heir: Journal;
}

/** A run that `owner` has, with two steps, the first of which is in a segment. */
export async function begin({ owner }: Writers, run: string): Promise<void> {
  const commit = async (seq: number) => owner.commit(step(run, seq, await owner.claim(run, 'owner', claimOptions)));
  await commit(1);
  await commit(2);
}

const takeOver = async ({ heir }: Writers, run: string) => {
  const epoch = await heir.claim(run, 'heir', { ...claimOptions, alive: () => false });
  await heir.commit(step(run, 3, epoch));
};
const giveBack = ({ owner }: Writers, run: string) => owner.release(run, 2);
const end = async (writers: Writers, run: string) => {
  await writers.owner.commit(step(run, 3, 2, { status: 'done', opens: [] }));
  await giveBack(writers, run);
};
const prune = async ({ owner }: Writers) => expect(await owner.prune(Infinity)).toBe(1);

/** What a writer does with such a run. `between`: called where a reader may see that there is none. */
export const writings: Record<string, (writers: Writers, run: string, between: () => Promise<void>) => Promise<void>> =
  {
    'stores a step': ({ owner }, run) => owner.commit(step(run, 3, 2)),
    'moves its steps into a segment': async ({ owner }, run) => void (await owner.claim(run, 'owner', claimOptions)),
    'gives the run back': giveBack,
    'goes on with a run that was given back': async (writers, run) => {
      await giveBack(writers, run);
      await takeOver(writers, run);
    },
    'takes the run over': takeOver,
    'takes the run over and gives it back': async (writers, run) => {
      await takeOver(writers, run);
      await writers.heir.release(run, 3);
    },
    'posts a message': ({ heir }, run) =>
      heir.post({ run, id: 'p1', type: 'go', from: 'me', to: actorOf(run), body: 1, sent: commitTime } as never),
    'ends the run': end,
    'ends the run and deletes it': async (writers, run) => {
      await end(writers, run);
      await prune(writers);
    },
    'ends the run, deletes it and begins another one under its key': async (writers, run, between) => {
      await end(writers, run);
      await prune(writers);
      await between();
      const epoch = await writers.heir.claim(run, 'heir', claimOptions);
      await writers.heir.commit(step(run, 1, epoch, { snapshot: { again: true } }));
    },
  };

/** The same store; `before` is waited for before each request. A log is read in as many requests as it has messages. */
export function watched(store: SharedStore, before: () => Promise<void>): SharedStore {
  const each = async function* <T>(ask: () => AsyncIterable<T>): AsyncGenerator<T> {
    await before();
    yield* ask();
  };
  const logs = (inner: FencedLogs): FencedLogs => ({
    ...inner,
    append: async (...asked) => (await before(), inner.append(...asked)),
    last: async (name) => (await before(), inner.last(name)),
    heads: async (names) => (await before(), inner.heads(names)),
    names: async (prefix) => (await before(), inner.names(prefix)),
    allHeads: (after) => each(() => inner.allHeads(after)),
    async *read(name, after = 0) {
      await before();
      const last = (await inner.last(name))?.sequence ?? 0;
      for (let at = after; at < last;) {
        await before();
        const [next] = await firstOf(inner.read(name, at));
        if (!next || next.sequence > last) return;
        at = next.sequence;
        yield next;
      }
    },
  });
  return {
    ...store,
    logs: logs(store.logs),
    runs: logs(store.runs),
    mail: logs(store.mail),
    free: logs(store.free),
    presence: {
      ...store.presence,
      present: async () => (await before(), store.presence.present()),
      ping: async (...asked) => (await before(), store.presence.ping(...asked)),
    },
  };
}

async function firstOf<T>(found: AsyncIterable<T>): Promise<T[]> {
  for await (const one of found) return [one];
  return [];
}
