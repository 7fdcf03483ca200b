/** The store in memory keeps the contract of every shared store. */
import { memoryStore } from '../../../src/journal/shared/memoryStore.ts';
import { virtualClock } from '../../../src/testing/clock.ts';
import { storeSuite } from './storeSuite.ts';

storeSuite('a store in memory', async () => {
  const clock = virtualClock();
  const store = memoryStore({ clock });
  return {
    open: async () => store.open(),
    pass: async (ms) => clock.advance(ms),
    async freeze(process) {
      store.presence.answer(process, () => {});
      store.frozen.add(process);
    },
    restart: async () => {},
  };
});
