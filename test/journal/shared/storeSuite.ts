/** The contract of a shared store as tests. Every implementation runs this suite. */
import { describe, expect, onTestFinished, test } from 'vitest';
import { presenceTtl, type FencedLogs, type SharedStore } from '../../../src/journal/shared/store.ts';

/** A store under test, which is empty at first. */
export interface StoreCase {
  /** Opens it for one more process, over a connection of its own. */
  open(): Promise<SharedStore>;
  /** Lets as many milliseconds pass. */
  pass(ms: number): Promise<void>;
  /** A process connects under this name, and does not answer. */
  freeze(process: string): Promise<void>;
  /** Kills the server and starts it again. Nothing where there is none. */
  restart(): Promise<void>;
}

const bytes = (text: string) => new TextEncoder().encode(text);
const textOf = (body: Uint8Array) => new TextDecoder().decode(body);
const message = (text: string, headers: Record<string, string> = {}) => ({ headers, body: bytes(text) });
const all = async <T>(found: AsyncIterable<T>): Promise<T[]> => {
  const each: T[] = [];
  for await (const one of found) each.push(one);
  return each;
};
const texts = async (logs: FencedLogs, name: string, after?: number) =>
  (await all(logs.read(name, after))).map(({ body }) => textOf(body));
/** Appends what must be accepted. */
async function add(logs: FencedLogs, name: string, expected: number, text = 'x', headers?: Record<string, string>) {
  const sequence = await logs.append(name, expected, message(text, headers));
  if (sequence === undefined) throw new Error(`Refused under ${name}, where ${expected} was expected.`);
  return sequence;
}
/** Appends several, each after the one before. */
async function addAll(logs: FencedLogs, name: string, count: number): Promise<number[]> {
  const sequences: number[] = [];
  for (let n = 1; n <= count; n++) sequences.push(await add(logs, name, sequences.at(-1) ?? 0, `${name} ${n}`));
  return sequences;
}

