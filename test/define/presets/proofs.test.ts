/** What holds for every preset: no deadlock between its members, and nothing lost or performed twice under crashes and faults. */
import { describe, expect, test } from 'vitest';
import { check } from 'troupe/check';
import { crashEverywhere, expectSurvival, simulate } from 'troupe/testing';
import { presets, scenarioOf } from './everyPreset.ts';
import { dose, seedsOf } from '../../dose.ts';

describe.each(Object.entries(presets))('%s', (_, subject) => {
  const scenario = scenarioOf(subject);

  test('cannot deadlock, whatever its members answer, with one message lost', async () => {
    const report = await check(subject as never, { input: 'one two three' });
    expect(report.findings).toEqual([]);
    expect(report.bound).toBeUndefined();
  });

  test('survives a crash at any of a sample of points (in CI at all of them, or sixty)', async () => {
    expectSurvival(await crashEverywhere(() => scenario as never, { sample: dose(6, 60) }));
  });

  const { seeds, timeout } = seedsOf(10, 300);
  test('keeps its promises under every kind of fault', { timeout }, async () => {
    const { failures } = await simulate(() => scenario, { seeds });
    expect(failures).toEqual([]);
  });
});
