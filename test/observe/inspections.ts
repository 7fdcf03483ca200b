/** Inspection events with default values, for tests of observers. */
import type { Inspection } from '../../src/contracts/inspection.ts';

type Commit = Extract<Inspection, { type: 'commit' }>;
type Effect = Extract<Inspection, { again: boolean }>;

export const noon = Date.UTC(2026, 10, 21, 12);

export const commit = (over: Partial<Commit> = {}): Commit => ({
  type: 'commit',
  at: noon,
  run: 'r1',
  actor: 'agent/r1.writer',
  parent: 'run/r1',
  machine: 'agent',
  seq: 1,
  event: { id: 'm1', type: 'draft', from: 'run/r1', body: { text: 'a' } },
  state: { active: { work: 'thinking' } },
  tags: [],
  context: {},
  status: 'active',
  ...over,
});

export const effect = (type: Effect['type'], over: Partial<Effect> = {}): Inspection => ({
  type,
  at: noon,
  run: 'r1',
  actor: 'agent/r1.writer',
  key: 'agent/r1.writer/1/0',
  name: 'callModel',
  again: false,
  ...over,
});

/** An output stream that keeps its text. */
export function textStream() {
  const written: string[] = [];
  return {
    write: (text: string) => written.push(text),
    text: () => written.join(''),
    lines: () => written.join('').split('\n').filter(Boolean),
  };
}
