/** Options that there are not are refused by every client in the same words, before anything is read, told or sent: from JavaScript a wrong name would silently be no option at all. */
import type { TroupeClient } from '../contracts/client/client.ts';
import { describeValue } from '../values/explain.ts';
import { TroupeError } from '../values/failure.ts';
import { unknownNames, type OptionNames } from '../values/options.ts';

/** The parts of a client. */
type PartName = Exclude<keyof TroupeClient, symbol>;

/** The names of the options of a method, by the number of its parameter. */
type MethodOptions<Method> = Method extends (...given: infer Given) => unknown
  ? { readonly [At in 0 | 1 | 2 | 3]?: OptionNames<NonNullable<Given[At]>> }
  : never;

type ClientOptions = {
  readonly [Part in PartName]: {
    readonly [Method in keyof TroupeClient[Part]]?: MethodOptions<TroupeClient[Part][Method]>;
  };
};

const page = { limit: true, cursor: true } as const;
const which = { version: true, tag: true } as const;
const lines = { checkpoint: true, source: true, after: true } as const;
const replay = { from: true, overrides: true, encoded: true, input: true, key: true } as const;

const clientOptions = {
  executions: {
    start: { 0: { flow: true, file: true, deployment: true, ...which }, 2: { key: true } },
    list: { 0: { flow: true, status: true, ...page } },
    latest: { 0: { flow: true, status: true } },
    logs: { 1: { ...lines, limit: true } },
    follow: { 1: lines },
    input: { 1: { wait: true, value: true, by: true } },
    abortWait: { 1: { wait: true, reason: true, by: true } },
    plan: { 1: replay },
    replay: { 1: replay },
    cancel: { 1: { reason: true } },
    prune: { 0: { olderThan: true } },
  },
  artifacts: { list: { 1: { name: true, kind: true, producing_call: true, ...page } } },
  deadLetters: {
    list: { 0: { exec_id: true, all: true, limit: true } },
    redrive: { 1: { by: true } },
    drop: { 1: { reason: true, by: true } },
  },
  deployments: {
    list: { 0: { flow: true, ...page } },
    get: { 1: which },
    create: { 1: { name: true, tags: true, exclusive: true, input: true } },
    invoke: { 2: { ...which, key: true } },
    tag: { 3: { exclusive: true } },
  },
  schedules: {
    create: { 1: { cron: true, deployment: true, timezone: true, input: true, overlap: true, backfill: true } },
  },
  secrets: { create: { 2: { private: true } }, list: { 0: page } },
  auth: { create: { 1: { expiresIn: true } }, rotate: { 1: { keepFor: true } } },
} satisfies ClientOptions;

/** The same client; each method rejects with `invalid` for an option that there is not. */
export const withCheckedOptions = (client: TroupeClient): TroupeClient => ({
  executions: checkedPart('executions', client.executions),
  artifacts: checkedPart('artifacts', client.artifacts),
  deadLetters: checkedPart('deadLetters', client.deadLetters),
  deployments: checkedPart('deployments', client.deployments),
  schedules: checkedPart('schedules', client.schedules),
  secrets: checkedPart('secrets', client.secrets),
  auth: checkedPart('auth', client.auth),
  [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
});

/** Options by the number of their parameter, of any method. */
type AnyOptions = Readonly<Record<string, Readonly<Record<number, Readonly<Record<string, true>>>> | undefined>>;

function checkedPart<Part extends object>(part: PartName, methods: Part): Part {
  const options: AnyOptions = clientOptions[part];
  return new Proxy(methods, {
    get(target, name) {
      const method: unknown = Reflect.get(target, name);
      const known = typeof name === 'string' && Object.hasOwn(options, name) ? options[name] : undefined;
      if (typeof method !== 'function' || !known) return method;
      return (...given: readonly unknown[]): unknown => {
        const problem = Object.entries(known)
          .map(([at, names]) => problemOf(given[Number(at)], Object.keys(names)))
          .find((each) => each !== undefined);
        if (problem === undefined) return Reflect.apply(method, target, given);
        const refusal = new TroupeError('invalid', `client.${part}.${String(name)} ${problem}`);
        // It gives its lines as they come, and no promise.
        if (name === 'follow') throw refusal;
        return Promise.reject(refusal);
      };
    },
  });
}

function problemOf(given: unknown, names: readonly string[]): string | undefined {
  if (given === undefined) return undefined;
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    return `takes an object with ${names.join(', ')}; got ${describeValue(given)}.`;
  const problem = unknownNames(Object.keys(given), names);
  return problem === undefined || problem.endsWith('?') ? problem : `${problem}.`;
}
