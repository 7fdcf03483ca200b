/** The schema of `gateway.yaml`: providers of models, and the groups that agents name. */
import * as z from 'zod';
import { fields, maybe, text, words } from './fields.ts';
import { environmentVariable, provider } from './shared.ts';

const price = fields({
  model: words().describe('Without the provider.'),
  input_per_million: z.number().nonnegative(),
  output_per_million: z.number().nonnegative(),
});

/** The ways to choose among the models of a group. */
const strategies = ['round_robin', 'cost_optimized', 'fallback', 'least_latency', 'least-latency', 'single'] as const;

/** The schema of `gateway.yaml`. */
export const gatewayFileSchema = fields({
  kind: maybe(text()),
  name: maybe(text()),
  env: maybe(z.array(environmentVariable())),
  providers: maybe(z.array(provider())),
  model_groups: maybe(
    z.array(
      fields({
        name: words(),
        models: maybe(z.array(words())).describe('`provider/model`.'),
        strategy: maybe(z.enum(strategies)).describe('`round_robin` by default.'),
        default_temperature: maybe(z.number().min(0).max(2)),
        pricing: maybe(z.array(price)),
      }),
    ),
  ),
});
export type GatewaySource = z.infer<typeof gatewayFileSchema>;
