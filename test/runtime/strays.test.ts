/** The listeners for stray errors themselves: when what they call throws, the process goes on. */
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import { inContext } from '../../src/engine/workContext.ts';
import { containStrays, reportOthers } from '../../src/runtime/strays.ts';

const events = ['uncaughtException', 'unhandledRejection'] as const;
const warnings: string[] = [];
const warned = ({ name, message }: Error) => void (name === 'TroupeWarning' && warnings.push(message));
/** The listeners of the test runner, which would fail the test for an error that is planted. */
const others = new Map<string, unknown[]>();
beforeEach(() => {
  for (const event of events) {
    others.set(event, process.listeners(event as 'exit'));
    process.removeAllListeners(event);
  }
  process.on('warning', warned);
});
afterEach(() => {
  process.off('warning', warned);
  for (const event of events) {
    process.removeAllListeners(event);
    for (const listener of others.get(event) ?? []) process.on(event, listener as () => void);
  }
});

const planted = () => {
  throw new Error('planted');
};
const turn = () => new Promise((next) => setImmediate(next));

test('a report that throws does not end the process, and the next stray error is reported', async () => {
  using _ = containStrays();
  const said: unknown[] = [];
  const reporting = reportOthers((thrown) => void (said.push(thrown), planted()));
  onTestFinished(() => reporting[Symbol.dispose]());
  // What Node does with an error that nothing caught; a listener that throws would end the process.
  process.emit('uncaughtException', new Error('one'));
  process.emit('unhandledRejection', new Error('two'), Promise.resolve());
  await turn();
  expect(said).toEqual([new Error('one'), new Error('two')]);
  expect(warnings.splice(0)).toEqual([
    expect.stringMatching(/^An error that nothing caught could not be handled: planted\./),
  ]);
});

test('a run that cannot be failed for the stray error of its tool does not end the process', () => {
  using _ = containStrays();
  let asked = 0;
  const fail = () => (asked++, planted());
  inContext({ run: 'r', actor: 'agent/r', effect: 'act', fail }, () => {
    process.emit('uncaughtException', new Error('one'));
    process.emit('unhandledRejection', new Error('two'), Promise.resolve());
  });
  expect(asked).toBe(2);
});
