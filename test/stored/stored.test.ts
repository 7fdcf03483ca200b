/**
 * Journals and cassettes that an older version wrote can be read and continued.
 *
 * When a test fails here, users cannot continue the runs they have. Change the code, or give the machine a `migrate`. The stored files do not change.
 * Only what a command prints may grow: a field that is added on purpose is added to `*.reads.json` by hand.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { openRuntime } from 'troupe';
import { compareVersions, cassette, cassetteText, exportRun } from 'troupe/testing';
import type { Journal } from '../../src/journal/journal.ts';
import { cassetteFile, cassettes, copyOf, fixture, goOn, hashesOf, type Ends } from './journals.ts';
import { storedShared } from './shared.ts';
import { readsOf } from './reads.ts';
import { runs, type StoryName } from './stories.ts';
import { subjects } from './subjects.ts';

const folder = mkdtempSync(join(tmpdir(), 'troupe-stored-'));
afterAll(() => rmSync(folder, { recursive: true }));
const parsed = (name: string) => JSON.parse(readFileSync(fixture(name), 'utf8')) as unknown;

const stored: readonly (readonly [what: string, name: StoryName, open: () => Promise<Journal>])[] = [
  ['a journal of agents that ask a person', 'approval', () => copyOf('approval', folder)],
  ['a journal of teams with a budget', 'team', () => copyOf('team', folder)],
  ['a journal of an orchestrator and a machine of level two', 'routing', () => copyOf('routing', folder)],
  ['a journal of messages on their way', 'letters', () => copyOf('letters', folder)],
  ['a shared journal of processes that were killed', 'shared', storedShared],
];

describe.each(stored)('%s', (_, name, open) => {
  const { hashes, called: __, ...ends } = parsed(`${name}.ends.json`) as Ends & { hashes: object; called: unknown };

  test('is read as it was written, goes on to the same end, and repeats no effect that has a result', async () => {
    await using journal = await open();
    expect(await readsOf(journal)).toEqual(parsed(`${name}.reads.json`));

    await using runtime = await openRuntime({ journal, env: {} });
    for (const { run, actor, snapshot } of await journal.find({ parent: null })) {
      const subject = subjects({ calls: [] })[runs[run]!];
      expect(await runtime.misfits(run, subject), actor).toEqual([]);
      expect(runtime.hashOf(subject), actor).toBe((snapshot as { hash: string }).hash);
    }

    expect(await goOn(name, journal)).toEqual(ends);
    expect(ends.repeated).toEqual([]);
    // Every actor, also one that took further steps, has the machine and the hash that it was stored with.
    expect(await hashesOf(journal)).toMatchObject(hashes);
    expect(await journal.verify()).toMatchObject({ damage: [] });
  });
});

describe.each(Object.values(cassettes).flat())('the cassette of %s', (run) => {
  const subject = (calls: string[] = []) => subjects({ calls })[runs[run]!];

  test('replays to the same end without a difference, and calls no model, tool or effect', async () => {
    const file = cassetteFile(run, folder);
    const calls: string[] = [];
    const { outcome, drift } = await cassette(file).replay(subject(calls));
    expect({ outcome, drift, calls }).toEqual({
      outcome: (JSON.parse(readFileSync(file, 'utf8')) as { end: unknown }).end,
      drift: [],
      calls: [],
    });
  });
});

test('cassettes of one subject take the same path together, as "troupe check --against" compares them', async () => {
  const files = ['desk-done', 'desk-failed', 'desk-cancelled'].map((run) => cassetteFile(run, folder));
  const compared = await compareVersions(files, () => subjects({ calls: [] }).desk);
  expect(compared.map(({ drift }) => drift)).toEqual([[], [], []]);
});

test.each([
  ['team', ['desk-done', 'desk-failed', 'desk-cancelled']],
  ['routing', ['house-calm']],
] as const)('what ended in the journal of the %s is exported as it was', async (name, ended) => {
  await using journal = await copyOf(name, folder);
  for (const run of ended)
    expect(cassetteText(await exportRun(journal, run, { env: {} })), run).toBe(
      readFileSync(cassetteFile(run, folder), 'utf8'),
    );
});
