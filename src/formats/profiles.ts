/** Agents as JSON: profiles (`id`, `name`, `role`) and, in the same list, entries of a registry (`agent-type`, `model_provider`). */
import * as z from 'zod';
import { describeValue } from '../values/explain.ts';
import { reservedMemberIds } from '../define/orchestrator.ts';
import { slug, slugOf } from '../values/ids.ts';
import { optional } from './wireNames.ts';

/** What an agent is made of. */
export interface AgentProfile {
  /** Its id, as it is written. */
  readonly id: string;
  /** Its name, for people. */
  readonly name: string;
  /** Its role, for routers. */
  readonly role: string;
  /** Its system prompt. */
  readonly instructions: string;
  /** The most model answers of one attempt; no limit of its own when it is missing. */
  readonly maxSteps?: number;
  /** `provider:model`; without it the caller chooses the model. */
  readonly model?: string;
  /** The sampling temperature, 0 to 2; the model's own when it is missing. */
  readonly temperature?: number;
}

/** An error in a list of agents. */
export interface ProfileError {
  /** Where it is: `[1, 'id']` is the id of the second agent. */
  readonly path: readonly (string | number)[];
  /** What is wrong. */
  readonly message: string;
}

const text = z.string({ error: ({ input }) => `expected a text, came ${describeValue(input)}` });
const nonEmptyText = text.refine((value) => value.trim() !== '', { error: 'expected a text that is not empty' });
const Id = text
  .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/, {
    error: ({ input }) =>
      `expected an id of letters, digits, "_" and "-" that begins with a letter or digit, of 64 at most; came ${describeValue(input)}`,
    abort: true,
  })
  .refine((id) => idProblem(id) === undefined, {
    error: ({ input }) => `"${String(input)}" cannot be an id: ${idProblem(String(input))}; choose another`,
  });
/** Ids of agents are names of actors: some of those belong to the runtime, and some to JavaScript. */
function idProblem(written: string): string | undefined {
  const { id, problem } = slugOf(written);
  return problem ?? (reservedMemberIds.has(id) ? 'it is a name that the runtime uses itself' : undefined);
}
const positiveInteger = z
  .int({ error: ({ input }) => `expected a whole number above 0, came ${describeValue(input)}` })
  .positive({ error: ({ input }) => `expected a whole number above 0, came ${describeValue(input)}` });
const flag = z.boolean({ error: ({ input }) => `expected true or false, came ${describeValue(input)}` });
const oneOf = <const W extends readonly [string, ...string[]]>(...words: W) =>
  z.enum(words, { error: `expected ${words.join(', ')}` });

const object = {
  error: ({ input }: { input?: unknown }) =>
    `expected an agent such as { "id": …, "name": …, "role": … }, came ${describeValue(input)}`,
};

const AgentProfileSchema = z.strictObject(
  {
    id: Id,
    name: nonEmptyText,
    role: nonEmptyText,
    system_prompt: optional(text),
    max_steps: optional(positiveInteger),
  },
  object,
);

const RegistryEntry = z.strictObject({
  id: Id,
  'agent-type': oneOf('GeneralAssistant', 'CodeReviewer', 'DataAnalyst', 'Researcher', 'Custom'),
  name: nonEmptyText,
  description: optional(text),
  model_provider: nonEmptyText,
  model: nonEmptyText,
  max_steps: positiveInteger,
  /** Agents from a file have no tools; it is read so that a registry can be used as it is. */
  can_call_tools: flag.default(false),
  capabilities: z
    .array(
      z.strictObject({ name: nonEmptyText, level: oneOf('Beginner', 'Intermediate', 'Expert'), description: text }),
    )
    .default([]),
  custom_prompt: optional(text),
  temperature: optional(
    z
      .number({ error: ({ input }) => `expected a number from 0 to 2, came ${describeValue(input)}` })
      .min(0, { error: ({ input }) => `expected 0 to 2, came ${describeValue(input)}` })
      .max(2, { error: ({ input }) => `expected 0 to 2, came ${describeValue(input)}` }),
  ),
  enabled: flag.default(true),
});

/** The agents of a list, and its errors. */
export interface AgentProfiles {
  /** The enabled agents, in the order of the list. */
  readonly profiles: readonly AgentProfile[];
  /** The ids of agents that are not enabled. */
  readonly disabled: readonly string[];
  /** Every error; none when the list can be used. */
  readonly errors: readonly ProfileError[];
}

