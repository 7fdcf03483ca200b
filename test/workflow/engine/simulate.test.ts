/** Workflows in a world where anything can go wrong: they end, and nothing is lost or performed twice. */
import { expect, test } from 'vitest';
import { simulate, type SimulationScenario } from 'troupe/testing';
import { seedsOf } from '../../dose.ts';
import { everyKind, storyModel } from './story.ts';
import { runnable } from './world.ts';

const { seeds, timeout } = seedsOf(15, 1_000);

/** Whoever is outside answers at once: time passes where the simulation lets it. */
const { subject } = runnable(everyKind, { model: storyModel });
const scenario = (): SimulationScenario => ({
  subject,
  input: { topic: 'tea' },
  answer: ({ question }) => (question.startsWith('May') ? { approved: true } : { right: true }),
});

test.each([
  ['of one process after the other', false],
  ['that many processes share', true],
])(
  'on a journal %s, a workflow with every kind of step ends whatever goes wrong, and nothing is lost or performed twice',
  async (_, shared) => {
    const { failures, faults } = await simulate(scenario, { seeds, ...(shared ? { shared } : {}) });
    expect(failures).toEqual([]);
    // Which of them happen in a few seeds is chance; that several do is not.
    expect(Object.values(faults).filter((times) => times > 0).length, JSON.stringify(faults)).toBeGreaterThan(2);
  },
  timeout,
);
