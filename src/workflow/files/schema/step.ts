/** The schema of one step of a workflow. */
import * as z from 'zod';
import {
  anything,
  duration,
  fields,
  schemaMap,
  mapOf,
  maybe,
  seconds,
  text,
  whole,
  words,
  wordsOrNumber,
} from './fields.ts';

const webhook = fields({
  url: words(),
  method: maybe(z.string().regex(/^[A-Za-z]{1,20}$/, 'expected an HTTP method')).describe('POST by default.'),
  headers: maybe(mapOf(text())),
  body: maybe(mapOf(anything())).describe('Fields of the JSON body; texts are expressions or literals.'),
  sign: maybe(words()).describe('A secret with which the request is signed, as Standard Webhooks has it.'),
  timeout: maybe(duration()),
  timeout_s: maybe(seconds()).describe('Seconds; 30 by default.'),
  idempotent: maybe(z.boolean()).describe(
    'The receiver knows a request again by its Idempotency-Key. True by default.',
  ),
});

const transform = fields({
  inputs: maybe(
    z.array(
      z.union([wordsOrNumber(), fields({ from: wordsOrNumber() })], {
        error: 'expected a step, or a map with the key "from"',
      }),
    ),
  ),
  ops: maybe(z.array(mapOf(anything()))).describe('merge, filter, sort, map, flatten, deduplicate.'),
});

const wait = fields({
  question: words().describe('What is asked; a template.'),
  schema: maybe(schemaMap()),
  timeout: maybe(duration()).describe('Seven days by default.'),
  default: maybe(anything()).describe('Taken when nobody answers.'),
});

const forEach = fields({
  from: maybe(words()).describe('The list; an expression.'),
  items: maybe(words()).describe('Another word for `from`.'),
  as: maybe(z.string().regex(/^[A-Za-z_]\w{0,63}$/, 'expected a name of letters, digits and "_"')).describe(
    'Another name for `item` in the expressions of the step.',
  ),
  concurrency: maybe(z.number().int()).describe('How many at once; all by default.'),
  max_items: maybe(z.number().int()),
  max_failures: maybe(z.number().int()).describe('0 by default; any number with -1.'),
});

/** The schema of a step. */
export const stepSchema = fields({
  id: wordsOrNumber(),
  name: maybe(text()),
  description: maybe(text()),
  agent: maybe(words()).describe('An agent file.'),
  transform: maybe(transform),
  webhook: maybe(webhook),
  workflow: maybe(words()).describe('A workflow file.'),
  wait: maybe(wait),
  input: maybe(mapOf(anything())),
  webhooks: maybe(z.enum(['execute', 'suppress'])),
  params: maybe(mapOf(anything())),
  for_each: maybe(forEach),
  depends_on: maybe(z.array(wordsOrNumber())),
  condition: maybe(z.union([z.string(), z.boolean()], { error: 'expected an expression' })),
  confidence_threshold: maybe(z.number().min(0).max(1)),
  model: maybe(fields({ group: maybe(words()), max_tokens: maybe(whole(1)) })),
  output: maybe(fields({ schema: maybe(schemaMap()) })),
  on: maybe(z.enum(['approval'])),
  consolidation: maybe(text()),
  timeout: maybe(duration()).describe('Of one attempt. No limit by default.'),
  timeout_s: maybe(seconds()),
  retry: maybe(
    fields({
      max: whole(0).max(100).describe('Further attempts after a failure.'),
      backoff: maybe(duration()).describe('The first pause, doubled after each attempt; 1s by default.'),
    }),
  ),
  on_error: maybe(z.enum(['fail', 'continue', 'skip'])).describe('`fail` by default.'),
  cache: maybe(duration()).describe('How long a result is taken again. Never by default.'),
});
export type StepSource = z.infer<typeof stepSchema>;
