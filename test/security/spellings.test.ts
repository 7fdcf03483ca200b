/** However an address is spelled, nothing that is not public is connected to. The table here is the test's own. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { systemClock } from '../../src/engine/clock.ts';
import { egress } from '../../src/security/egress.ts';
import { limits } from '../limits.ts';
import { network, rejectionOf } from './receiver.ts';

/** First and last address of what is not public, as numbers. */
const notPublic4 = (
  [
    ['0.0.0.0', '0.255.255.255'],
    ['10.0.0.0', '10.255.255.255'],
    ['100.64.0.0', '100.127.255.255'],
    ['127.0.0.0', '127.255.255.255'],
    ['168.63.129.16', '168.63.129.16'],
    ['169.254.0.0', '169.254.255.255'],
    ['172.16.0.0', '172.31.255.255'],
    ['192.0.0.0', '192.0.0.255'],
    ['192.0.2.0', '192.0.2.255'],
    ['192.88.99.0', '192.88.99.255'],
    ['192.168.0.0', '192.168.255.255'],
    ['198.18.0.0', '198.19.255.255'],
    ['198.51.100.0', '198.51.100.255'],
    ['203.0.113.0', '203.0.113.255'],
    ['224.0.0.0', '255.255.255.255'],
  ] as const
).map(([first, last]) => [numberOf(first), numberOf(last)] as const);

function numberOf(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}
const isPublic4 = (number: number) => !notPublic4.some(([first, last]) => number >= first && number <= last);

/** The eight groups of an IPv6 address as Node writes it. */
function groupsOf(address: string): number[] {
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(address);
  const text = dotted
    ? `${dotted[1]}${(numberOf(dotted[2]!) >>> 16).toString(16)}:${(numberOf(dotted[2]!) & 65_535).toString(16)}`
    : address;
  const [head = '', tail] = text.split('::');
  const numbers = (part: string) => (part === '' ? [] : part.split(':').map((group) => parseInt(group, 16)));
  const [left, right] = [numbers(head), numbers(tail ?? '')];
  return tail === undefined
    ? left
    : [...left, ...Array.from({ length: 8 - left.length - right.length }, () => 0), ...right];
}

/** Global unicast without what is set apart in it: special protocols and Teredo, documentation, 6to4. */
function isPublic6(address: string): boolean {
  const [a = 0, b = 0] = groupsOf(address);
  if (a < 0x2000 || a > 0x3fff) return false;
  if (a === 0x2001 && (b < 0x200 || b === 0xdb8)) return false;
  return a !== 0x2002 && !(a === 0x3fff && b < 0x1000);
}
const isPublic = (address: string) => (address.includes(':') ? isPublic6(address) : isPublic4(numberOf(address)));

const edges = notPublic4
  .flatMap(([first, last]) => [first - 1, first, last, last + 1])
  .filter((n) => n >= 0 && n < 2 ** 32);
const number4 = fc.oneof(
  fc.constantFrom(...edges),
  fc.constantFrom(...notPublic4).chain(([first, last]) => fc.integer({ min: first, max: last })),
  fc.nat(2 ** 32 - 1),
);

const partsOf = (number: number) => [24, 16, 8, 0].map((shift) => (number >>> shift) & 255);
const spelled = (part: number, base: number) =>
  base === 16 ? `0x${part.toString(16)}` : base === 8 ? `0${part.toString(8)}` : String(part);
const fullWidth = (text: string) => text.replace(/\d/g, (digit) => String.fromCodePoint(0xff10 + Number(digit)));
const percent = (text: string) => text.replace(/[\d.]/g, (each) => `%${each.codePointAt(0)!.toString(16)}`);

