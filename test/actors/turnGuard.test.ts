/** What is shown of an answer that patterns are looked for in while it streams. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { guardrails, type Guardrail } from 'troupe';
import type { Json } from '../../src/values/json.ts';
import { turnGuard } from '../../actors/turnGuard.ts';
import { scope } from './fixtures.ts';

const patterns = [/\b\d{16}\b/, 'secret', /(?<!\d)\d{4}(?!\d)/, /^begin/, /x+y/i, /pass\s+word$/m, /😀+!/u];
const words = [
  'word ',
  '1',
  '42',
  '1234',
  '12345678',
  'sec',
  'ret',
  'SECRET',
  'x',
  'Y',
  'begin',
  'pass',
  ' ',
  '\n',
  '\\n',
  '\\u0034',
  '\\',
  '😀',
  '!',
];

/** Says these pieces one after the other, and gives what was shown of them and why they were stopped. */
async function said(guardrail: Guardrail, pieces: readonly string[], tail: number) {
  const shown: string[] = [];
  const stopped: string[] = [];
  const guard = turnGuard(
    {
      guardrails: [guardrail],
      tail,
      show: (note) => shown.push((note as { text: string }).text),
      stop: ({ message }) => stopped.push(message),
    },
    scope(),
  );
  for (const text of pieces) {
    guard.hear({ type: 'text', text } as Json);
    // The next piece comes when this one was judged.
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
    if (guard.objection()) break;
  }
  await guard.settled().catch(() => {});
  return { shown: shown.join(''), stopped };
}

test('looking at the end of a text finds what looking at all of it finds, and shows as much', async () => {
  // Before that so much that one piece more or less is no reason to look at all of it.
  const before = fc.nat({ max: 1_000 }).map((more) => 'abcd efgh '.repeat(1_000).slice(0, 5_000 + more));
  const rest = fc.array(fc.constantFrom(...words), { minLength: 20, maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(
      fc.tuple(before, rest).map(([first, more]) => [first, ...more]),
      fc.subarray(patterns, { minLength: 1 }),
      fc.constantFrom(0, 1, 16, 64),
      async (pieces, looked, tail) => {
        const quick = guardrails.output(looked, { holdBack: tail });
        const { looksForPatterns: _, ...whole } = quick;
        expect(await said(quick, pieces, tail)).toEqual(await said(whole, pieces, tail));
      },
    ),
    { numRuns: 150 },
  );
});

test('a match is found however long ago it began, and of one that fits into what is held back nothing is shown', async () => {
  const card = '4111 1111 1111 1111';
  const pieces = `${'word '.repeat(2_000)}${card} and so on`.split('');
  const { shown, stopped } = await said(guardrails.output([/(\d{4} ){3}\d{4}/], { holdBack: 64 }), pieces, 64);
  expect(stopped).toHaveLength(1);
  expect(shown).toMatch(/^(word )+wor?d? ?$/);
  const far = `start ${'word '.repeat(2_000)} end ${'word '.repeat(2_000)}`.match(/.{1,5}/gs) ?? [];
  const late = await said(guardrails.output([/start.*end/], { holdBack: 64 }), far, 64);
  expect(late.stopped).toHaveLength(1);
  const big = [...Array<string>(14_000).fill('word '), `secret ${'word '.repeat(600)}`, 'word '];
  const { shown: before } = await said(guardrails.output(['secret'], { holdBack: 64 }), big, 64);
  expect(before).not.toContain('s');
});

test('a text is read about as often as it is long, whatever its length', async () => {
  let read = 0;
  const { checks, ...rest } = guardrails.output(['never'], { holdBack: 64 });
  const stream = ({ text }: { readonly text: string }) => (read += text.length) > 0;
  const counting: Guardrail = { ...rest, checks: { ...checks, stream } };
  const readPer = async (length: number) => {
    read = 0;
    const { stopped } = await said(counting, Array<string>(length / 5).fill('word '), 64);
    expect(stopped).toEqual([]);
    return read / length;
  };
  const short = await readPer(10_000);
  expect(await readPer(100_000)).toBeLessThan(short * 1.5);
});
