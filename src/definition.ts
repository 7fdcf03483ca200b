/** What agents and teams are made of, checked where they are written: plain JavaScript and configuration come in here too. */
import * as z from 'zod';
import { AgentLimits, Budget } from './contracts/agent.ts';
import { milliseconds, type Duration } from './contracts/duration.ts';
import { InputPolicy } from './contracts/input.ts';
import type { ModelChoice } from './contracts/model.ts';
import { onExhausted } from './contracts/treasury.ts';

const has = (value: unknown, ...methods: string[]): boolean =>
  typeof value === 'object' &&
  value !== null &&
  methods.every((method) => typeof (value as Record<string, unknown>)[method] === 'function');
const text = z.string().refine((value) => value.trim() !== '', { error: 'expected a text that is not empty' });
const callable = z.custom<(...args: never[]) => unknown>((value) => typeof value === 'function', {
  error: 'expected a function',
});

export const duration = z.custom<Duration>(
  (value) => {
    try {
      return milliseconds(value as Duration) > 0;
    } catch {
      return false;
    }
  },
  { error: "expected a time such as '500ms', '2m' or a positive number of milliseconds" },
);

const oneModel = z.custom<string>(
  (value) => (typeof value === 'string' ? value.trim() !== '' : has(value, 'stream') && 'id' in (value as object)),
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

const isTool = (value: unknown) => has(value, 'run') && 'schema' in (value as object);
const isSource = (value: unknown) =>
  has(value, 'list', 'call') || (value as { kind?: unknown } | null | undefined)?.kind === 'mcp';
const source = z.custom((value) => isSource(value), { error: 'expected mcpServer({ … })' });
const isDelegate = (value: unknown) => (value as { kind?: unknown } | null | undefined)?.kind === 'delegate';
const toolOrSource = z.custom((value) => isTool(value) || isDelegate(value) || isSource(value), {
  error: 'expected tool({ … }) or mcpServer({ … }), or asTool(…)',
});
const protocol = z.custom((value) => has(value, 'parse') && 'messages' in (value as object), {
  error: 'expected protocol({ … })',
});

export const AgentShape = z.strictObject({
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
  deadline: duration.optional(),
  maxOutputTokens: z.number().int().positive().optional(),
  temperature: z.number().nonnegative().optional(),
  needs: z.array(z.string().min(1)).optional(),
  maxHistory: z.number().int().positive().optional(),
  cleanUp: callable.optional(),
});

const memberKinds: readonly unknown[] = ['agent', 'team', 'guarded', 'orchestrator'];
export const isMember = (value: unknown): boolean =>
  memberKinds.includes((value as { kind?: unknown } | null | undefined)?.kind);

export const TeamShape = z.strictObject({
  name: text,
  protocol,
  members: z.record(
    z.string(),
    z.custom((value) => isMember(value), {
      error: 'expected agent({ … }), team({ … }) or somebody who stands in front of them',
    }),
  ),
  accepts: text,
  returns: text,
  route: z.record(z.string(), callable),
  supervise: z
    .strictObject({
      strategy: z.enum(['one-for-one', 'one-for-all', 'rest-for-one']).optional(),
      maxRestarts: z.number().int().nonnegative().optional(),
      within: duration.optional(),
      restart: z.enum(['resume', 'fresh']).optional(),
    })
    .optional(),
  budget: Budget.optional(),
  onExhausted: z.enum(onExhausted).optional(),
  deadline: duration.optional(),
  maxTurns: z.number().int().positive().optional(),
});
