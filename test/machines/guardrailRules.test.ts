/** The limits of a guardrail's rules at their very edge. */
import { expect, test } from 'vitest';
import { rejectedBefore } from '../../machines/guardrail/rules.ts';
import type { GuardrailSettings } from '../../machines/guardrail/settings.ts';
import type { Work } from '../../src/contracts/work.ts';

/** What the rule says of work with these facts at the time 1,000; of settings and work it reads nothing else. */
const judged = (facts: Work['facts']) =>
  rejectedBefore(
    { rule: { kind: 'timeout', max: 5_000, requireExplicit: false } } as GuardrailSettings,
    { buckets: {}, cancelled: undefined },
    { facts } as Work,
    1_000,
  )?.kind;

test('a timeout as long as is allowed passes, and a longer one does not', () => {
  expect([judged({ timeout: 5_000 }), judged({ timeout: 5_001 })]).toEqual([undefined, 'denied']);
});

test('work whose deadline is now is too late, and work with a moment left is not', () => {
  expect([judged({ deadline: 1_000 }), judged({ deadline: 1_001 })]).toEqual(['budget', undefined]);
});
