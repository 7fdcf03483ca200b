/**
 * Answers of other people's servers, in the form that the client library takes: it refuses a whole answer for one part that is odd.
 * What cannot be mended is left as it is, and refused by the library.
 */
import { isJsonObject, type Json, type JsonObject } from '../values/json.ts';
import { propertiesOf } from '../values/properties.ts';

/** Turns what came in one piece (a message, or a list of them) into messages of JSON-RPC. */
export type Mend = (value: Json) => readonly Json[];

/** `isContent`: whether the library takes this part of a result. */
export const mendAnswers = (isContent: (part: Json) => boolean): Mend => {
  const message = (value: Json): Json =>
    isJsonObject(value) && isAnswer(value) ? mendedAnswer(value, isContent) : value;
  return (value) => (Array.isArray(value) ? value.map(message) : [message(value)]);
};

/** Something else may be printed between the messages, such as a log in JSON. */
const isAnswer = ({ id, method, result, error }: JsonObject): boolean =>
  (typeof id === 'number' || typeof id === 'string') &&
  method === undefined &&
  (result !== undefined || (error !== undefined && error !== null));

/** Older versions of JSON-RPC have no version in the message, and both of `result` and `error`, of which one is null. */
function mendedAnswer({ error, result = null, ...rest }: JsonObject, isContent: (part: Json) => boolean): JsonObject {
  const said =
    error === undefined || error === null ? { result: mendedResult(result, isContent) } : { error: mendedError(error) };
  return { ...rest, jsonrpc: '2.0', ...said };
}

function mendedError(error: Json): JsonObject {
  const { code, message, ...rest } = isJsonObject(error) ? error : { message: error };
  return {
    ...rest,
    code: typeof code === 'number' && Number.isInteger(code) ? code : -32_603,
    message: typeof message === 'string' ? message : JSON.stringify(message ?? 'it did not say why'),
  };
}

function mendedResult(result: Json, isContent: (part: Json) => boolean): JsonObject {
  if (result === null) return {};
  // Not readable: what is no object would not be taken for an answer at all.
  if (!isJsonObject(result)) return { content: result };
  const { toolResult, ...rest } = withoutNull(result, ['content', 'structuredContent', 'isError', '_meta']);
  // The first revision of the protocol had it in place of `content`.
  if (toolResult !== undefined && rest.content === undefined) return { ...rest, content: [asText(toolResult)] };
  return Array.isArray(rest.content)
    ? withoutNull({ ...rest, ...mendedContent(rest.content, rest.structuredContent, isContent) })
    : rest;
}

/** Only where something can be read: otherwise the answer is told as one that cannot. */
function mendedContent(
  content: readonly Json[],
  structuredContent: Json | undefined,
  isContent: (part: Json) => boolean,
): JsonObject {
  const isStructured = isJsonObject(structuredContent);
  const known = content.map((part) => knownPart(part, isContent));
  if (!isStructured && known.every((part) => part === undefined)) return {};
  const mended = content.map((part, n) => known[n] ?? inWords(part));
  if (structuredContent === undefined || isStructured) return { content: mended };
  const text = JSON.stringify(structuredContent);
  const isTold = mended.some((part) => isJsonObject(part) && part.text === text);
  return { content: isTold ? mended : [...mended, asText(text)], structuredContent: null };
}

/** The part without what the library refuses; undefined when the rest cannot be read either. */
function knownPart(part: Json, isContent: (part: Json) => boolean): Json | undefined {
  if (!isJsonObject(part) || isContent(part)) return isContent(part) ? part : undefined;
  const { annotations: _, _meta: __, icons: ___, ...bare } = withoutNull(part);
  const bytes = typeof bare.data === 'string' ? bytesIn(bare.data) : {};
  return [withoutNull(part), bare, { ...bare, ...bytes }].find((candidate) => isContent(candidate));
}

/** A part that is of a kind which nobody knows, or not of the form of its kind. */
function inWords(part: Json): JsonObject {
  if (!isJsonObject(part)) return asText(part);
  if (part.type === 'text') return asText(part.text ?? '');
  // Bytes are no text: the model would read all of them.
  const hasBytes = [part.data, part.blob, propertiesOf(part.resource).blob].some((each) => typeof each === 'string');
  return asText(hasBytes ? `(${JSON.stringify(part.type)} that cannot be read)` : part);
}

/** Base64 as some servers write it: behind `data:image/png;base64,`, in lines, or for URLs. */
function bytesIn(data: string): { data: string; mimeType?: string } {
  // No expression for the whole: a server could make one try for hours.
  const comma = data.startsWith('data:') ? data.indexOf(',') : -1;
  const [mimeType = ''] = /^[\w.+/-]*/.exec(data.slice(5, Math.max(5, comma))) ?? [];
  const written = data
    .slice(comma + 1)
    .replace(/\s+/g, '')
    .replaceAll('-', '+')
    .replaceAll('_', '/');
  const end = written.indexOf('=');
  const base64 = end !== -1 && /^=+$/.test(written.slice(end)) ? written.slice(0, end) : written;
  return { data: base64.padEnd(Math.ceil(base64.length / 4) * 4, '='), ...(mimeType === '' ? {} : { mimeType }) };
}

const asText = (value: Json): JsonObject => ({
  type: 'text',
  text: typeof value === 'string' ? value : JSON.stringify(value),
});

const withoutNull = (object: JsonObject, names: readonly string[] = Object.keys(object)): JsonObject =>
  Object.fromEntries(Object.entries(object).filter(([name, value]) => value !== null || !names.includes(name)));
