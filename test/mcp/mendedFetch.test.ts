/** Streams of events as they arrive: in pieces of any size, and never at a cost that grows with their square. */
import { isSpecType } from '@modelcontextprotocol/client';
import { expect, test } from 'vitest';
import { mendAnswers } from '../../src/mcp/mendAnswers.ts';
import { mendedFetch } from '../../src/mcp/mendedFetch.ts';
import type { Json } from '../../src/values/json.ts';

const mend = mendAnswers(isSpecType.ContentBlock);
const answer = (...content: Json[]) => ({ jsonrpc: '2.0', id: 1, result: { content } });

/** What the client library is given of a stream that arrives in pieces of so many bytes. */
async function mended(text: string, size: number): Promise<string> {
  const bytes = new TextEncoder().encode(text);
  let at = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.subarray(at, (at += size)));
    },
  });
  const send = () => Promise.resolve(new Response(body, { headers: { 'content-type': 'text/event-stream' } }));
  return (await mendedFetch(send, mend)('http://bank.test', { body: '{"id":1}' })).text();
}

test.each(['\n', '\r\n', '\r'])('events whose lines end with %j, in pieces of any size', async (end) => {
  const data = JSON.stringify({ id: 1, result: { content: [{ type: 'text', text: 'größe 💶', _meta: null }] } });
  const text = ['id: 7', `data: ${data}`, '', ': hello', '', 'data: [DONE]', '', ''].join(end);
  for (const size of [1, 2, 3, 7, 1_000]) {
    const [first = '', ...others] = (await mended(text, size)).split('\n\n');
    expect(JSON.parse(first.replace('id: 7\ndata: ', ''))).toEqual(answer({ type: 'text', text: 'größe 💶' }));
    expect(others).toEqual([': hello', 'data: [DONE]', '']);
  }
});

test('a message at the end of a stream is whole without the empty line behind it, and half a message is none', async () => {
  const data = JSON.stringify(answer({ type: 'text', text: 'paid' }));
  for (const size of [1, 7, 1_000])
    for (const end of ['', '\n', '\r\n'])
      expect(await mended(`id: 7\ndata: ${data}${end}`, size)).toBe(`id: 7\ndata: ${data}\n\n`);
  expect(await mended(`data: ${data.slice(0, -1)}`, 7)).not.toContain('\n\n');
});

test('an event of megabytes in many small pieces costs little', async () => {
  const said = { type: 'text', text: 'x'.repeat(4_000_000) };
  const text = await mended(`data: ${JSON.stringify(answer(said))}\n\n`, 256);
  expect(JSON.parse(text.slice('data: '.length))).toEqual(answer(said));
});

test('an image that only begins as an address costs little', () => {
  const image = { type: 'image', data: `data:${'A'.repeat(400_000)}`, mimeType: 'image/png' };
  expect(mend(answer(image, { type: 'text', text: 'paid' }))).toMatchObject([
    { result: { content: [{ text: '("image" that cannot be read)' }, { text: 'paid' }] } },
  ]);
  const padded = { ...image, data: `data:image/png;base64,${'='.repeat(400_000)}A` };
  expect(mend(answer(padded, { type: 'text', text: 'paid' }))).toMatchObject([
    { result: { content: [{ text: '("image" that cannot be read)' }, { text: 'paid' }] } },
  ]);
});

test('the bytes of a resource that cannot be read are not shown as text', () => {
  const resource = { type: 'resource', resource: { uri: 'file:///a', blob: `***${'A'.repeat(1_000)}` } };
  expect(mend(answer(resource, { type: 'text', text: 'paid' }))).toMatchObject([
    { result: { content: [{ text: '("resource" that cannot be read)' }, { text: 'paid' }] } },
  ]);
});

test('only an answer is made a greeting: any other document is passed on as it is', async () => {
  const body = JSON.stringify({ id: 1, method: 'initialize', params: { protocolVersion: '2025-06-18' } });
  const greeted = async (document: Json): Promise<unknown> => {
    const send = () => Promise.resolve(Response.json(document));
    return (await mendedFetch(send, mend)('http://bank.test', { method: 'POST', body })).json();
  };
  for (const document of [
    { name: 'a shop' },
    { id: 1, name: 'a shop' },
    { id: 1, result: 'ok' },
    { id: 1, result: [] },
  ])
    expect(JSON.stringify(await greeted(document))).not.toContain('protocolVersion');
  for (const result of [{}, null])
    expect(await greeted({ id: 1, result })).toMatchObject({ result: { protocolVersion: '2025-06-18' } });
});
