/** The failures of a task, with messages for its user. Those of a budget are in money.ts. */
import type { Evidence, Phase } from '../../src/contracts/agent.ts';
import type { Failure } from '../../src/values/failure.ts';
import { failure } from '../failure.ts';
import type { Reading } from './effectTypes.ts';

export const tookTooLong = (phase: Phase): Failure => failure('timeout', `The phase "${phase}" took too long.`);

export const refusal = ({ means }: Reading): Failure =>
  failure(
    'model',
    means.kind === 'refusal' && means.says.trim() !== ''
      ? `The model refused: ${means.says}`
      : 'The model refused, and did not say why.',
  );

export const unusable = ({ means }: Reading, times: number): Failure =>
  failure(
    'format',
    `The model gave ${times} answers in a row that cannot be used; the last: ${means.kind === 'unusable' ? means.problem : ''}`,
  );

export const badPlan = failure(
  'format',
  'The model made no plan that can be followed: step ids must be unique, and no step may wait for itself or for one that is not there.',
);

export const gap = (missing: readonly string[]): Failure =>
  failure(
    'capability',
    `No tool can do what is required: ${missing.join(', ')}. Add a tool or a toolbelt with these capabilities.`,
    [...missing],
  );

export const failingTools = (times: number): Failure => failure('tool', `${times} tool calls in a row failed.`);

export const loop = failure('tool', 'The same call was made again and again.');

export const unproven = (evidence: readonly Evidence[], rounds: number): Failure =>
  failure(
    'unverified',
    `The answer did not meet ${evidence
      .filter(({ met }) => !met)
      .map(({ objective }) => `"${objective}"`)
      .join(', ')} after ${rounds} rounds.`,
    evidence.map((each) => ({ ...each })),
  );
