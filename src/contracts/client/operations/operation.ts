/** One thing that can be done with a TroupeClient, as data: what HTTP, NATS, MCP and their clients are made of, so that none of them lacks what another one has. */
import * as z from 'zod';
import { describeMismatch, unknownOptions } from '../../../values/explain.ts';
import { TroupeError } from '../../../values/failure.ts';
import type { TroupeClient } from '../client.ts';
import type { LogEntry } from '../execution.ts';

/** What every operation says of itself. */
export interface OperationFacts {
  /** What it does, in a sentence. */
  readonly summary: string;
  /** When an assistant should use it, and what to do next; nothing by default. */
  readonly advice?: string;
  /** It changes nothing. */
  readonly reads: boolean;
  /** It ends or removes something that cannot be brought back; false by default. */
  readonly destroys?: boolean;
  /** Doing it twice with the same input is the same as doing it once, as for all that reads; false by default. */
  readonly repeats?: boolean;
  /**
   * Who may ask for it from another process. `client`: everybody with a token, for work with runs. `admin`: only with the token of the server, for what is installed there:
   * deployments, schedules, secrets and tokens, and for deleting what is stored.
   */
  readonly access: 'client' | 'admin';
  /** Fields that only an admin may give; none by default. */
  readonly adminFields?: readonly string[];
  /** Its address over HTTP. Fields in braces are in the path; the others are in the query of a GET or DELETE, and in the body of all others. */
  readonly http: { readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'; readonly path: string };
  /** The name of its tool over MCP; null where it is none, such as for what an assistant must not see. */
  readonly tool: string | null;
}

/** An operation that answers once, with an object. */
export interface ValueOperation<Shape extends z.ZodRawShape = z.ZodRawShape, Output = object> extends OperationFacts {
  readonly kind: 'value';
  /** Its operationFields. A name that there is not is refused. */
  readonly input: z.ZodObject<Shape, z.core.$strict>;
  readonly output: z.ZodType<Output>;
  /** Does it. Rejects with `invalid` for an input that does not fit, and with what the client rejects with. */
  run(client: TroupeClient, input: unknown): Promise<Output>;
}

/** An operation that answers with lines, as they come. */
export interface LinesOperation<Shape extends z.ZodRawShape = z.ZodRawShape> extends OperationFacts {
  readonly kind: 'lines';
  readonly input: z.ZodObject<Shape, z.core.$strict>;
  /** Does it, until the signal fires. Throws `invalid` for an input that does not fit. */
  run(client: TroupeClient, input: unknown, signal?: AbortSignal): AsyncIterable<LogEntry>;
}

/** An operation that answers with bytes. */
export interface BytesOperation<Shape extends z.ZodRawShape = z.ZodRawShape> extends OperationFacts {
  readonly kind: 'bytes';
  readonly input: z.ZodObject<Shape, z.core.$strict>;
  /** Does it. Throws `invalid` for an input that does not fit. */
  run(client: TroupeClient, input: unknown): AsyncIterable<Uint8Array>;
}

/** Any operation. */
export type ClientOperation = ValueOperation | LinesOperation | BytesOperation;

/** What is declared: the operationFields as a shape, and what is done with an input that has been checked. */
interface Declared<Shape extends z.ZodRawShape, Result, Extra extends readonly unknown[] = []> extends OperationFacts {
  readonly input: Shape;
  perform(client: TroupeClient, input: z.output<z.ZodObject<Shape, z.core.$strict>>, ...extra: Extra): Result;
}

/** Declares an operation that answers once. */
export function declareOperation<Shape extends z.ZodRawShape, Output>({
  input: shape,
  perform,
  ...rest
}: Declared<Shape, Promise<Output>> & { readonly output: z.ZodType<Output> }): ValueOperation<Shape, Output> {
  const input = z.strictObject(shape);
  return { ...rest, kind: 'value', input, run: async (client, given) => perform(client, checked(input, given)) };
}

/** Declares an operation that answers with lines. */
export function declareLines<Shape extends z.ZodRawShape>({
  input: shape,
  perform,
  ...rest
}: Declared<Shape, AsyncIterable<LogEntry>, [signal?: AbortSignal]>): LinesOperation<Shape> {
  const input = z.strictObject(shape);
  return {
    ...rest,
    kind: 'lines',
    input,
    run: (client, given, signal) => perform(client, checked(input, given), signal),
  };
}

/** Declares an operation that answers with bytes. */
export function declareBytes<Shape extends z.ZodRawShape>({
  input: shape,
  perform,
  ...rest
}: Declared<Shape, AsyncIterable<Uint8Array>>): BytesOperation<Shape> {
  const input = z.strictObject(shape);
  return { ...rest, kind: 'bytes', input, run: (client, given) => perform(client, checked(input, given)) };
}

function checked<Shape extends z.ZodRawShape>(schema: z.ZodObject<Shape, z.core.$strict>, given: unknown) {
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  const unknown = unknownOptions(schema, result.error);
  throw new TroupeError('invalid', `The input does not fit: ${describeMismatch(result.error, given)}.${unknown}`);
}
