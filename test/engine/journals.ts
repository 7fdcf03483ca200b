/** Each kind of journal, opened for one test. */
import { memory } from '../../src/journal/memory/memory.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { memoryStore } from '../../src/journal/shared/memoryStore.ts';
import { shared } from '../../src/journal/shared/shared.ts';
import { sqlite } from '../../src/journal/sqlite/sqlite.ts';
import type { Clock } from '../../src/values/clock.ts';

export const journals = {
  memory: async () => memory(),
  sqlite: () => sqlite(':memory:'),
  shared: async (clock) => shared({ store: memoryStore({ clock }), clock }),
} satisfies Record<string, (clock: Clock) => Promise<Journal>>;

export type JournalKind = keyof typeof journals;

/** The same journal for an engine that stores each step by itself, as for one that cannot store several commits together. */
export const stepByStep = (journal: Journal): Journal =>
  new Proxy(journal, {
    get(target, name) {
      if (name === 'commitAll') return undefined;
      const member: unknown = Reflect.get(target, name);
      return typeof member === 'function' ? (member.bind(target) as unknown) : member;
    },
    set: (target, name, value) => Reflect.set(target, name, value),
  });
