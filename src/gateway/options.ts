/** Checks the options of a gateway when it is opened: a wrong pause would otherwise show itself as a call that waits for ever. */
import { MediaKind } from '../contracts/media.ts';
import { describeValue } from '../values/explain.ts';
import { TroupeError } from '../values/failure.ts';
import { Id } from '../values/ids.ts';
import { propertiesOf } from '../values/properties.ts';
import { nearestName, unknownNames } from '../values/options.ts';
import { providerAddress } from './address.ts';
import { providerNames } from './providers.ts';

/** What a value must be, in words, and whether it is. */
interface Rule {
  readonly expected: string;
  holds(value: unknown): boolean;
}
/** An object with these keys and no others. */
interface Shape {
  readonly [key: string]: Rule | Shape;
}

const isNumber = (value: unknown, least: number): boolean =>
  typeof value === 'number' && Number.isFinite(value) && value >= least;
const isText = (value: unknown): boolean => typeof value === 'string' && value.trim() !== '';
/** The name of a model, or a model object. */
const isModel = (value: unknown): boolean => isText(value) || typeof propertiesOf(value)['stream'] === 'function';
const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const milliseconds: Rule = { expected: 'a number of milliseconds, 0 or more', holds: (value) => isNumber(value, 0) };
const limit: Rule = { expected: 'a number of milliseconds, 1 or more', holds: (value) => isNumber(value, 1) };
const callable: Rule = { expected: 'a function', holds: (value) => typeof value === 'function' };
const object: Rule = { expected: 'an object', holds: isRecord };
const price = { expected: 'a number of US dollars per million tokens, 0 or more', holds: milliseconds.holds };
const prices = { input: price, output: price, cached: price };

const shape: Shape = {
  clock: object,
  env: object,
  fetch: callable,
  breaker: callable,
  pace: callable,
  onFailure: callable,
  afterFailure: callable,
  models: object,
  prices: object,
  baseUrls: object,
  secrets: object,
  secret: callable,
  accepts: object,
  thinkTags: {
    expected: "false, or a list of names of tags without brackets, such as ['think']",
    holds: (value) => value === false || (Array.isArray(value) && value.every((tag) => /^[\w-]+$/.test(String(tag)))),
  },
  retry: {
    times: { expected: 'a whole number, 1 or more', holds: (value) => isNumber(value, 1) && Number.isInteger(value) },
    backoff: milliseconds,
    longest: milliseconds,
    budget: {
      share: { expected: 'a number, 0 or more: how many retries each call adds', holds: (value) => isNumber(value, 0) },
      reserve: { expected: 'a number of retries, 0 or more', holds: (value) => isNumber(value, 0) },
    },
  },
  patience: { first: limit, idle: limit, whole: limit },
};

/** Throws `definition` for the first option that is not known or has a wrong value. */
export function checkGatewayOptions(options: object): void {
  check(options, shape, 'gateway');
  const { models, prices: ownPrices, baseUrls, accepts, secrets } = propertiesOf(options);
  for (const [name, list] of Object.entries(propertiesOf(models)))
    if (!Array.isArray(list) || !list.every(isModel))
      refuse(`gateway.models.${name}`, 'a list of models, such as ["openai:gpt-5-mini"]', list);
  for (const [name, each] of Object.entries(propertiesOf(ownPrices))) {
    const where = `gateway.prices["${name}"]`;
    check(each, prices, where);
    for (const key of ['input', 'output'])
      if (propertiesOf(each)[key] === undefined) refuse(`${where}.${key}`, price.expected, undefined);
  }
  for (const [name, kinds] of Object.entries(propertiesOf(accepts)))
    if (!Array.isArray(kinds) || !kinds.every((kind) => MediaKind.safeParse(kind).success))
      refuse(`gateway.accepts["${name}"]`, "a list of 'image', 'audio' and 'file'", kinds);
  for (const [name, address] of Object.entries(propertiesOf(baseUrls))) {
    requireProvider('gateway.baseUrls', name);
    const from = `gateway.baseUrls.${name}`;
    if (typeof address !== 'string') refuse(from, 'an address, such as "http://127.0.0.1:8080/v1"', address);
    else providerAddress(address, { from, authorized: false });
  }
  for (const [name, secret] of Object.entries(propertiesOf(secrets))) {
    requireProvider('gateway.secrets', name);
    if (!Id.safeParse(secret).success)
      refuse(`gateway.secrets.${name}`, 'the name of a secret, such as "openai"', secret);
  }
}

function requireProvider(where: string, name: string): void {
  if (providerNames.includes(name)) return;
  const meant = nearestName(name, providerNames);
  throw new TroupeError(
    'definition',
    `${where} has the unknown provider "${name.slice(0, 80)}"${meant === undefined ? `; there are ${providerNames.join(', ')}.` : `; did you mean "${meant}"?`}`,
  );
}

/** Options that are undefined count as not given. */
function check(value: unknown, allowed: Shape, where: string): void {
  if (!isRecord(value)) return refuse(where, `an object with ${Object.keys(allowed).join(', ')}`, value);
  const problem = unknownNames(Object.keys(value), Object.keys(allowed));
  if (problem !== undefined) throw new TroupeError('definition', `${where} ${problem}`);
  for (const [key, inner] of Object.entries(value)) {
    const rule = allowed[key];
    if (rule === undefined || inner === undefined) continue;
    if (!isRule(rule)) check(inner, rule, `${where}.${key}`);
    else if (!rule.holds(inner)) refuse(`${where}.${key}`, rule.expected, inner);
  }
}

const isRule = (rule: Rule | Shape): rule is Rule => typeof rule['holds'] === 'function';

function refuse(where: string, expected: string, value: unknown): never {
  throw new TroupeError('definition', `${where} must be ${expected}; got ${describeValue(value)}.`);
}
