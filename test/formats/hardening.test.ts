/** Limits and guardrails of an orchestration as snake_case JSON: all errors are reported at once, with their paths. */
import { expect, test } from 'vitest';
import { defaultOptions, hardeningOf, validateOptions } from 'troupe/formats';

const all = {
  max_concurrent_tasks: 4,
  max_total_steps: 120,
  max_total_tasks: 30,
  default_retry_condition: 'on_transient',
  guardrails: {
    timeout: { max_timeout_ms: 2_000, require_explicit_timeout: true },
    budget: { max_task_steps: 8, require_explicit_budget: true },
    rate_limit: { max_tasks: 2, window_ms: 10_000 },
    cancellation: true,
  },
};

test('complete options become limits, a retry condition and four guardrails in their order', () => {
  expect(validateOptions(all)).toEqual({ valid: true, errors: [] });
  expect(hardeningOf(JSON.stringify(all))).toEqual({
    budget: { maxConcurrentTasks: 4, maxTotalSteps: 120, maxTotalTasks: 30 },
    retry: { condition: 'onTransient' },
    guardrails: [
      { kind: 'timeout', max: 2_000, requireExplicit: true },
      { kind: 'budget', maxTaskSteps: 8, requireExplicit: true, allowExhausted: false },
      { kind: 'rateLimit', max: 2, window: 10_000 },
      { kind: 'cancellation' },
    ],
  });
});

test('the default limits nothing', () => {
  const nothing = { budget: {}, retry: { condition: 'always' }, guardrails: [] };
  expect(hardeningOf(defaultOptions())).toEqual(nothing);
  expect(hardeningOf({})).toEqual(nothing);
  expect(hardeningOf({ max_total_steps: null, guardrails: null })).toEqual(nothing);
});

test('an explicit limit can be required without a maximum', () => {
  expect(hardeningOf({ guardrails: { timeout: { require_explicit_timeout: true } } }).guardrails).toEqual([
    { kind: 'timeout', requireExplicit: true },
  ]);
});

const numbers = [
  'max_concurrent_tasks',
  'max_total_steps',
  'max_total_tasks',
  'guardrails.timeout.max_timeout_ms',
  'guardrails.budget.max_task_steps',
  'guardrails.rate_limit.max_tasks',
  'guardrails.rate_limit.window_ms',
];
/** Options with the value at each of these paths. */
const at = (value: unknown) => ({
  max_concurrent_tasks: value,
  max_total_steps: value,
  max_total_tasks: value,
  guardrails: {
    timeout: { max_timeout_ms: value },
    budget: { max_task_steps: value },
    rate_limit: { max_tasks: value, window_ms: value },
  },
});

test.each([0, -1, Number.NaN])('%s is refused for every number, with all errors at once', (value) => {
  const { valid, errors } = validateOptions(at(value));
  expect(valid).toBe(false);
  expect(errors).toEqual(numbers.map((path) => `${path} must be > 0 if set, came ${value}`));
});

test.each([
  [
    'a text where a number belongs',
    { max_total_steps: '12' },
    'max_total_steps must be a number, came a string of 2 characters',
  ],
  ['half a task', { max_total_tasks: 1.5 }, 'max_total_tasks must be a whole number if set, came 1.5'],
  [
    'a rate without its window',
    { guardrails: { rate_limit: { max_tasks: 2 } } },
    'guardrails.rate_limit requires both max_tasks and window_ms',
  ],
  [
    'an empty rate limit',
    { guardrails: { rate_limit: {} } },
    'guardrails.rate_limit requires both max_tasks and window_ms',
  ],
  [
    'an unknown condition',
    { default_retry_condition: 'maybe' },
    'default_retry_condition: expected always, on_transient, never',
  ],
  ['a misspelt field', { guardrails: { timeuot: {} } }, 'guardrails.timeuot is not known; check how it is written'],
  ['a value that is not an object', 7, 'the options: expected object, received number'],
  ['a text that is not JSON', '{"max', /^the options are not JSON: /],
])('%s is refused with its path', (_, options, error) => {
  const { errors } = validateOptions(options);
  expect(errors).toEqual([typeof error === 'string' ? error : expect.stringMatching(error)]);
});

test('errors of every kind are reported together, in one line', () => {
  const options = { max_total_steps: 0, guardrails: { cancellation: 'yes', rate_limit: { max_tasks: '2' } } };
  const found = validateOptions(options);
  expect(found).toMatchObject({ valid: false, errors: { length: 4 } });
  expect(() => hardeningOf(options)).toThrow(
    expect.objectContaining({
      kind: 'definition',
      message: expect.stringContaining(found.errors.join('; ')) as string,
    }),
  );
});
