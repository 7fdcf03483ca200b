/** Helpers for tests of guardrails: a scripted clerk, and the outcome of its guarded run. */
import { expect } from 'vitest';
import {
  agent,
  guarded,
  type Budget,
  type Duration,
  type Guardrail,
  type Model,
  type Runnable,
  type Tool,
} from 'troupe';
import { scriptedModel, testRuntime } from 'troupe/testing';

type Script = Parameters<typeof scriptedModel>[0];

export const clerk = (
  script: Script | Model,
  more: { budget?: Budget; deadline?: Duration; tools?: readonly Tool[] } = {},
) =>
  agent({
    name: 'clerk',
    model: typeof script === 'object' && 'stream' in script ? script : scriptedModel(script),
    ...more,
  });

/** A clerk that answers `Done.` to every task. */
export const doneClerk = () => clerk(() => ({ text: 'Done.' }));

/** Runs a subject to its end in virtual time. */
export async function outcomeOf(subject: Runnable, input: unknown = 'Go.', time: Duration = '1h') {
  await using runtime = await testRuntime();
  const run = await runtime.start(subject, input);
  await runtime.advance(time);
  return { outcome: await run.outcome(), seen: [...runtime.seen], run: run.id };
}

export const outcomeBehind = async (guardrails: readonly Guardrail[], subject = doneClerk(), input: unknown = 'Go.') =>
  (await outcomeOf(guarded(subject, guardrails), input)).outcome;

/** The expected outcome of a rejected task. */
export const rejection = (refusedBy: string, stage: string, kind: string, reason: RegExp) => ({
  status: 'failed',
  failure: expect.objectContaining({
    kind,
    data: expect.objectContaining({ refusedBy, stage, reason: expect.stringMatching(reason) as unknown }) as unknown,
  }) as unknown,
});
