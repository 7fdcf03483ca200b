/** The schema of `*.workflow.yaml`. */
import * as z from 'zod';
import { anything, fields, schemaMap, mapOf, maybe, seconds, text, whole, words, wordsOrNumber } from './fields.ts';
import { environmentVariable } from './shared.ts';
import { stepSchema } from './step.ts';

/** The schema of `*.workflow.yaml`. */
export const workflowFileSchema = fields({
  kind: maybe(z.literal('workflow', 'expected "workflow"')),
  name: maybe(text()),
  version: maybe(text()),
  description: maybe(text()),
  visibility: maybe(z.enum(['root', 'sub-workflow'])).describe('`root` by default.'),
  webhooks: maybe(z.enum(['execute', 'suppress'])).describe('`suppress` by default.'),
  params: maybe(fields({ schema: maybe(schemaMap()) })),
  env: maybe(z.array(environmentVariable())),
  invoke: maybe(
    fields({
      auth: maybe(
        fields({
          header: maybe(words()).describe('Required, but not for `standard-webhooks`.'),
          scheme: maybe(text()).describe('`bearer`, `raw`, `hmac-sha256` or `standard-webhooks`.'),
          secret: words(),
        }),
      ),
    }),
  ),
  pipeline: z.array(stepSchema, { error: 'expected a list of steps' }).max(10_000),
  output: maybe(fields({ schema: maybe(schemaMap()), map: maybe(mapOf(anything())), from: maybe(wordsOrNumber()) })),
  model_policy: maybe(
    fields({
      cost_budget_usd: maybe(z.number().nonnegative()),
      timeout_s: maybe(
        z.union([z.literal(0), seconds()], { error: 'expected a number of seconds, or 0 for no limit' }),
      ),
      concurrency: maybe(whole(1)).describe('How many steps run at once; 16 by default.'),
      force_group: maybe(words()),
      group_map: maybe(mapOf(words())),
    }),
  ),
});
export type WorkflowSource = z.infer<typeof workflowFileSchema>;
