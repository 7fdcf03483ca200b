/** The tools by which an assistant works with runs: one for each operation that may be a tool, and what only tools have. */
import * as z from 'zod';
import type { TroupeClient } from '../../contracts/client/client.ts';
import type { ClientOperation, ValueOperation } from '../../contracts/client/operations/operation.ts';
import { operations } from '../../contracts/client/operations/operations.ts';
import { describeMismatch } from '../../values/explain.ts';
import { TroupeError } from '../../values/failure.ts';
import { isJsonObject, throughJson, type JsonObject } from '../../values/json.ts';
import { cutAnswer } from './cutAnswer.ts';
import { artifactPart } from './artifactPart.ts';

/** What the tools work with. */
export interface ControlToolOptions {
  readonly client: TroupeClient;
  /** Whether tools that need the token of the server are among them. */
  readonly admin: boolean;
  /** What `troupe_status` tells of the process, such as its version and its journal. */
  readonly status: () => Promise<JsonObject>;
}

/** A tool. */
export interface ControlTool {
  readonly name: string;
  readonly description: string;
  /** JSON Schema of its arguments. */
  readonly inputSchema: JsonObject & { readonly type: 'object' };
  readonly annotations: {
    readonly readOnlyHint: boolean;
    readonly destructiveHint: boolean;
    readonly idempotentHint: boolean;
    readonly openWorldHint: false;
  };
  /** Does it. Rejects with a TroupeError that says what to do. */
  call(args: unknown): Promise<JsonObject>;
}

/** How to get what an answer has left out, by the tool. */
const rests: Readonly<Record<string, string>> = {
  troupe_executions_list: 'Ask again with a smaller `limit`, and go on with `next` as `cursor`.',
  troupe_executions_logs: 'Ask again with `after`, a smaller `limit`, or `checkpoint`.',
  troupe_executions_get:
    'List its artifacts with troupe_artifacts_list, and get each result with troupe_artifacts_get.',
  troupe_artifacts_list: 'Ask again with a smaller `limit`, and go on with `next` as `cursor`.',
};
const otherRest = 'Look at the run with troupe_executions_get, and at its results with troupe_artifacts_get.';

/** All tools. */
export function controlTools({ client, admin, status }: ControlToolOptions): readonly ControlTool[] {
  const tools = Object.values<ClientOperation>(operations).flatMap((operation) =>
    operation.kind === 'value' && operation.tool !== null && (admin || operation.access === 'client')
      ? [toolOf(operation, operation.tool, client, admin)]
      : [],
  );
  return [statusTool(status), ...tools].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function toolOf(operation: ValueOperation, name: string, client: TroupeClient, admin: boolean): ControlTool {
  const hidden = admin ? [] : (operation.adminFields ?? []);
  const part = name === 'troupe_artifacts_get';
  const own = Object.entries(operation.input.shape).filter(([field]) => !hidden.includes(field));
  const input = z.strictObject({ ...Object.fromEntries(own), ...(part ? { offset: artifactPart.offset } : {}) });
  return {
    name,
    description: [operation.summary, operation.advice].filter((text) => text !== undefined).join(' '),
    inputSchema: jsonSchemaOf(input),
    annotations: {
      readOnlyHint: operation.reads,
      destructiveHint: operation.destroys ?? false,
      idempotentHint: operation.reads || (operation.repeats ?? false),
      openWorldHint: false,
    },
    async call(args) {
      const { offset, ...fields } = checkedArguments(name, input, args);
      const answer = throughJson(await operation.run(client, fields));
      if (!isJsonObject(answer)) return { answer };
      if (part) return cutAnswer(artifactPart.of(answer, Number(offset ?? 0)), 'Read it with `troupe artifacts get`.');
      return cutAnswer(answer, rests[name] ?? otherRest);
    },
  };
}

function statusTool(status: () => Promise<JsonObject>): ControlTool {
  return {
    name: 'troupe_status',
    description: 'The version of the server, its journal, and the definitions that can be started.',
    inputSchema: jsonSchemaOf(z.strictObject({})),
    annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
    async call(args) {
      checkedArguments('troupe_status', z.strictObject({}), args);
      return cutAnswer(await status(), otherRest);
    },
  };
}

function checkedArguments(name: string, schema: z.ZodObject, args: unknown): Readonly<Record<string, unknown>> {
  const result = schema.safeParse(args ?? {});
  if (result.success) return result.data;
  throw new TroupeError(
    'invalid',
    `The arguments of ${name} do not fit: ${describeMismatch(result.error, args ?? {})}. Its fields are: ${Object.keys(schema.shape).join(', ') || 'none'}.`,
  );
}

function jsonSchemaOf(schema: z.ZodObject): ControlTool['inputSchema'] {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return { ...(throughJson(rest) as JsonObject), type: 'object' };
}
