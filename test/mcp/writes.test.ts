/** How an agent handles a failed write of an MCP server: the write must never be performed twice. */
import { expect, test } from 'vitest';
import { runTool } from '../../actors/runTool.ts';
import type { Json } from '../../src/values/json.ts';
import type { ToolSource } from '../../src/contracts/tool.ts';
import { virtualClock } from '../../src/testing/clock.ts';
import { gateway, scope, tools } from '../actors/fixtures.ts';
import { rejectionOf } from '../../src/testing/suites/scope.ts';
import { openPeer } from './open.ts';

const write = (source: ToolSource, name: string, input: Json, idempotent = false) => {
  const surroundings = scope();
  const deps = {
    gateway: gateway(),
    tools: tools([], { call: (tool, input, inner) => source.call(tool, input, inner) }),
  };
  const request = { id: 'c', name, input, hash: 'h', effect: 'write', idempotent, belt: false } as const;
  const ended = rejectionOf(runTool(deps).effect.perform(request, surroundings));
  return { ended, clock: surroundings.clock as ReturnType<typeof virtualClock> };
};

test('a write that never reached its server has not happened, and no person is asked', async () => {
  await using source = openPeer('odd', { timeout: '5s' }, virtualClock());
  expect(await write(source, 'die', {}).ended).toMatchObject({ kind: 'uncertain' });
  const { ended, clock } = write(source, 'fire', {});
  clock.advance(5_000);
  expect(await ended).toMatchObject({ kind: 'timeout', data: { sent: false } });
});

test('a write whose input was refused has not happened', async () => {
  await using source = openPeer('odd');
  expect(await write(source, 'big', { bytes: 'many' }).ended).toMatchObject({ kind: 'invalid', data: { sent: false } });
});

test.each([
  ['is too large', 'big', { bytes: 2_000_000 }, '1.9 MB'],
  ['breaks its schema', 'breakPromise', {}, 'broke its own output schema'],
])(
  'a write whose result %s was performed: the model is told so, and not to call again',
  async (_, name, input, why) => {
    await using source = openPeer('odd');
    for (const idempotent of [false, true]) {
      const failure = await write(source, name, input, idempotent).ended;
      expect(failure).toMatchObject({ kind: 'tool', retryable: false, data: { sent: true, done: true } });
      expect(failure.message).toContain('was carried out');
      expect(failure.message).toContain('Do not call it again');
      expect(failure.message).not.toContain('Ask for less');
      expect(failure.cause).toContain(why);
    }
  },
);

test('a write whose endless answer was cut off is uncertain, with a key or without', async () => {
  for (const idempotent of [false, true]) {
    await using source = openPeer('odd');
    const failure = await write(source, 'big', { bytes: 9 * 1024 * 1024 }, idempotent).ended;
    expect(failure).toMatchObject({ kind: 'uncertain', message: expect.stringContaining('larger than 8 MB') });
  }
});

test('a write that its server reports as failed has failed', async () => {
  await using source = openPeer('odd');
  expect(await write(source, 'fail', { why: 'no such account' }).ended).toMatchObject({
    kind: 'tool',
    message: expect.stringContaining('no such account'),
  });
});
