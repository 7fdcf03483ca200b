/** The options of a gateway are checked when a runtime is opened: each wrong one is named, with what it must be. */
import { expect, test } from 'vitest';
import { openRuntime, type RuntimeOptions } from 'troupe';

const opened = async (gateway: unknown): Promise<void> => {
  // Plain JavaScript and configuration files have no types.
  const runtime = await openRuntime({
    db: 'memory',
    env: {},
    gateway: gateway as NonNullable<RuntimeOptions['gateway']>,
  });
  await runtime.close();
};

test.each<[unknown, RegExp]>([
  [
    { retry: { backoff: { first: 1 } } },
    /^gateway\.retry\.backoff must be a number of milliseconds, 0 or more; got an object with the keys first\.$/,
  ],
  [{ retry: { backoff: '1s' } }, /retry\.backoff must be a number of milliseconds, 0 or more; got a string/],
  [{ retry: { backoff: Number.NaN } }, /retry\.backoff must be .* got number NaN/],
  [{ retry: { longest: -1 } }, /retry\.longest must be a number of milliseconds, 0 or more; got number -1/],
  [{ retry: { longest: Infinity } }, /retry\.longest must be/],
  [{ retry: { times: 0 } }, /retry\.times must be a whole number, 1 or more; got number 0/],
  [{ retry: { times: 1.5 } }, /retry\.times must be a whole number/],
  [{ retry: { backof: 1 } }, /^gateway\.retry has no option "backof"\. Did you mean "backoff"\?$/],
  [{ retry: { attempts: 1 } }, /has no option "attempts"\. There are: times, backoff, longest, budget\./],
  [{ retry: 3 }, /^gateway\.retry must be an object with times, backoff, longest, budget; got number 3\.$/],
  [{ retry: { budget: { share: 'half' } } }, /retry\.budget\.share must be a number, 0 or more/],
  [{ retry: { budget: { reserv: 1 } } }, /retry\.budget has no option "reserv"\. Did you mean "reserve"\?/],
  [{ retries: { times: 1 } }, /^gateway has no option "retries"\. Did you mean "retry"\?$/],
  [{ patience: { first: 0 } }, /patience\.first must be a number of milliseconds, 1 or more; got number 0/],
  [{ patience: { whole: '10m' } }, /patience\.whole must be a number of milliseconds/],
  [{ patience: { total: 1 } }, /patience has no option "total"/],
  [{ models: { fast: 'openai:gpt-5' } }, /models\.fast must be a list of models, such as/],
  [{ models: { fast: [''] } }, /models\.fast must be a list of models/],
  [{ models: ['openai:gpt-5'] }, /models must be an object; got an array of 1/],
  [{ prices: { 'openai:x': { input: '1', output: 2 } } }, /prices\["openai:x"\]\.input must be a number of US dollars/],
  [{ prices: { 'openai:x': { input: 1 } } }, /prices\["openai:x"\]\.output must be .*; got nothing/],
  [{ prices: { 'openai:x': { input: 1, ouput: 2 } } }, /has no option "ouput"\. Did you mean "output"\?/],
  [
    { prices: { 'openai:x': { input: -1, output: 2 } } },
    /\.input must be a number of US dollars per million tokens, 0 or more/,
  ],
  [{ baseUrls: { opnai: 'http://127.0.0.1' } }, /baseUrls has the unknown provider "opnai"\. Did you mean "openai"\?/],
  [{ baseUrls: { openai: 42 } }, /baseUrls\.openai must be an address/],
  [{ thinkTags: true }, /thinkTags must be false, or a list of names of tags/],
  [{ thinkTags: ['<think>'] }, /thinkTags must be false, or a list/],
  [{ fetch: 'node' }, /fetch must be a function/],
  [{ breaker: {} }, /breaker must be a function/],
])('%o is refused', async (gateway, words) => {
  await expect(opened(gateway)).rejects.toMatchObject({
    kind: 'definition',
    message: expect.stringMatching(words) as string,
  });
});

test('an address that is none is refused when the runtime is opened, and not shown', async () => {
  const refused = opened({ baseUrls: { openai: 'canary:pass@host' } });
  await expect(refused).rejects.toMatchObject({
    kind: 'invalid',
    message: expect.not.stringMatching(/canary|pass@/) as string,
  });
});

test('options that are undefined count as not given', async () => {
  await opened({ retry: { times: undefined, budget: undefined }, patience: { first: undefined }, models: undefined });
  await opened({
    retry: { times: 1, backoff: 0, longest: 0, budget: { share: 0, reserve: 0 } },
    patience: { idle: 1 },
  });
});
