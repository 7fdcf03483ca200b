/** What every model promises, whoever makes it. Each implementation runs this suite as it is. */
import { describe, expect, test } from 'vitest';
import type { Model, ModelPart, ModelRequest } from '../../contracts/model.ts';

export interface ModelCase {
  /** A model that will answer the first request with this text. */
  says(text: string): Promise<Model>;
  /** A model that will answer the first request with these calls; undefined for one that cannot be made to. */
  calls?: (calls: readonly { name: string; input: object }[]) => Promise<Model>;
  /** A model that says nothing until it is stopped. */
  hangs?: () => Promise<Model>;
}

const request: ModelRequest = {
  instructions: 'Be brief.',
  messages: [{ role: 'user', text: 'hello' }],
  tools: [{ name: 'look', description: 'Looks.', input: { type: 'object', properties: { at: { type: 'string' } } } }],
};

/**
 * Describes the tests that any model must pass, ours and yours.
 * @example modelSuite('my model', { says: async (text) => myModel(fakeServer.answering(text)) });
 */
export function modelSuite(name: string, { says, calls, hangs }: ModelCase) {
  const partsOf = async (model: Model, signal = new AbortController().signal) => {
    const parts: ModelPart[] = [];
    for await (const part of model.stream(request, { key: 'k', signal, deadline: undefined })) parts.push(part);
    return parts;
  };

  describe(`${name} keeps the model contract`, () => {
    test('it is named provider:model', async () => {
      expect((await says('x')).id).toMatch(/^[a-z][a-z-]*:.+/);
    });

    test('a text comes in parts that add up, and ends with what it used', async () => {
      const parts = await partsOf(await says('Good day to you, and to all of yours.'));
      expect(parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('')).toBe(
        'Good day to you, and to all of yours.',
      );
      const end = parts.at(-1)!;
      expect(end).toMatchObject({ type: 'finish', reason: 'stop' });
      expect(parts.filter(({ type }) => type === 'finish')).toHaveLength(1);
      if (end.type === 'finish') {
        expect(end.usage.inputTokens).toBeGreaterThanOrEqual(0);
        expect(end.usage.usd === null || end.usage.usd >= 0).toBe(true);
      }
    });

    if (calls)
      test('calls come whole, each with an id of its own and its arguments read', async () => {
        const wanted = [
          { name: 'look', input: { at: 'a' } },
          { name: 'look', input: { at: 'b' } },
        ];
        const made = (await partsOf(await calls(wanted))).flatMap((part) => (part.type === 'call' ? [part.call] : []));
        expect(made.map(({ name: tool, input }) => ({ name: tool, input }))).toEqual(wanted);
        expect(new Set(made.map(({ id }) => id)).size).toBe(2);
      });

    if (hangs)
      test('it stops when it is told to', async () => {
        const stop = new AbortController();
        const going = partsOf(await hangs(), stop.signal);
        going.catch(() => {});
        stop.abort();
        await expect(going).rejects.toMatchObject({ name: expect.stringMatching(/TroupeError|AbortError/) as string });
      });
  });
}