/** Describes the tests. `newCase` makes an empty store. */
export function storeSuite(title: string, newCase: () => Promise<StoreCase>): void {
  const open = async () => {
    const { open, ...rest } = await newCase();
    const opened = async () => {
      const store = await open();
      onTestFinished(() => store[Symbol.asyncDispose]());
      return store;
    };
    return { ...rest, open: opened, store: await opened() };
  };

  describe(`${title} keeps the contract of a shared store: logs`, () => {
    test('sequences rise in all logs of a collection, and the last message is the one that was appended last', async () => {
      const { store } = await open();
      const first = await add(store.logs, 'a', 0, 'one');
      const other = await add(store.logs, 'b', 0, 'two');
      const next = await add(store.logs, 'a', first, 'three', { owner: 'me' });
      expect([other > first, next > other]).toEqual([true, true]);
      expect(await store.logs.last('a')).toMatchObject({ sequence: next, headers: { owner: 'me' } });
      expect(textOf((await store.logs.last('a'))?.body ?? bytes(''))).toBe('three');
      expect(await store.logs.last('c')).toBeUndefined();
      expect(await store.runs.last('a')).toBeUndefined();
    });

    test('of many that append at once after the same message, one is accepted', async () => {
      const { store, open: openAnother } = await open();
      const stores = [store, await openAnother(), await openAnother()];
      for (let expected = 0, round = 0; round < 20; round++) {
        const outcomes = await Promise.all(
          Array.from({ length: 12 }, (_, n) =>
            (stores[n % 3] ?? store).runs.append('r', expected, message(`${round} ${n}`)),
          ),
        );
        const accepted = outcomes.flatMap((sequence, n) => (sequence === undefined ? [] : [{ sequence, n }]));
        expect(accepted).toHaveLength(1);
        expected = accepted[0]?.sequence ?? 0;
        expect((await texts(store.runs, 'r')).at(-1)).toBe(`${round} ${accepted[0]?.n}`);
      }
      expect(await texts(store.runs, 'r')).toHaveLength(20);
    });

    test('two thousand stale appends are all refused: after more messages, after a trim, after a removal, after the server was killed', async () => {
      const { store, restart } = await open();
      const sequences = await addAll(store.logs, 'p', 10);
      const stale = async (but: number) => {
        const expected = [0, ...sequences].filter((sequence) => sequence !== but);
        const outcomes = await Promise.all(
          Array.from({ length: 500 }, (_, n) =>
            store.logs.append('p', expected[n % expected.length] ?? 0, message('late')),
          ),
        );
        return outcomes.filter((sequence) => sequence !== undefined);
      };
      const last = sequences.at(-1) ?? 0;
      expect(await stale(last)).toEqual([]);
      await store.logs.trim('p', last);
      expect(await stale(last)).toEqual([]);
      await restart();
      expect(await stale(last)).toEqual([]);
      expect(await texts(store.logs, 'p')).toEqual(['p 10']);
      await store.logs.remove('p');
      expect(await stale(0)).toEqual([]);
      expect(await store.logs.last('p')).toBeUndefined();
    });

    test('messages are read in order, all or after a sequence, and those of other logs are not among them', async () => {
      const { store } = await open();
      const [a] = await Promise.all([
        addAll(store.runs, 'a', 30),
        addAll(store.runs, 'a/b', 30),
        addAll(store.runs, 'b', 30),
      ]);
      expect(await texts(store.runs, 'a')).toEqual(Array.from({ length: 30 }, (_, n) => `a ${n + 1}`));
      expect(await texts(store.runs, 'a', a[26])).toEqual(['a 28', 'a 29', 'a 30']);
      expect(await texts(store.runs, 'a', a[29])).toEqual([]);
      expect(await texts(store.runs, 'nobody')).toEqual([]);
      expect((await all(store.runs.read('a'))).map(({ sequence }) => sequence)).toEqual(a);
    });

    test('what was acknowledged before a read began is read, while others append and trim', async () => {
      const { store, open: openAnother } = await open();
      const other = await openAnother();
      let expected = (await addAll(store.logs, 'p', 50)).at(-1) ?? 0;
      for (let n = 51; n <= 150; n++) {
        const reading = all(other.logs.read('p'));
        const newest = expected;
        const [read] = await Promise.all([
          reading,
          store.logs.trim('p', newest - 20),
          add(store.logs, 'p', newest, `p ${n}`).then((sequence) => (expected = sequence)),
        ]);
        const sequences = read.map(({ sequence }) => sequence);
        expect(sequences).toContain(newest);
        expect(sequences).toEqual(sequences.toSorted((a, b) => a - b));
      }
    });

    test('a trim deletes what is before a sequence, and nothing of other logs', async () => {
      const { store } = await open();
      const [a] = await Promise.all([addAll(store.logs, 'a', 5), addAll(store.logs, 'b', 5)]);
      await store.logs.trim('a', 0);
      await store.logs.trim('a', a[0] ?? 0);
      expect(await texts(store.logs, 'a')).toHaveLength(5);
      await store.logs.trim('a', a[3] ?? 0);
      expect(await texts(store.logs, 'a')).toEqual(['a 4', 'a 5']);
      expect(await texts(store.logs, 'b')).toHaveLength(5);
      expect(await add(store.logs, 'a', a[4] ?? 0)).toBeGreaterThan(a[4] ?? 0);
    });

    test('a log that was removed can be begun again, and its sequences are new', async () => {
      const { store, restart } = await open();
      const before = (await addAll(store.mail, 'r/m', 3)).at(-1) ?? 0;
      await store.mail.remove('r/m');
      await store.mail.remove('r/m');
      expect([await store.mail.last('r/m'), await store.mail.names()]).toEqual([undefined, []]);
      await restart();
      expect(await store.mail.append('r/m', before, message('late'))).toBeUndefined();
      expect(await add(store.mail, 'r/m', 0, 'again')).toBeGreaterThan(before);
      expect(await texts(store.mail, 'r/m')).toEqual(['again']);
    });

    test('a name may be of any text: each is a log of its own', async () => {
      const { store } = await open();
      const names = [
        'a', 'A', 'a.b', 'a b', 'a/b', 'a//b', '/a', 'a/', 'a*', '*', '>', 'a.>', '*/>', '%', '%25', 'a%2Eb', '_', '-', '$SYS', 'é', '漢字',
        '😀', '\ud800', '\udc00', '%ud800', 'tab\t', 'line\nbreak', 'nul\0', '\u007f', '', 'x'.repeat(300),
      ]; // prettier-ignore
      for (const name of names) await add(store.runs, name, 0, JSON.stringify(name));
      for (const name of names) {
        expect(await store.runs.append(name, 0, message('twice')), JSON.stringify(name)).toBeUndefined();
        expect(await texts(store.runs, name)).toEqual([JSON.stringify(name)]);
      }
      expect((await store.runs.names()).toSorted()).toEqual(names.toSorted());
      expect((await all(store.runs.allHeads())).map(({ name }) => name)).toEqual(names);
      expect((await store.runs.heads(names)).map(({ name }) => name).toSorted()).toEqual(names.toSorted());
    });

    test('names are listed below whole tokens of a prefix', async () => {
      const { store } = await open();
      for (const name of ['r/1', 'r/2', 'r.x/1', 'rr/1', 'r', 'r/s/1']) await add(store.mail, name, 0);
      expect((await store.mail.names('r')).toSorted()).toEqual(['r/1', 'r/2', 'r/s/1']);
      expect(await store.mail.names('r.x')).toEqual(['r.x/1']);
      expect(await store.mail.names('*')).toEqual([]);
      expect(await store.mail.names()).toHaveLength(6);
    });

    test('headers are kept as they are, also of any text', async () => {
      const { store } = await open();
      const headers = { owner: 'a~1', 'Up-To': '5', odd: ' é\r\n%25 漢 : \0', empty: '' };
      const sequence = await add(store.runs, 'r', 0, 'body', headers);
      const head = { name: 'r', sequence, headers };
      expect((await store.runs.last('r'))?.headers).toEqual(headers);
      expect((await all(store.runs.read('r')))[0]?.headers).toEqual(headers);
      expect(await store.runs.heads(['r'])).toEqual([head]);
      expect(await all(store.runs.allHeads())).toEqual([head]);
    });

    test('a body may be empty, of any bytes, and larger than a message', async () => {
      const { store, open: openAnother } = await open();
      const other = await openAnother();
      const any = Uint8Array.from({ length: 256 }, (_, n) => n);
      const large = Uint8Array.from({ length: 2_500_000 }, (_, n) => (n * 7 + (n >> 8)) % 256);
      let expected = 0;
      for (const body of [new Uint8Array(), any, large, any, large]) {
        expected = (await store.runs.append('r', expected, { headers: { n: '1' }, body })) ?? 0;
        expect(expected).toBeGreaterThan(0);
        expect(Buffer.compare((await other.runs.last('r'))?.body ?? any.subarray(1), body)).toBe(0);
      }
      const read = await all(other.runs.read('r'));
      expect(read.map(({ body }) => body.length)).toEqual([0, 256, 2_500_000, 256, 2_500_000]);
      expect(read.map(({ headers }) => headers)).toEqual(read.map(() => ({ n: '1' })));
      expect(await other.runs.append('r', 0, { headers: {}, body: large })).toBeUndefined();
      await store.runs.trim('r', expected);
      expect(Buffer.compare((await all(other.runs.read('r')))[0]?.body ?? any, large)).toBe(0);
      await store.runs.remove('r');
      expect(await all(other.runs.read('r'))).toEqual([]);
    });

    test('heads are the last messages of each log, the oldest first, all or those after a sequence', async () => {
      const { store } = await open();
      const a = await addAll(store.runs, 'a', 3);
      const b = await addAll(store.runs, 'b', 2);
      const c = await addAll(store.runs, 'c', 1);
      const a4 = await add(store.runs, 'a', a[2] ?? 0, 'a 4', { n: '4' });
      await store.runs.remove('c');
      expect(c).toHaveLength(1);
      const [headA, headB] = [
        { name: 'a', sequence: a4, headers: { n: '4' } },
        { name: 'b', sequence: b[1] ?? 0, headers: {} },
      ];
      expect(await all(store.runs.allHeads())).toEqual([headB, headA]);
      expect(await all(store.runs.allHeads(b[0]))).toEqual([headB, headA]);
      expect(await all(store.runs.allHeads(b[1]))).toEqual([headA]);
      expect(await all(store.runs.allHeads(a4))).toEqual([]);
      expect((await store.runs.heads(['b', 'nobody', 'a', 'c'])).toSorted((x, y) => x.sequence - y.sequence)).toEqual([
        headB,
        headA,
      ]);
      expect(await store.runs.heads([])).toEqual([]);
    });

    test('many logs are listed whole', async () => {
      const { store } = await open();
      const names = Array.from({ length: 1_500 }, (_, n) => `run-${n}`);
      await Promise.all(names.map((name) => add(store.runs, name, 0, name)));
      expect((await store.runs.names()).toSorted()).toEqual(names.toSorted());
      expect((await store.runs.heads(names)).map(({ name }) => name).toSorted()).toEqual(names.toSorted());
      expect((await all(store.runs.allHeads())).map(({ name }) => name).toSorted()).toEqual(names.toSorted());
    });

    test('the last sequence of a collection stays the same until something is appended', async () => {
      const { store, open: openAnother } = await open();
      const other = await openAnother();
      const before = await other.mail.lastSequence();
      expect(await other.mail.lastSequence()).toBe(before);
      const sequence = await add(store.mail, 'r/1', 0);
      const after = await other.mail.lastSequence();
      expect([after !== before, after >= sequence]).toEqual([true, true]);
      await add(store.mail, 'r/2', 0);
      await store.mail.remove('r/2');
      expect([before, after]).not.toContain(await other.mail.lastSequence());
    });

    test('appends to many logs at once are all stored', async () => {
      const { store, open: openAnother } = await open();
      const stores = [store, await openAnother()];
      const names = Array.from({ length: 100 }, (_, n) => `p${n}`);
      await Promise.all(names.map((name, n) => addAll((stores[n % 2] ?? store).logs, name, 10)));
      for (const name of names) expect(await texts(store.logs, name)).toHaveLength(10);
    });

    test('all that was acknowledged is there after the server was killed', async () => {
      const { store, restart } = await open();
      const sequences = await addAll(store.logs, 'p', 20);
      await restart();
      expect((await store.logs.last('p'))?.sequence).toBe(sequences.at(-1));
      expect(await texts(store.logs, 'p')).toHaveLength(20);
      expect(await add(store.logs, 'p', sequences.at(-1) ?? 0)).toBeGreaterThan(sequences.at(-1) ?? 0);
    });
  });

  describe(`${title} keeps the contract of a shared store: processes`, () => {
    test('a process is present for a time after its last announcement, and who is new says nothing for as long', async () => {
      const { store, open: openAnother, pass } = await open();
      const began = Date.now();
      const other = await openAnother();
      await store.presence.announce('a.b');
      const told = await other.presence.present();
      // On a slow machine the time is over by now.
      if (Date.now() < began + presenceTtl) expect(told).toBeUndefined();
      await expect
        .poll(async () => {
          await store.presence.announce('a.b');
          await pass(presenceTtl / 3);
          return other.presence.present();
        })
        .toEqual(new Set(['a.b']));
      await expect.poll(() => store.presence.announce('c d').then(() => other.presence.present())).toContain('c d');
      await store.presence.withdraw('c d');
      expect(await other.presence.present()).not.toContain('c d');
      await expect
        .poll(async () => {
          await pass(presenceTtl / 3);
          return other.presence.present();
        })
        .toEqual(new Set());
    });

    test('a process that answers is alive, one that nobody is connected for is gone, one that does not answer is silent', async () => {
      const { store, open: openAnother, pass, freeze } = await open();
      const other = await openAnother();
      expect(await other.presence.ping('me.1', 1_000)).toBe('gone');
      const answer = store.presence.answer('me.1', () => {});
      await store.presence.announce('me.1');
      expect(await other.presence.ping('me.1', 10_000)).toBe('alive');
      expect(await other.presence.ping('me', 1_000)).toBe('gone');
      answer[Symbol.dispose]();
      await store.presence.announce('me.1');
      expect(await other.presence.ping('me.1', 1_000)).toBe('gone');
      await freeze('frozen');
      const silent = other.presence.ping('frozen', 200);
      await pass(200);
      expect(await silent).toBe('silent');
    });

    test('a nudge reaches the process with the name of the run, and nobody else', async () => {
      const { store, open: openAnother } = await open();
      const other = await openAnother();
      const [mine, others]: [string[], string[]] = [[], []];
      store.presence.answer('me', (run) => void mine.push(run));
      other.presence.answer('other', (run) => void others.push(run));
      await store.presence.announce('me');
      await other.presence.announce('other');
      for (const run of ['r', 'r.1', 'ä r/*']) other.presence.nudge('me', run);
      other.presence.nudge('nobody', 'r');
      await expect.poll(() => mine).toEqual(['r', 'r.1', 'ä r/*']);
      expect(others).toEqual([]);
    });

    test('a store that is closed answers no more, and another one goes on', async () => {
      const { store, open: openAnother } = await open();
      const other = await openAnother();
      other.presence.answer('me', () => {});
      await other.presence.announce('me');
      await other[Symbol.asyncDispose]();
      await expect.poll(() => store.presence.ping('me', 1_000)).toBe('gone');
      expect(await add(store.logs, 'p', 0)).toBeGreaterThan(0);
    });

    test('all who open a store see the same identity; a process that may do everything may delete', async () => {
      const { store, open: openAnother } = await open();
      expect((await openAnother()).identity).toBe(store.identity);
      await add(store.runs, 'r', 0);
      await store.requireDeletion();
      expect(await store.runs.names()).toEqual(['r']);
    });
  });
}
