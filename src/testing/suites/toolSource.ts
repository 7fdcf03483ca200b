/** The contract of a source of tools as tests. Every implementation runs this suite. */
import { describe, expect, test } from 'vitest';
import type { ToolSource } from '../../contracts/tool.ts';
import { rejectionOf, testScope } from './scope.ts';

/**
 * Describes the tests that every source of tools must pass, ours and yours. Call it in a test file, with a source of these tools, each with a
 * timeout of one minute:
 *
 *   add({ a, b })   reads: the sum, as { sum }             wait({})   reads: says `started` as progress, ends only when stopped
 *   fail({ why })   reads: fails with `why`                stopped({}) reads: how many calls of wait were stopped, as { stopped }
 *   big({ bytes })  reads: a text of that many bytes       key({})    write, idempotent: the key of the call, as { key }
 *                                                          fire({})   write, not idempotent
 *
 * @example toolSourceSuite('my tools', async () => mySource());
 */
export function toolSourceSuite(name: string, open: () => Promise<ToolSource>) {
  describe(`${name} keeps the contract of a source of tools`, () => {
    test('lists its tools with what the runtime must know of them', async () => {
      await using source = await open();
      const tools = await source.list(testScope().signal);
      const names = tools.map((tool) => tool.name);
      expect(names.toSorted()).toEqual(['add', 'big', 'fail', 'fire', 'key', 'stopped', 'wait']);
      expect(tools.every((tool) => tool.source === source.name && tool.input['type'] === 'object')).toBe(true);
      expect(
        tools
          .filter((tool) => tool.effect === 'write')
          .map((tool) => tool.name)
          .toSorted(),
      ).toEqual(['fire', 'key']);
    });

    test('answers a call', async () => {
      await using source = await open();
      expect(await source.call('add', { a: 2, b: 3 }, testScope())).toEqual({ sum: 5 });
    });

    test('gives each of many calls at once its own answer', async () => {
      await using source = await open();
      const numbers = Array.from({ length: 30 }, (_, i) => i);
      const answers = await Promise.all(numbers.map((i) => source.call('add', { a: i, b: 1 }, testScope())));
      expect(answers).toEqual(numbers.map((i) => ({ sum: i + 1 })));
    });

    test('refuses input that does not fit, and says where', async () => {
      await using source = await open();
      const failure = await rejectionOf(source.call('add', { a: 'two', b: 3 }, testScope()));
      expect(failure).toMatchObject({ kind: 'invalid', retryable: false });
      expect(failure.message).toMatch(/"a"/);
      expect(failure.message).toMatch(/number/);
    });

    test('knows no tool but its own, and says which one was probably meant', async () => {
      await using source = await open();
      await source.list(testScope().signal);
      for (const unknown of ['ad', '__proto__', 'toString']) {
        const failure = await rejectionOf(source.call(unknown, {}, testScope()));
        expect(failure.kind).toBe('tool');
        expect(failure.message).toContain('add');
      }
    });

    test('passes on the words of a tool that fails, and stays usable', async () => {
      await using source = await open();
      const failure = await rejectionOf(source.call('fail', { why: 'the disk is full' }, testScope()));
      expect(failure).toMatchObject({
        kind: 'tool',
        retryable: false,
        message: expect.stringContaining('the disk is full'),
      });
      expect(await source.call('add', { a: 1, b: 1 }, testScope())).toEqual({ sum: 2 });
    });

    test('ends a call that takes too long', async () => {
      await using source = await open();
      const scope = testScope();
      const started = scope.heard();
      const failure = rejectionOf(source.call('wait', {}, scope));
      await started;
      scope.clock.advance(60_000);
      expect(await failure).toMatchObject({
        kind: 'timeout',
        retryable: true,
        message: expect.stringContaining('60 s'),
      });
    });

    test('stops a call when its caller does not want it any more, and the tool hears of it', async () => {
      await using source = await open();
      const scope = testScope();
      const started = scope.heard();
      const failure = rejectionOf(source.call('wait', {}, scope));
      await started;
      scope.abort();
      expect(await failure).toMatchObject({ kind: 'cancelled' });
      const stopped = () => source.call('stopped', {}, testScope());
      while (JSON.stringify(await stopped()) !== '{"stopped":1}');
    });

    test('does not begin a call that was stopped before', async () => {
      await using source = await open();
      const scope = testScope();
      scope.abort();
      expect(await rejectionOf(source.call('wait', {}, scope))).toMatchObject({ kind: 'cancelled' });
      expect(await source.call('stopped', {}, testScope())).toEqual({ stopped: 0 });
    });

    test('takes a result of up to 1 MB, and says of a larger one how large it is', async () => {
      await using source = await open();
      expect(await source.call('big', { bytes: 900_000 }, testScope())).toHaveLength(900_000);
      const failure = await rejectionOf(source.call('big', { bytes: 3 * 1024 * 1024 }, testScope()));
      expect(failure).toMatchObject({ kind: 'tool', message: expect.stringContaining('3.0 MB') });
    });

    test('gives the tool the key of the call', async () => {
      await using source = await open();
      expect(await source.call('key', {}, testScope({ key: 'agent/r1.a/7/0' }))).toEqual({ key: 'agent/r1.a/7/0' });
    });

    test('knows which calls may be performed again', async () => {
      await using source = await open();
      await source.list(testScope().signal);
      const again = ['add', 'key', 'fire', 'unknown'].map((tool) => source.idempotent(tool));
      expect(again).toEqual([true, true, false, false]);
    });
  });
}