/** Reads a list of agents, and finds every error in it. */
export function readProfiles(json: unknown): AgentProfiles {
  if (!Array.isArray(json) || json.length === 0)
    return noAgents([{ path: [], message: `expected a list of one agent or more, came ${describeValue(json)}` }]);
  const read = json.map((entry: unknown, i) =>
    isRegistered(entry) ? readRegistryEntry(entry, i) : readProfile(entry, i),
  );
  const errors = [...read.flatMap((one) => one.errors), ...duplicateIds(json)];
  const enabled = read.flatMap(({ profile }) => (profile ? [profile] : []));
  const disabled = read.flatMap((one) => (one.disabled === undefined ? [] : [one.disabled]));
  if (errors.length === 0 && enabled.length === 0)
    return noAgents([{ path: [], message: 'expected one agent or more that is enabled; none is' }]);
  return { profiles: enabled, disabled, errors };
}

const noAgents = (errors: ProfileError[]): AgentProfiles => ({ profiles: [], disabled: [], errors });

const isRegistered = (entry: unknown): boolean =>
  typeof entry === 'object' && entry !== null && ('agent-type' in entry || 'model_provider' in entry);

interface EntryResult {
  readonly profile?: AgentProfile;
  readonly disabled?: string;
  readonly errors: readonly ProfileError[];
}

function readProfile(entry: unknown, at: number): EntryResult {
  const parsed = AgentProfileSchema.safeParse(entry);
  if (!parsed.success) return { errors: errorsOf(parsed.error, at, entry) };
  const { id, name, role, system_prompt, max_steps } = parsed.data;
  const instructions = system_prompt ?? `You are ${name}. Your role: ${role}.`;
  return {
    profile: { id, name, role, instructions, ...(max_steps === undefined ? {} : { maxSteps: max_steps }) },
    errors: [],
  };
}

function readRegistryEntry(entry: unknown, at: number): EntryResult {
  const parsed = RegistryEntry.safeParse(entry);
  if (!parsed.success) return { errors: errorsOf(parsed.error, at, entry) };
  const { id, name, enabled, description, capabilities, custom_prompt, temperature, ...rest } = parsed.data;
  if (!enabled) return { disabled: id, errors: [] };
  const skills = capabilities.map((skill) => `${skill.name} (${skill.level}): ${skill.description}`);
  const prompt = custom_prompt ?? [`You are ${name}.`, description].filter(Boolean).join(' ');
  return {
    profile: {
      id,
      name,
      role: rest['agent-type'],
      instructions: [prompt, ...(skills.length > 0 ? ['What you can do:', ...skills] : [])].join('\n'),
      maxSteps: rest.max_steps,
      model: `${rest.model_provider}:${rest.model}`,
      ...(temperature === undefined ? {} : { temperature }),
    },
    errors: [],
  };
}

const errorsOf = (error: z.ZodError, at: number, entry: unknown): ProfileError[] =>
  error.issues.flatMap(({ path, message, ...issue }): ProfileError[] => {
    const place = [at, ...path.map((step) => (typeof step === 'symbol' ? String(step) : step))];
    if (issue.code === 'unrecognized_keys')
      return issue.keys.map((key) => ({
        path: [...place, key],
        message: `"${key}" is not known; check how it is written`,
      }));
    const [key] = path;
    const isMissing =
      path.length === 1 &&
      typeof entry === 'object' &&
      entry !== null &&
      key !== undefined &&
      !Object.hasOwn(entry, key);
    return [
      isMissing
        ? { path: [at], message: `"${String(key)}" is missing` }
        : { path: place, message: `${path.length > 0 ? `"${path.join('.')}": ` : ''}${message}` },
    ];
  });

/** Two agents may not have the same id, nor ids with the same address: "Coder" and "coder". */
function duplicateIds(entries: readonly unknown[]): ProfileError[] {
  const first = new Map<string, number>();
  return entries.flatMap((entry, at): ProfileError[] => {
    const { data: id } = Id.safeParse(
      typeof entry === 'object' && entry !== null ? Reflect.get(entry, 'id') : undefined,
    );
    if (id === undefined) return [];
    const address = slug(id);
    const before = first.get(address);
    if (before === undefined) return (first.set(address, at), []);
    return [
      {
        path: [at, 'id'],
        message: `"id": "${id}" is taken by agent ${before + 1} of the list; give each its own`,
      },
    ];
  });
}