/** An IPv4 address with one to four parts, each in any base, and perhaps in other digits. */
const spelling4 = fc
  .tuple(
    number4,
    fc.integer({ min: 1, max: 4 }),
    fc.array(fc.constantFrom(8, 10, 16), { minLength: 4, maxLength: 4 }),
    fc.constantFrom('', '.'),
    fc.constantFrom(String, fullWidth, percent),
  )
  .map(([number, count, bases, dot, write]) => {
    const all = partsOf(number);
    const last = all.slice(count - 1).reduce((sum, part) => sum * 256 + part, 0);
    const parts = [...all.slice(0, count - 1), last].map((part, i) => spelled(part, bases[i] ?? 10));
    return { host: write(parts.join('.')) + dot, number };
  });

const hex4 = (number: number) => `${(number >>> 16).toString(16)}:${(number & 65_535).toString(16)}`;
const embedded = number4.chain((number) =>
  fc.constantFrom(
    `::ffff:${hex4(number)}`,
    `::ffff:${partsOf(number).join('.')}`,
    `0:0:0:0:0:FFFF:${hex4(number)}`,
    `::${hex4(number)}`,
    `::ffff:0:${hex4(number)}`,
    `64:ff9b::${hex4(number)}`,
    `64:ff9b::${partsOf(number).join('.')}`,
    `64:ff9b:1::${hex4(number)}`,
    `2002:${hex4(number)}::1`,
    `2001:0:${hex4(number)}::1`,
  ),
);
const starts = [
  0, 0x64, 0x100, 0x1fff, 0x2000, 0x2001, 0x2002, 0x3ffe, 0x3fff, 0x4000, 0x5f00, 0xfc00, 0xfdff, 0xfe00, 0xfe80,
  0xfec0, 0xff02,
];
const random6 = fc
  .tuple(
    fc.oneof(fc.constantFrom(...starts), fc.nat(65_535)),
    fc.oneof(fc.constantFrom(0, 2, 0x1ff, 0x200, 0xdb8, 0xfff, 0x1000, 0xff9b), fc.nat(65_535)),
    fc.array(fc.nat(65_535), { minLength: 6, maxLength: 6 }),
  )
  .map(([a, b, rest]) => [a, b, ...rest].map((group) => group.toString(16)).join(':'));

const runs = { numRuns: 600, seed: 20_261_129 };
const clock = systemClock();

test(
  'no spelling of an address that is not public is connected to, and every public one is',
  { timeout: limits.long },
  async () => {
    await fc.assert(
      fc.asyncProperty(spelling4, async ({ host, number }) => {
        const { connect, addresses } = network();
        await rejectionOf(egress({ clock, connect }).request({ url: `http://${host}/` }));
        expect(addresses.filter((address) => !isPublic(address))).toEqual([]);
        expect(addresses).toEqual(isPublic4(number) ? [partsOf(number).join('.')] : []);
      }),
      runs,
    );
  },
);

test(
  'no IPv6 address that is not public or carries another one is connected to',
  { timeout: limits.long },
  async () => {
    await fc.assert(
      fc.asyncProperty(embedded, async (address) => {
        const { connect, addresses } = network();
        expect(await rejectionOf(egress({ clock, connect }).request({ url: `http://[${address}]/` }))).toMatchObject({
          kind: 'denied',
        });
        expect(addresses).toEqual([]);
      }),
      runs,
    );
    await fc.assert(
      fc.asyncProperty(random6, async (address) => {
        const { connect, addresses } = network();
        await rejectionOf(egress({ clock, connect }).request({ url: `http://[${address}]/` }));
        expect(addresses).toHaveLength(isPublic6(address) ? 1 : 0);
      }),
      runs,
    );
  },
);

test('no answer of a look-up that is not public is connected to', { timeout: limits.long }, async () => {
  const address = fc.oneof(
    number4.map((number) => partsOf(number).join('.')),
    embedded,
    random6,
  );
  await fc.assert(
    fc.asyncProperty(fc.array(address, { minLength: 1, maxLength: 4 }), async (answers) => {
      const { connect, addresses } = network();
      const lookup = async () => answers;
      await rejectionOf(egress({ clock, connect, lookup }).request({ url: 'http://name.test/' }));
      expect(addresses).toEqual(answers.every(isPublic) ? answers : []);
    }),
    runs,
  );
});
