/** Schemas for the options of agents and teams. They are checked when they are defined, because plain JavaScript and configuration files have no types. */
import * as z from 'zod';
import { AgentLimits, Budget } from '../contracts/agent.ts';
import { milliseconds, type Duration } from '../values/duration.ts';
import { InputPolicy } from '../contracts/input.ts';
import type { ModelChoice } from '../contracts/model.ts';
import { onExhausted } from '../contracts/treasury.ts';

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;
const has = (value: unknown, ...methods: string[]): boolean =>
  isObject(value) && methods.every((method) => typeof value[method] === 'function');
const hasField = (value: unknown, name: string): boolean => isObject(value) && name in value;
/** The parts without which a definition cannot be compiled. An object that was written by hand has its kind, and not its parts. */
const parts: Readonly<Record<string, readonly string[]>> = {
  agent: ['name', 'handles', 'tools', 'definition'],
  team: ['name', 'handles', 'members', 'options', 'next'],
  orchestrator: ['name', 'handles', 'members', 'router', 'options'],
  guarded: ['name', 'handles', 'subject', 'guardrails', 'members'],
  machine: ['name', 'type'],
  pool: ['name', 'handles', 'work', 'compile'],
};
/** The `kind` of a definition that its function made; undefined for anything else. */
export function kindOf(value: unknown): unknown {
  if (!isObject(value)) return undefined;
  const { kind } = value;
  const needed = typeof kind === 'string' && Object.hasOwn(parts, kind) ? parts[kind] : [];
  // A long-lived member of another package compiles itself.
  return has(value, 'compile') || needed?.every((part) => part in value) ? kind : undefined;
}

const text = z.string().refine((value) => value.trim() !== '', { error: 'expected a text that is not empty' });
const callable = z.custom<(...args: never[]) => unknown>((value) => typeof value === 'function', {
  error: 'expected a function',
});

/** A duration such as '500ms', or a positive number of milliseconds. */
export const DurationSchema = z.custom<Duration>(
  (value) => {
    try {
      // It throws for anything that is no duration.
      return milliseconds(value as Duration) > 0;
    } catch {
      return false;
    }
  },
  { error: "expected a time such as '500ms', '2m' or a positive number of milliseconds" },
);

const oneModel = z.custom<string>(
  (value) => (typeof value === 'string' ? value.trim() !== '' : has(value, 'stream') && hasField(value, 'id')),
  { error: 'expected "provider:model", the name of a group, or a model object such as offlineModel()' },
);
const models = z.custom<ModelChoice>(
  (value) => (Array.isArray(value) ? value.length > 0 && value.every(isModel) : isModel(value)),
  {
    error:
      'expected a model: "provider:model", the name of a group, a model object such as offlineModel(), or a list of them',
  },
);
const isModel = (value: unknown) => oneModel.safeParse(value).success;

const isTool = (value: unknown) => has(value, 'run') && hasField(value, 'schema');
const isSource = (value: unknown) => has(value, 'list', 'call') || kindOf(value) === 'mcp';
const source = z.custom((value) => isSource(value), { error: 'expected mcpServer({ … })' });
const isDelegate = (value: unknown) => kindOf(value) === 'delegate';
const toolOrSource = z.custom((value) => isTool(value) || isDelegate(value) || isSource(value), {
  error: 'expected tool({ … }) or mcpServer({ … }), or asTool(…)',
});
const protocol = z.custom((value) => has(value, 'parse') && hasField(value, 'messages'), {
  error: 'expected protocol({ … })',
});

/** The options of `agent()`. */
export const AgentSchema = z.strictObject({
  name: text,
  instructions: z.string().optional(),
  model: models,
  fallbacks: z.array(models).optional(),
  protocol: protocol.optional(),
  handles: z.array(text).optional(),
  tools: z.array(toolOrSource).optional(),
  allow: z.array(text).optional(),
  toolbelt: z.array(source).optional(),
  requires: z.array(text).optional(),
  objectives: z.array(z.object({ id: text, says: text, check: callable })).optional(),
  approve: z
    .custom((value) => value === 'writes' || value === 'all' || typeof value === 'function', {
      error: `expected 'writes', 'all' or a function of the call`,
    })
    .optional(),
  analysis: z.enum(['none', 'model']).optional(),
  planning: z.enum(['none', 'model']).optional(),
  budget: Budget.optional(),
  onExhausted: z.enum(onExhausted).optional(),
  limits: AgentLimits.partial().optional(),
  onInput: InputPolicy.optional(),
  deadline: DurationSchema.optional(),
  maxOutputTokens: z.number().int().positive().optional(),
  temperature: z.number().nonnegative().optional(),
  needs: z.array(z.string().min(1)).optional(),
  maxHistory: z.number().int().positive().optional(),
  cleanUp: callable.optional(),
});

const memberKinds: readonly unknown[] = ['agent', 'team', 'guarded', 'orchestrator'];
/** Was it made by `agent()`, `team()`, `guarded()` or `orchestrator()`? */
export const isMember = (value: unknown): boolean => memberKinds.includes(kindOf(value));

/** The options of `team()`. */
export const TeamSchema = z.strictObject({
  name: text,
  protocol,
  members: z.record(
    z.string(),
    z.custom((value) => isMember(value) || kindOf(value) === 'pool', {
      error: 'expected agent({ … }), team({ … }), orchestrator({ … }) or guarded(…)',
    }),
  ),
  accepts: text,
  returns: text,
  route: z.record(z.string(), callable),
  supervise: z
    .strictObject({
      strategy: z.enum(['one-for-one', 'one-for-all', 'rest-for-one']).optional(),
      maxRestarts: z.number().int().nonnegative().optional(),
      within: DurationSchema.optional(),
      restart: z.enum(['resume', 'fresh']).optional(),
    })
    .optional(),
  budget: Budget.optional(),
  onExhausted: z.enum(onExhausted).optional(),
  deadline: DurationSchema.optional(),
  maxTurns: z.number().int().positive().optional(),
});
