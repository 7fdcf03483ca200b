/** How a body ends: runs it, and reads what it gave or threw. */
import { decodeValue, encodeValue } from '../../src/flow/encode.ts';
import type { FlowStart } from '../../src/contracts/flow/flow.ts';
import type { Flow } from '../../src/flow/flow.ts';
import { viewOfStored } from '../../src/flow/jsonView.ts';
import type { FlowDeps } from './deps.ts';
import type { FlowContext } from '../../src/flow/context.ts';
import { describeMismatch } from '../../src/values/explain.ts';
import { TroupeError } from '../../src/values/failure.ts';
import type { Json } from '../../src/values/json.ts';

/** Runs the body: it is given its stored input, parsed by its schema. Throws what it throws at once, and rejects with what it throws later. */
export function bodyValue(flow: Flow, { input, encoded }: FlowStart, context: FlowContext): unknown {
  const given = decodeValue(encoded ? { json: input, encoded } : { json: input });
  const { input: schema } = flow.options;
  return schema ? schema.parseAsync(given).then((parsed) => flow.body(context, parsed)) : flow.body(context, given);
}

/** The result of a body as it is stored. */
interface StoredOutput {
  readonly output: Json;
  readonly encoded?: true;
}

/** What the body gave, as it is stored; for a model it is plain JSON. A promise where it has a schema. Throws or rejects with `invalid` or `code` for what cannot be. */
export function bodyOutput(
  { flow: { name, options }, isTool }: Pick<FlowDeps, 'flow' | 'isTool'>,
  value: unknown,
): StoredOutput | Promise<StoredOutput> {
  const stored = (given: unknown): StoredOutput => {
    const { json, encoded } = encodeValue(`The result of the flow "${name}"`, given);
    if (!encoded) return { output: json };
    return isTool ? { output: viewOfStored({ json, encoded }) } : { output: json, encoded };
  };
  if (!options.output) return stored(value);
  return options.output.safeParseAsync(value).then((parsed) => {
    if (parsed.success) return stored(parsed.data);
    throw new TroupeError(
      'invalid',
      `The result of the flow "${name}" does not fit: ${describeMismatch(parsed.error, value)}.`,
    );
  });
}
