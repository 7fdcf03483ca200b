/** The shared journal keeps the contract of every journal. */
import { virtualClock, type VirtualClock } from 'troupe/testing';
import { journalSuite } from 'troupe/testing/suites';
import type { Journal } from '../../../src/journal/journal.ts';
import { TroupeError } from '../../../src/values/failure.ts';
import { ownerOf } from '../../../src/journal/shared/incarnationName.ts';
import { memoryStore, type MemoryStore } from '../../../src/journal/shared/memoryStore.ts';
import { shared } from '../../../src/journal/shared/shared.ts';
import type { Presence } from '../../../src/journal/shared/store.ts';

interface Setting {
  readonly clock: VirtualClock;
  readonly store: MemoryStore;
  /** Owners whose processes are dead to all others. */
  readonly dead: Set<string>;
}

const settings = new WeakMap<Journal, Setting>();
const settingOf = (journal: Journal): Setting => {
  const setting = settings.get(journal);
  if (!setting) throw new Error('The journal was opened by openIn.');
  return setting;
};

function openIn(setting: Setting): Journal {
  const { store, clock, dead } = setting;
  const { presence } = store;
  const mortal: Presence = {
    ...presence,
    announce: async (process) => {
      if (dead.has(ownerOf(process))) throw new TroupeError('storage', 'The process is dead.');
      await presence.announce(process);
    },
    ping: async (process, timeout) => (dead.has(ownerOf(process)) ? 'gone' : presence.ping(process, timeout)),
  };
  const journal = shared({ store: { ...store, presence: mortal }, clock });
  settings.set(journal, setting);
  return journal;
}

journalSuite('a shared journal', {
  async open() {
    const clock = virtualClock();
    return openIn({ clock, store: memoryStore({ clock }), dead: new Set() });
  },
  async again(journal) {
    const setting = settingOf(journal);
    return openIn({ ...setting, store: setting.store.open() });
  },
  async forfeit(journal, owner) {
    const { clock, dead } = settingOf(journal);
    dead.add(owner);
    for (let n = 0; n < 4; n++) {
      clock.advance(500);
      await Promise.resolve();
    }
  },
});
