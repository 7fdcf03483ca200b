/** Defaults for runs from `TROUPE_*` variables. One that is set and blank counts as not set. */
import { TroupeError } from '../values/failure.ts';
import { parseConfiguration, type RunDefaults } from './configuration.ts';

const yes = ['true', '1', 'yes', 'on', 't', 'y'];
const no = ['false', '0', 'no', 'off', 'f', 'n'];

/** What each variable says, as a value of its field. */
const readers: { readonly [Field in keyof RunDefaults]-?: (text: string) => unknown } = {
  retries: numberIn,
  cache(text) {
    const word = text.toLowerCase();
    return yes.includes(word) ? true : no.includes(word) ? false : text;
  },
  concurrency: numberIn,
  model: (text) => text,
  deadline: durationIn,
  keep: (text) => (text === 'forever' ? false : durationIn(text)),
};

/** Their names, made once: every run of a flow asks for them. */
const variables = Object.entries(readers).map(([field, read]) => ({
  field,
  read,
  name: `TROUPE_${field.toUpperCase()}`,
}));

/** `TROUPE_RETRIES`, `TROUPE_CACHE`, `TROUPE_CONCURRENCY`, `TROUPE_MODEL`, `TROUPE_DEADLINE` and `TROUPE_KEEP`. Throws `invalid` with the name of a variable that does not fit. */
export function environmentConfiguration(env: Readonly<Record<string, string | undefined>>): RunDefaults {
  const found: Record<string, unknown> = {};
  for (const { field, read, name } of variables) {
    const text = env[name]?.trim();
    if (text === undefined || text === '') continue;
    Object.assign(found, fieldOf(name, field, read(text)));
  }
  return found;
}

function fieldOf(name: string, field: string, value: unknown): RunDefaults {
  try {
    return parseConfiguration(name, { [field]: value });
  } catch {
    // The message of a field would be about an object that nobody has written.
    throw new TroupeError(
      'invalid',
      `${name} must be ${expected[field as keyof RunDefaults]}; got "${String(value)}".`,
      { data: { configuration: name } },
    );
  }
}

const expected: { readonly [Field in keyof RunDefaults]-?: string } = {
  retries: 'a whole number, 0 or more',
  cache: `one of ${[...yes, ...no].join(', ')}`,
  concurrency: 'a whole number, 1 or more',
  model: 'the name of a model, such as openai:gpt-5-mini',
  deadline: "a duration, such as '2m', or milliseconds",
  keep: "a duration, such as '90d', or forever",
};

function numberIn(text: string): unknown {
  return /^\d+$/.test(text) ? Number(text) : text;
}

function durationIn(text: string): unknown {
  return numberIn(text);
}
