/** Reads server-sent events. How large one may be is limited where the answer is fetched. */

/** One event. */
export interface ServerEvent {
  /** `message` by default. */
  readonly type: string;
  /** The lines of data, joined. */
  readonly data: string;
}

/** The events of a body, as they come. Ends with the body; an event that is not ended by an empty line counts when it has data. */
export async function* eventStream(body: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<ServerEvent> {
  const decoder = new TextDecoder();
  let [type, rest] = ['', ''];
  let data: string[] = [];
  const take = (line: string): ServerEvent | undefined => {
    if (line === '') {
      const event = data.length === 0 ? undefined : { type: type === '' ? 'message' : type, data: data.join('\n') };
      [type, data] = ['', []];
      return event;
    }
    const colon = line.indexOf(':');
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (name === 'event') type = value;
    else if (name === 'data') data.push(value);
    return undefined;
  };
  // Only iterated, as every web stream can be in Node; its type does not say so.
  for await (const chunk of body as unknown as AsyncIterable<Uint8Array<ArrayBuffer>>) {
    rest += decoder.decode(chunk, { stream: true });
    // A carriage return at the end may be followed by its line feed in the next chunk.
    const lines = rest.split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const event = take(line);
      if (event) yield event;
    }
  }
  for (const line of [rest.replace(/\r$/, ''), '']) {
    const event = take(line);
    if (event) yield event;
  }
}
