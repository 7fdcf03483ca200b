/** The failures of a task, with messages for its user. Those of a budget are in budget.ts. */
import type { Evidence, Phase } from '../../src/contracts/agent.ts';
import type { Failure } from '../../src/values/failure.ts';
import { makeFailure } from '../failure.ts';
import type { ParsedAnswer } from './effectTypes.ts';

export const phaseTimeoutFailure = (phase: Phase): Failure =>
  makeFailure('timeout', `The phase "${phase}" took too long.`);

export const modelRefusal = ({ means }: ParsedAnswer): Failure =>
  makeFailure(
    'model',
    means.kind === 'refusal' && means.says.trim() !== ''
      ? `The model refused: ${means.says}`
      : 'The model refused, and did not say why.',
  );

export const unusableAnswers = ({ means }: ParsedAnswer, times: number): Failure =>
  makeFailure(
    'format',
    `The model gave ${times} answers in a row that cannot be used; the last: ${means.kind === 'unusable' ? means.problem : ''}`,
  );

export const badPlanFailure = makeFailure(
  'format',
  'The model made no plan that can be followed: step ids must be unique, and no step may wait for itself or for one that is not there.',
);

export const capabilityGap = (missing: readonly string[]): Failure =>
  makeFailure(
    'capability',
    `No tool can do what is required: ${missing.join(', ')}. Add a tool or a toolbelt with these capabilities.`,
    [...missing],
  );

export const failingToolsFailure = (times: number): Failure =>
  makeFailure('tool', `${times} tool calls in a row failed.`);

export const loopFailure = makeFailure('tool', 'The same call was made again and again.');

export const unmetObjectives = (evidence: readonly Evidence[], rounds: number): Failure =>
  makeFailure(
    'unverified',
    `The answer did not meet ${evidence
      .filter(({ met }) => !met)
      .map(({ objective }) => `"${objective}"`)
      .join(', ')} after ${rounds} rounds.`,
    evidence.map((each) => ({ ...each })),
  );
