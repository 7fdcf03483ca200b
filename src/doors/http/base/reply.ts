/** What a route answers: JSON, text, a stream or nothing. */
import type { ServerResponse } from 'node:http';

/** An answer. */
export interface HttpReply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: ReplyBody;
}

/** The body of an answer. */
export type ReplyBody =
  | { readonly kind: 'none' }
  | { readonly kind: 'json'; readonly value: unknown; readonly type?: string }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'stream'; readonly stream: ReadableStream<Uint8Array>; readonly type: string };

/** Answers with JSON. */
export const jsonReply = (
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): HttpReply => ({
  status,
  headers,
  body: { kind: 'json', value },
});

/** Answers with a line of text. */
export const textReply = (status: number, text: string, headers: Readonly<Record<string, string>> = {}): HttpReply => ({
  status,
  headers,
  body: { kind: 'text', text: `${text}\n` },
});

/** Answers without a body. */
export const emptyReply = (status: number, headers: Readonly<Record<string, string>> = {}): HttpReply => ({
  status,
  headers,
  body: { kind: 'none' },
});

/** All headers of an answer: those of its body, then its own. */
export const replyHeaders = ({ headers = {}, body }: HttpReply): Readonly<Record<string, string>> =>
  body.kind === 'none' ? headers : { 'content-type': typeOf(body), ...headers };

function typeOf(body: Exclude<ReplyBody, { kind: 'none' }>): string {
  if (body.kind === 'text') return 'text/plain; charset=utf-8';
  return body.type ?? 'application/json';
}

/** The text of a body; null when it has none. */
const textOfBody = (body: Exclude<ReplyBody, { kind: 'stream' }>): string | null =>
  body.kind === 'json' ? JSON.stringify(body.value) : body.kind === 'text' ? body.text : null;

/** The answer as the web's `Response`. */
export const toResponse = (reply: HttpReply): Response =>
  new Response(reply.body.kind === 'stream' ? reply.body.stream : textOfBody(reply.body), {
    status: reply.status,
    headers: replyHeaders(reply),
  });

/** Writes an answer that is no stream. Node takes it as it is; a `Response` would be read back piece by piece. */
export function writeReply(reply: HttpReply, to: ServerResponse): boolean {
  if (reply.body.kind === 'stream') return false;
  const text = textOfBody(reply.body);
  const length = text === null ? {} : { 'content-length': Buffer.byteLength(text) };
  to.writeHead(reply.status, { ...replyHeaders(reply), ...length }).end(text ?? undefined);
  return true;
}
