/** The logger: lines of JSON in a pipe, lines of text on a terminal. */
import { expect, test } from 'vitest';
import { logger, type LoggerOptions } from '../../src/observe/logger.ts';
import { redactor } from '../../src/observe/redactor.ts';
import { commit, effect, noon, textStream } from './inspections.ts';

function logged(options: LoggerOptions, ...events: Parameters<ReturnType<typeof logger>['observe']>[0][]) {
  const out = textStream();
  const log = logger({ out, ...options });
  events.forEach((event) => log.observe(event));
  return out.lines();
}
const asJson = (line: string | undefined) => JSON.parse(line!) as Record<string, unknown>;

test('every step is a line of JSON with its run, its actor and what caused it', () => {
  const [line] = logged({ level: 'debug' }, commit());
  expect(asJson(line)).toMatchObject({
    level: 'debug',
    time: noon,
    run: 'r1',
    actor: 'agent/r1.writer',
    message: 'm1',
    event: 'draft',
    from: 'run/r1',
    state: 'active.work.thinking',
    seq: 1,
  });
});

test('the default level shows ends and failures, not every step', () => {
  const failure = { kind: 'transient', message: 'the server is busy', retryable: true } as const;
  const lines = logged(
    {},
    commit(),
    effect('effect.started'),
    effect('effect.failed', { failure }),
    {
      type: 'dead',
      at: noon,
      run: 'r1',
      actor: 'agent/x',
      message: { id: 'm2', type: 'draft', from: 'run/r1' },
      failure,
    },
    commit({ status: 'done', state: 'completed' }),
  );
  expect(lines.map((line) => asJson(line)['level'])).toEqual(['warn', 'error', 'info']);
});

test('bodies and contexts are written at trace only', () => {
  expect(logged({ level: 'debug' }, commit({ context: { private: 1 } }))[0]).not.toContain('private');
  expect(logged({ level: 'trace' }, commit({ context: { private: 1 } }))[0]).toContain('private');
});

test('a line on a terminal is plain text, with control characters escaped', () => {
  const failure = { kind: 'tool', message: 'broke\u001b[2J\nand hid', retryable: false } as const;
  const [line] = logged({ terminal: true }, effect('effect.failed', { failure }));
  expect(line).toBe('12:00:00.000  WARN   agent/r1.writer  callModel failed  tool: broke\\u001b[2J\\nand hid');
});

test('colour is used only when asked for', () => {
  expect(logged({ terminal: true, color: true }, commit({ status: 'done' }))[0]).toContain('\u001b[36mINFO');
});

test('no line contains a secret', () => {
  const hidden = 'sk-"quoted"-secret';
  const failure = {
    kind: 'auth',
    message: `bad key ${hidden}`,
    retryable: false,
    data: { sent: `Bearer ${hidden}` },
  } as const;
  for (const terminal of [true, false]) {
    const text = logged(
      { level: 'trace', terminal, redact: redactor([hidden]) },
      effect('effect.failed', { failure }),
      commit({ context: { hidden } }),
    ).join('\n');
    expect(text).toContain('[redacted]');
    expect(text).not.toMatch(/quoted/);
  }
});
