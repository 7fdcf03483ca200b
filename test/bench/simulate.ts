/** Seeds per second: a run under faults against the same run without faults, in the same simulated environment. */
import { simulate } from '../../src/testing/simulate/simulate.ts';
import { clerk, counting, desk } from '../testing/subjects.ts';
import { compare, per } from './measure.ts';

const seeds = 100;

export async function simulation(): Promise<void> {
  for (const [name, scenario] of Object.entries({
    'two actors': counting,
    'an agent with three tools': clerk,
    'a team of two': desk,
  })) {
    let seed = 1;
    const run = (faults?: []) => ({
      run: () => per(seeds, () => simulate(scenario, { seed: (seed += seeds), seeds, ...(faults ? { faults } : {}) })),
    });
    await compare(`A simulated run: ${name} (µs per seed)`, [
      { name: 'undisturbed', ...run([]) },
      { name: 'everything going wrong', ...run() },
    ]);
  }
}
