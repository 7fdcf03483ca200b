/** Values come back as they were. */
import { expect, test } from 'vitest';
import type { Pending } from '../../../contracts/pending.ts';
import { finishedList } from '../../../values/finishedList.ts';
import type { Json } from '../../../values/json.ts';
import { knownJson } from '../../jsonValues.ts';
import { present } from '../../present.ts';
import { asked, begin, commitOf, type JournalCase } from './fixtures.ts';

const inputOf = (pending: Pending | undefined) => (pending?.kind === 'effect' ? pending.data.input : undefined);

/** Of two kilobytes each. */
const longList = finishedList(Array.from({ length: 100 }, (_, item) => ({ item, text: '@'.repeat(2_000) })));
const withProto = (value: unknown): unknown => Object.defineProperty({}, '__proto__', { value, enumerable: true });

const values: readonly (readonly [string, Json])[] = [
  ['a large value', 'x'.repeat(300_000)],
  ['NUL, lone surrogates and right-to-left marks', 'a\u0000b\ud800c\u202e😀'],
  ['deep and odd JSON', { '': null, a: [[[{ b: -0.5e-7 }]]], ключ: '\n' }],
  ['a long list of results', longList],
  [
    'a long list of results, twice and within other values',
    { end: { results: longList }, output: [longList], longList },
  ],
  ['a long list of results beside a large value', { results: longList, text: 'x'.repeat(300_000) }],
  ['a long list of results below __proto__', knownJson(withProto(longList))],
  ['__proto__ as a key', knownJson(JSON.parse('{"__proto__": {"polluted": true}, "constructor": 1}'))],
];

export function valueTests(subject: JournalCase) {
  test.each(values)('%s comes back as it was, wherever it stands', async (_, value) => {
    await using journal = await begin(subject);
    const event = { id: 'm', type: 'go', body: value, inbox: true };
    await journal.commit(
      commitOf({
        event,
        snapshot: value,
        meta: value,
        opens: [{ key: 'k', kind: 'effect', data: { ...asked, input: value } }],
        appends: [{ list: '__proto__', entry: value }],
        results: [{ key: 'r1', name: 'constructor', input: value, outcome: { ok: true, output: value } }],
      }),
    );
    const stored = present(await journal.load('agent/r.a'), 'The stored actor');
    expect([stored.snapshot, stored.meta, inputOf(stored.pending[0])]).toEqual([value, value, value]);
    expect(Object.entries(stored.lists)).toEqual([['__proto__', 1]]);
    expect(await journal.list('agent/r.a', '__proto__')).toEqual([value]);
    expect((await journal.handled('agent/r.a', 'm'))?.body).toEqual(value);
    expect((await journal.ledger('r'))[0]).toMatchObject({ input: value, outcome: { ok: true, output: value } });
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
  });

  test.each(values)(
    '%s that an effect gave and that its actor appends to lists comes back from both',
    async (_, value) => {
      await using journal = await begin(subject);
      const [one, two] = [{ value }, [value]];
      const output = { ended: [one, two, one], else: [two, 'no entry'], value, two };
      await journal.commit(
        commitOf({
          appends: [one, two, value].map((entry) => ({ list: 'said', entry })),
          results: [{ key: 'r1', name: 'work', input: null, outcome: { ok: true, output } }],
        }),
      );
      expect(await journal.list('agent/r.a', 'said')).toEqual([one, two, value]);
      expect((await journal.ledger('r'))[0]?.outcome).toEqual({ ok: true, output });
    },
  );
}
