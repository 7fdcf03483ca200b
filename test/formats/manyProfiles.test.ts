/** A file with ten thousand agents: what never works costs next to nothing. */
import { expect, test, vi } from 'vitest';
import { StateMachine } from 'xstate';
import { testRuntime } from 'troupe/testing';
import { orchestratorOfProfiles } from '../../src/formats/orchestrator.ts';
import { readProfiles } from '../../src/formats/profiles.ts';

/** How many machines XState builds for a run of so many agents with one task. */
async function machinesFor(count: number) {
  const { profiles, errors } = readProfiles(
    Array.from({ length: count }, (_, index) => ({ id: `agent-${index}`, name: `Agent ${index}`, role: 'worker' })),
  );
  expect(errors).toEqual([]);
  using provide = vi.spyOn(StateMachine.prototype, 'provide');
  await using runtime = await testRuntime();
  const run = await runtime.start(orchestratorOfProfiles('many', profiles, {}), { input: 'Hello.' });
  await runtime.advance('1m');
  expect(await run.outcome()).toMatchObject({ status: 'done', output: { success: true, agentId: 'agent-0' } });
  return provide.mock.calls.length;
}

test('only the agents that get work are built, however many there are in the file', async () => {
  expect(await machinesFor(1_000)).toBe(await machinesFor(2));
});
