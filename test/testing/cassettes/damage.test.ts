/** Cassettes that cannot be replayed: the message has the file, the path in it, and what to do. */
import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { agent } from 'troupe';
import { cassette, cassetteText, parseCassette, readCassette, scriptedModel, type Cassette } from 'troupe/testing';
import { desk, folder, unavailableModel, recorded } from './fixtures/runs.ts';

let whole: Cassette;
beforeAll(async () => {
  whole = (await recorded()).cassette;
});

/** The text after a change by hand, without the digest, as the message requires. */
const edited = (change: (cassette: Cassette) => void): string => {
  const copy = structuredClone(whole);
  change(copy);
  return JSON.stringify(copy);
};

test.each<[string, () => string, string, RegExp]>([
  ['an empty file', () => '  \n', 'invalid', /x\.json cannot be played: it is empty; record it again/],
  [
    'half a file',
    () => cassetteText(whole).slice(0, 300),
    'invalid',
    /x\.json:\d+:\d+: this is no JSON, or it was cut short/,
  ],
  ['a comma too many', () => '{\n  "troupe": "cassette",,\n}', 'invalid', /x\.json:2:24: this is no JSON/],
  [
    'another JSON file',
    () => '{"name":"troupe","version":"1"}',
    'invalid',
    /it is no cassette: expected \{ "troupe": "cassette".*came an object with the keys name, version/,
  ],
  ['a list', () => '[]', 'invalid', /it is no cassette: .*came an array of 0/],
  [
    'a newer format',
    () => JSON.stringify({ ...whole, format: 2 }),
    'incompatible',
    /x\.json has format 2; this troupe reads format 1\. Read it with the troupe that wrote it, or a newer one/,
  ],
  [
    'no format',
    () => '{"troupe":"cassette"}',
    'incompatible',
    /has format none; this troupe reads format 1\. Record it again/,
  ],
  [
    'an invalid outcome',
    () => edited((it) => Object.assign(it.ledger[1]!.outcome, { ok: 'yes' })),
    'invalid',
    /it is damaged: at "ledger\[1\]\.outcome\.ok"/,
  ],
  [
    'a missing step',
    () => edited((it) => it.steps.splice(2, 1)),
    'invalid',
    /at "steps\[\d+\]\.seq": expected \d of .*, came \d; a step is missing/,
  ],
  [
    'an actor that is not listed',
    () => edited((it) => it.actors.pop()),
    'invalid',
    /at "(steps|ledger)\[\d+\]\.actor": no actor ".*" is listed/,
  ],
  [
    'one effect twice',
    () => edited((it) => it.ledger.push(it.ledger[0]!)),
    'invalid',
    /at "ledger\[\d+\]\.key": ".*" is there twice/,
  ],
  [
    'no root',
    () => edited((it) => Object.assign(it, { run: 'another' })),
    'invalid',
    /none of them is the root of the run "another"/,
  ],
  [
    'a change by hand',
    () => cassetteText(whole).replace('Actors send messages.', 'Actors send letters.'),
    'invalid',
    /it was changed after it was recorded \(at "digest"\).*take "digest" out/,
  ],
])('%s is refused with its path', (_name, text, kind, says) => {
  try {
    parseCassette('x.json', text());
    expect.unreachable();
  } catch (thrown) {
    expect(thrown).toMatchObject({ kind, message: expect.stringMatching(says) as string });
  }
});

test('a cassette that an editor has saved with a byte order mark is replayed', async () => {
  using dir = folder();
  const file = join(dir.path, 'x.json');
  writeFileSync(file, `\ufeff${cassetteText(whole).replaceAll('\n', '\r\n')}`);
  expect(await cassette(file).replay(desk())).toMatchObject({ drift: [], outcome: { status: 'done' } });
});

test('a cassette that was saved in another encoding is refused, with what to do', async () => {
  using dir = folder();
  const file = join(dir.path, 'x.json');
  writeFileSync(file, Buffer.from(`\ufeff${cassetteText(whole)}`, 'utf16le'));
  await expect(cassette(file).replay(desk())).rejects.toThrow(/x\.json:1:1: not UTF-8: .* Save it as UTF-8/);
});

test('a cassette that was edited by hand is replayed as edited', async () => {
  using dir = folder();
  const file = dir.file(
    'x.json',
    edited((it) => Object.assign(it.end!, { output: { to: 'bob' } })),
  );
  const { drift } = await cassette(file).replay(desk({ model: unavailableModel }), 'lenient');
  expect(drift.map(({ kind }) => kind)).toEqual(['end']);
});

test('a cassette of another definition is refused with both names', async () => {
  using dir = folder();
  const file = dir.file('x.json', cassetteText(whole));
  const clerk = agent({ name: 'clerk', model: scriptedModel([]) });
  await expect(cassette(file).replay(clerk)).rejects.toMatchObject({
    kind: 'conflict',
    message: expect.stringMatching(
      /x\.json was recorded of "desk", a run of type "run"; .* to the agent "clerk"/,
    ) as string,
  });
});

test('a missing file is refused, with the command that makes one', async () => {
  await expect(cassette('/nowhere/x.json').replay(desk())).rejects.toThrow(
    /There is no cassette \/nowhere\/x\.json\. Make one with "troupe runs export RUN > \/nowhere\/x\.json"/,
  );
});

test('a folder, and a file that is too large, are refused before they are read', async () => {
  using dir = folder();
  await expect(readCassette(dir.path)).rejects.toThrow(/it is no file/);
  const huge = join(dir.path, 'huge.json');
  writeFileSync(huge, '');
  truncateSync(huge, 300 * 1024 * 1024);
  await expect(readCassette(huge)).rejects.toThrow(/it has 300 MB, and at most 256 MB are read/);
});
