/** Seeds per second: a run under faults against the same run without faults, and with a subject made anew; and hours that a test advances. */
import { simulate } from '../../../src/testing/simulate/simulate.ts';
import { testRuntime } from '../../../src/testing/testRuntime.ts';
import { clerk, counter, counting, desk } from '../../testing/subjects.ts';
import { compare, per } from './measure.ts';

const seeds = 100;
const counterOnce = counter();

export async function simulation(): Promise<void> {
  for (const [name, scenario] of Object.entries({
    'two actors': () => ({ ...counting(), subject: counterOnce }),
    'two actors, made anew for each seed': counting,
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
  const advanced = (time: '1h' | '11h') => ({
    name: time,
    run: async () => {
      const { subject, input } = clerk();
      await using runtime = await testRuntime();
      await runtime.start(subject, input);
      await runtime.settle();
      return await per(1, () => runtime.advance(time));
    },
  });
  await compare('Time that a test advances, while an agent waits for a person (µs)', [advanced('1h'), advanced('11h')]);
}
