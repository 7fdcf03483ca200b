/** The contract of a model as tests. Every implementation runs this suite. */
import { describe, expect, test } from 'vitest';
import type { Model, ModelPart, ModelRequest } from '../../contracts/model.ts';

/** The model under test. */
export interface ModelCase {
  /** Makes a model that answers its first request with this text. */
  says(text: string): Promise<Model>;
  /** Makes a model that answers its first request with these calls; leave it out when that is not possible. */
  calls?: (
    calls: readonly {
      /** The name of the tool that is called. */
      name: string;
      /** The arguments of the call. */
      input: object;
    }[],
  ) => Promise<Model>;
  /** Makes a model that does not answer until it is stopped; leave it out when that is not possible. */
  hangs?: () => Promise<Model>;
}

/** Vitest types its asymmetric matchers as any value. */
const matching = (pattern: RegExp): unknown => expect.stringMatching(pattern);

const request: ModelRequest = {
  instructions: 'Be brief.',
  messages: [{ role: 'user', text: 'hello' }],
  tools: [{ name: 'look', description: 'Looks.', input: { type: 'object', properties: { at: { type: 'string' } } } }],
};

/**
 * Describes the tests that every model must pass, ours and yours. Call it in a test file.
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
      const end = parts.at(-1);
      expect(end).toMatchObject({ type: 'finish', reason: 'stop' });
      expect(parts.filter(({ type }) => type === 'finish')).toHaveLength(1);
      if (end?.type === 'finish') {
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
        await expect(going).rejects.toMatchObject({ name: matching(/TroupeError|AbortError/) });
      });
  });
}
