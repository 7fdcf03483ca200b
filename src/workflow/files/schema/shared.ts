/** Parts that several kinds of workflow files have. */
import * as z from 'zod';
import { fields, mapOf, maybe, text, words } from './fields.ts';

/** A declared variable of the environment. */
export const environmentVariable = () =>
  fields({
    name: z
      .string()
      .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'expected the name of an environment variable')
      .describe('The name of the variable.'),
    secret: maybe(z.boolean()).describe('Its value is never shown or stored. False by default.'),
    default: maybe(text()).describe('Taken when the variable is not set; without one it must be set.'),
    description: maybe(text()),
  });

/** A provider of models. */
export const provider = () =>
  fields({
    name: words().describe('What model groups name before the slash.'),
    type: words().describe(
      '`openai`, for every server that speaks its API, `anthropic`, `google`, or `offline`, which needs no network: it only extracts.',
    ),
    config: maybe(mapOf(text())).describe('`base_url` and `api_key`; `{{ env.NAME }}` may be anywhere in them.'),
  });
