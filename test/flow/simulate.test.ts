/** Flows in a world where anything can go wrong: they end, and nothing is lost or performed twice. */
import { expect, test } from 'vitest';
import { simulate, type SimulationScenario } from 'troupe/testing';
import { seedsOf } from '../dose.ts';
import { story } from './story.ts';

const { seeds, timeout } = seedsOf(15, 1_000);

/** Attempts of one effect between which its body was forgotten. */
const regressions = [5208, 5350, 6689];

const { subject } = story();
const scenario = (): SimulationScenario => ({ subject, input: null, answer: () => ({ ok: true }) });

test.each([
  ['of one process after the other', false],
  ['that many processes share', true],
])(
  'on a journal %s, a flow with every kind of call ends whatever goes wrong, and nothing is lost or performed twice',
  async (_, shared) => {
    const { failures, faults } = await simulate(scenario, { seeds, regressions, ...(shared ? { shared } : {}) });
    expect(failures).toEqual([]);
    expect(Object.values(faults).filter((times) => times > 0).length, JSON.stringify(faults)).toBeGreaterThan(2);
  },
  timeout,
);
