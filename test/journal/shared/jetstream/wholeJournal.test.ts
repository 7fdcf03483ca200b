/** How long a start looks for streams that a server may still be loading. */
import { expect, test } from 'vitest';
import { wholeJournal } from '../../../../src/journal/shared/jetstream/wholeJournal.ts';
import { virtualClock } from '../../../../src/testing/clock.ts';

const used = { state: { last_seq: 7 } };
const unused = { state: { last_seq: 0 } };
type Info = typeof used;

/** Looks for a journal whose stream of mail the server has loaded after so many milliseconds. `after`: how long it took. */
async function look({ loaded, other = used }: { readonly loaded: number; readonly other?: Info }) {
  const clock = virtualClock();
  const start = clock.now();
  const streams = () => {
    const isLoaded = clock.now() - start >= loaded;
    return Promise.resolve(
      new Map<string, Info | undefined>(Object.entries({ log: other, mail: isLoaded ? used : undefined })),
    );
  };
  const outcomes: { readonly found: unknown; readonly after: number }[] = [];
  const settle = (found: unknown) => outcomes.push({ found, after: clock.now() - start });
  void wholeJournal(streams, { acceptRestored: false, clock }).then((found) => settle([...found.values()]), settle);
  for (let passed = 0; passed < 20_000 && outcomes.length === 0; passed += 100) {
    await new Promise((turn) => setImmediate(turn));
    clock.advance(100);
  }
  return outcomes[0]!;
}

test.each([0, 300, 2_000, 4_800])(
  'a server that loads its streams within five seconds, here %i ms, is waited for',
  async (loaded) => {
    expect((await look({ loaded })).found).toEqual([used, used]);
  },
);

test('a stream that is not there after five seconds is gone, and the message says that the server may still be loading it', async () => {
  const { found, after } = await look({ loaded: Infinity });
  expect(found).toMatchObject({
    kind: 'environment',
    retryable: false,
    data: { gone: true, streams: ['mail'] },
    message: expect.stringMatching(/mail is gone.*may still be loading.*try again/s) as string,
  });
  expect(after).toBeGreaterThanOrEqual(5_000);
});

test('where no stream that is there has ever had a message, the others are made without a word', async () => {
  expect(await look({ loaded: Infinity, other: unused })).toEqual({ found: [unused, undefined], after: 0 });
});
