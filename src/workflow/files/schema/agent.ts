/** The schema of `*.agent.yaml`: a model, prompts, tools, and what the answer must look like. */
import * as z from 'zod';
import { anything, duration, fields, schemaMap, mapOf, maybe, text, whole, words } from './fields.ts';

const approval = fields({
  on_reject: maybe(z.enum(['fail', 'recover'])).describe('`fail` by default.'),
  timeout: maybe(duration()).describe('How long a person has. No limit by default.'),
  timeout_behavior: maybe(z.enum(['fail', 'reject'])).describe('`fail` by default.'),
});

const allowed = z.union([words(), fields({ name: words(), require_approval: maybe(approval) })], {
  error: 'expected the name of a tool, "prefix-*" or "*", or a map with name and require_approval',
});

const serverReference = fields({
  name: maybe(text()),
  path: maybe(words()).describe('A server file; without one, `name` is one of servers.yaml.'),
  params: maybe(mapOf(anything())).describe('Literals, or `{{ params.NAME }}` of the agent.'),
  access: maybe(
    fields({
      allowlist: maybe(z.array(allowed)).describe('The tools that may be called: none by default.'),
      allowlist_env: maybe(text()),
    }),
  ),
  persistent_id: maybe(text()),
});

/** The schema of `*.agent.yaml`. */
export const agentFileSchema = fields({
  kind: maybe(text()),
  name: maybe(text()),
  version: maybe(text()),
  description: maybe(text()),
  model: maybe(words()).describe('A model group of gateway.yaml.'),
  max_turns: maybe(z.number().int()).describe('How often the model may be asked; 10 by default, and for 0 and less.'),
  params: maybe(fields({ schema: maybe(schemaMap()) })),
  prompt: maybe(
    fields({
      system: maybe(z.string()).describe('The same for every call: no templates.'),
      user: maybe(z.string()).describe('With `{{ params.NAME }}`. By default the parameters, as JSON.'),
      reflect: maybe(z.string()).describe('A second look at the answer.'),
    }),
  ),
  servers: maybe(z.array(serverReference)),
  output: maybe(fields({ schema: maybe(schemaMap()) })),
  sub_agents: maybe(z.array(words())).describe(
    'Agent files, relative to this one: each is a tool of this agent, with the servers that both may use.',
  ),
  model_policy: maybe(fields({ cost_budget_usd: maybe(z.number().nonnegative()), timeout_s: maybe(whole(0)) })),
});
export type AgentSource = z.infer<typeof agentFileSchema>;
