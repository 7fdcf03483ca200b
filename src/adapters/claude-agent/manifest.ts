/** The options of an invocation for people: which were set, and the values of those that cannot hold a secret. */
import type { Json, JsonObject } from '../../values/json.ts';

/** Options whose values are words, numbers or lists of names. */
const plainOptions: ReadonlySet<string> = new Set([
  'allowedTools',
  'cwd',
  'disallowedTools',
  'effort',
  'fallbackModel',
  'maxBudgetUsd',
  'maxThinkingTokens',
  'maxTurns',
  'model',
  'permissionMode',
  'resume',
  'settingSources',
]);
/** Options whose names are told, because they say what the agent could do. */
const namedOptions: ReadonlySet<string> = new Set(['agents', 'env', 'hooks', 'mcpServers']);

/** What is not known to be harmless is said to be set, and no more. */
export const optionsManifest = (options: object): JsonObject =>
  Object.fromEntries(
    Object.entries(options)
      .filter(([name, value]: [string, unknown]) => value !== undefined && name !== 'abortController')
      .map(([name, value]: [string, unknown]): [string, Json] => [name, shown(name, value)]),
  );

function shown(name: string, value: unknown): Json {
  if (plainOptions.has(name) && isPlain(value)) return value;
  if (namedOptions.has(name) && typeof value === 'object' && value !== null) return Object.keys(value);
  return '(set)';
}

const isPlain = (value: unknown): value is string | number | boolean | readonly string[] =>
  ['string', 'number', 'boolean'].includes(typeof value) ||
  (Array.isArray(value) && value.every((each) => typeof each === 'string'));
