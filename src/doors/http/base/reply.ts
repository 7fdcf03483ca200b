/** What a route answers: JSON, text, a stream or nothing. */

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

/** The answer as the web's `Response`. */
export function toResponse({ status, headers = {}, body }: HttpReply): Response {
  switch (body.kind) {
    case 'none':
      return new Response(null, { status, headers });
    case 'json':
      return new Response(JSON.stringify(body.value), {
        status,
        headers: { 'content-type': body.type ?? 'application/json', ...headers },
      });
    case 'text':
      return new Response(body.text, { status, headers: { 'content-type': 'text/plain; charset=utf-8', ...headers } });
    case 'stream':
      return new Response(body.stream, { status, headers: { 'content-type': body.type, ...headers } });
  }
}
