/** What the tests of guardrails guard: a clerk who says what the script says, and how its run ended. */
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

/** A clerk who says `Done.` whatever it is told. */
export const willing = () => clerk(() => ({ text: 'Done.' }));

/** Runs it to its end in virtual time. */
export async function outcomeOf(subject: Runnable, input: unknown = 'Go.', time: Duration = '1h') {
  await using runtime = await testRuntime();
  const run = await runtime.start(subject, input);
  await runtime.advance(time);
  return { outcome: await run.outcome(), seen: [...runtime.seen], run: run.id };
}

export const tried = async (guardrails: readonly Guardrail[], subject = willing(), input: unknown = 'Go.') =>
  (await outcomeOf(guarded(subject, guardrails), input)).outcome;

/** The failure of a rejection. */
export const rejection = (refusedBy: string, stage: string, kind: string, reason: RegExp) => ({
  status: 'failed',
  failure: expect.objectContaining({
    kind,
    data: expect.objectContaining({ refusedBy, stage, reason: expect.stringMatching(reason) as unknown }) as unknown,
  }) as unknown,
});
