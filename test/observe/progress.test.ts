/** The progress of a run: lines in a pipe, a redrawn block on a terminal. */
import { expect, test } from 'vitest';
import { progress, type ProgressOptions } from '../../src/observe/progress.ts';
import { virtualClock } from '../../src/testing/clock.ts';
import { commit, effect, noon, textStream } from './inspections.ts';

const used = { steps: 2, inputTokens: 1_200, outputTokens: 300, usd: 0.0123 };

function show(options: Partial<ProgressOptions> = {}) {
  const out = textStream();
  const clock = virtualClock({ start: noon });
  return { out, clock, view: progress(out, { clock, name: 'desk', verbose: true, ...options }) };
}

/** The screen of a terminal with that number of lines after all output. */
function screen(text: string): string[] {
  const lines: string[] = [''];
  for (const part of text.replaceAll('\u001b', '␛').split(/(␛\[\d+A␛\[0J|\n)/)) {
    const up = /^␛\[(\d+)A/.exec(part);
    if (up) lines.splice(lines.length - 1 - Number(up[1]), Infinity, '');
    else if (part === '\n') lines.push('');
    else lines[lines.length - 1] += part;
  }
  return lines.filter(Boolean);
}

test('in a pipe, each change is a line with the actor, its state and its cost', () => {
  const { out, view } = show();
  view.observe(commit());
  view.observe(commit({ seq: 2 }));
  view.observe(commit({ seq: 3, at: noon + 2_500, state: 'completed', status: 'done', context: { used } }));
  expect(out.lines()).toEqual([
    '0.0s  agent/r1.writer  work.thinking',
    '2.5s  agent/r1.writer  completed  2 turns, 1.5k tokens, $0.01',
  ]);
});

test('an unknown price is shown as unknown, not as zero', () => {
  const { out, view } = show();
  view.observe(commit({ context: { used: { ...used, usd: null } } }));
  expect(out.text()).toContain('price unknown');
  expect(out.text()).not.toContain('$');
});

test('a failing effect is printed into a pipe at once', () => {
  const { out, view } = show();
  view.observe(
    effect('effect.failed', { failure: { kind: 'transient', message: 'the server\nis busy', retryable: true } }),
  );
  expect(out.lines()).toEqual(['0.0s  agent/r1.writer  effect.failed: the server\\nis busy']);
});

test('a warning is printed once, and stays on a terminal above the block', () => {
  const note = { type: 'warning', message: 'Tool "x\u0007" is left out.' };
  const warning = { type: 'progress' as const, at: noon, run: 'r1', actor: 'agent/r1.writer', key: 'k', note };
  const piped = show();
  piped.view.observe(commit());
  piped.view.observe(warning);
  expect(piped.out.lines()[1]).toBe('0.0s  agent/r1.writer  warning: Tool "x\\u0007" is left out.');
  const { out, view, clock } = show({ terminal: true });
  view.observe(commit());
  clock.advance(100);
  view.observe(warning);
  clock.advance(2_000);
  expect(screen(out.text()).map((line) => line.slice(0, 30))).toEqual([
    '0.0s  agent/r1.writer  warning',
    '○ agent/r1.writer  work.thinki',
    '  2.1s',
  ]);
});

test('on a terminal, a block shows all actors and is redrawn in place', () => {
  const { out, clock, view } = show({ terminal: true });
  view.observe(commit({ actor: 'run/r1', parent: undefined, state: 'running', context: { used } }));
  view.observe(commit({ context: { used } }));
  view.observe(effect('effect.started'));
  clock.advance(100);
  expect(screen(out.text())).toEqual([
    '○ run/r1  running  2 turns, 1.5k tokens, $0.01 0.1s',
    '● agent/r1.writer  work.thinking  (callModel)  2 turns, 1.5k tokens, $0.01 0.1s',
    '  0.1s · 2 turns · 1.5k tokens · $0.01',
  ]);
  clock.advance(3_000);
  expect(screen(out.text())[2]).toMatch(/^ {2}3\.\ds/);
  view.observe(commit({ seq: 2, state: 'completed', status: 'done' }));
  view[Symbol.dispose]();
  expect(screen(out.text())[1]).toMatch(/^✓ agent\/r1.writer {2}completed/);
});

test('an actor that failed is not shown as a success', () => {
  const { out, clock, view } = show({ terminal: true });
  view.observe(commit({ state: 'failed', status: 'done' }));
  clock.advance(100);
  expect(screen(out.text())[0]).toBe('✗ agent/r1.writer  failed');
});

test('an actor that waits for a person is listed first, with its question', () => {
  const { out, clock, view } = show({ terminal: true });
  view.observe(commit());
  view.observe(commit({ actor: 'wait/r1.t', state: 'open', context: { ticket: { question: 'Send the mail?' } } }));
  clock.advance(100);
  expect(screen(out.text())[0]).toContain('waits for a person: Send the mail?');
});

test('the block stays small with many actors, and no line is wider than the terminal', () => {
  const { out, clock, view } = show({ terminal: true, rows: 3, columns: 30 });
  for (let n = 0; n < 50; n++) view.observe(commit({ actor: `agent/r1.a-rather-long-name-${n}` }));
  clock.advance(100);
  const lines = screen(out.text());
  expect(lines).toHaveLength(5);
  expect(lines[3]).toBe('  and 47 more');
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(30);
});

test('the block is hidden for a question and shown again', () => {
  const { out, clock, view } = show({ terminal: true });
  view.observe(commit());
  clock.advance(100);
  const pause = view.pause();
  expect(screen(out.text())).toEqual([]);
  view.observe(commit({ seq: 2 }));
  clock.advance(5_000);
  expect(screen(out.text())).toEqual([]);
  pause[Symbol.dispose]();
  clock.advance(1_000);
  expect(screen(out.text())).toHaveLength(2);
});

test('control characters in names are escaped', () => {
  const { out, view } = show();
  view.observe(commit({ state: 'evil\u001b[2J' }));
  expect(out.text()).not.toContain('\u001b');
});
