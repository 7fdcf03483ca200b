/** How a body ends: runs it, and reads what it gave or threw. */
import { decodeValue, encodeValue } from '../../src/flow/encode.ts';
import type { FlowStart } from '../../src/contracts/flow/flow.ts';
import type { Flow } from '../../src/flow/flow.ts';
import type { FlowContext } from '../../src/flow/context.ts';
import { describeMismatch } from '../../src/values/explain.ts';
import { TroupeError } from '../../src/values/failure.ts';
import type { Json } from '../../src/values/json.ts';

/** Runs the body: it is given its stored input, parsed by its schema. */
export async function bodyValue(flow: Flow, { input, encoded }: FlowStart, context: FlowContext): Promise<unknown> {
  const given = decodeValue(encoded ? { json: input, encoded } : { json: input });
  const { input: schema } = flow.options;
  return flow.body(context, schema ? await schema.parseAsync(given) : given);
}

/** What the body gave, as it is stored. Rejects with `invalid` or `code` for what cannot be. */
export async function bodyOutput(
  { name, options }: Flow,
  value: unknown,
): Promise<{ readonly output: Json; readonly encoded?: true }> {
  const parsed = options.output && (await options.output.safeParseAsync(value));
  if (parsed && !parsed.success)
    throw new TroupeError(
      'invalid',
      `The result of the flow "${name}" does not fit: ${describeMismatch(parsed.error, value)}.`,
    );
  const { json, encoded } = encodeValue(`The result of the flow "${name}"`, parsed ? parsed.data : value);
  return { output: json, ...(encoded ? { encoded } : {}) };
}
