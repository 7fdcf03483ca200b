import { expect, test } from 'vitest';
import { initialTransition, transition, type EventObject } from 'xstate';
import { toolServerMachine } from '../../machines/toolServer.ts';
import { toolServer } from './cases/toolServer.ts';

const gone = { kind: 'environment', message: 'gone', retryable: true } as const;
const notRetryable = { kind: 'environment', message: 'no such program', retryable: false } as const;
const refused = { type: 'xstate.error.actor.connect', error: gone };
const connected = { type: 'xstate.done.actor.connect', output: { tools: ['a'] } };
const listed = { type: 'xstate.done.actor.list', output: { tools: ['b'] } };
const lost = { type: 'toolServer.lost', failure: gone };
const changed = { type: 'toolServer.changed' };
const backoff = { type: 'xstate.after.backoff.toolServer.backingOff' };
const proof = { type: 'xstate.after.proof.toolServer.connected' };
const settle = { type: 'xstate.after.settle.toolServer.connected.stale' };
const silence = { type: 'xstate.after.patience.toolServer.connecting' };
const retry = { type: 'toolServer.retry' };

type Event = EventObject & Record<string, unknown>;

/** Sends events to the pure machine: three attempts, no jitter. */
function play(...events: Event[]) {
  let step = initialTransition(toolServerMachine, { ...toolServer.input, jitter: [1] });
  const states = [step[0].value];
  const delays: number[] = [];
  const settles: number[] = [];
  for (const event of events) {
    step = transition(toolServerMachine, step[0], event as never);
    states.push(step[0].value);
    for (const action of step[1]) {
      const { delay, event: raised } = (action.params ?? {}) as { delay?: number; event?: EventObject };
      if (step[0].value === 'backingOff' && delay !== undefined && raised?.type.startsWith('xstate.after.backoff'))
        delays.push(delay);
      if (delay !== undefined && raised?.type.startsWith('xstate.after.settle')) settles.push(delay);
    }
  }
  return { states, delays, settles, snapshot: step[0], last: states.at(-1) };
}

test('a server is given up after three failures in a row, with longer pauses', () => {
  const { states, delays } = play(refused, backoff, refused, backoff, refused);
  expect(states).toEqual(['connecting', 'backingOff', 'connecting', 'backingOff', 'connecting', 'failed']);
  expect(delays).toEqual([250, 500]);
});

test('a server that came back and stayed gets its three attempts again', () => {
  const flap = [refused, backoff, connected, proof, lost, backoff];
  const again = [connected, proof, lost, backoff];
  expect(play(...flap, ...again, ...again, ...again, connected).last).toEqual({ connected: 'ready' });
});

test('a server that dies soon after each start is given up', () => {
  expect(play(connected, lost, backoff, connected, lost, backoff, connected, lost).last).toBe('failed');
});

test('a failure that is not retryable is not retried', () => {
  expect(play({ type: 'xstate.error.actor.connect', error: notRetryable }).last).toBe('failed');
});

test('a server that does not answer has failed', () => {
  const { last, snapshot } = play(silence);
  expect(last).toBe('backingOff');
  expect(snapshot.context.failure).toMatchObject({
    kind: 'timeout',
    message: expect.stringContaining('"files" did not answer within 30 s'),
  });
});

test('a server that was given up is tried once when a tool of it is needed', () => {
  const givenUp = [refused, backoff, refused, backoff, refused];
  expect(play(...givenUp, retry, refused).last).toBe('failed');
  expect(play(...givenUp, retry, connected).last).toEqual({ connected: 'ready' });
});

test('several notices before a listing are one change; a notice during a listing causes another listing', () => {
  const { states, snapshot } = play(connected, changed, changed, settle, changed, listed, settle, listed);
  expect(states.slice(2)).toEqual(
    ['stale', 'stale', 'listing', 'listing', 'stale', 'listing', 'ready'].map((state) => ({ connected: state })),
  );
  expect(snapshot.context.tools).toEqual(['b']);
});

test('a server that gives notice of a change whenever it is asked is asked less and less often, until it is quiet', () => {
  const quiet = { type: 'xstate.after.quiet.toolServer.connected.ready' };
  const pauses = (...before: Event[]) => {
    const round = [changed, settle, listed];
    const { settles } = play(connected, ...Array.from({ length: 10 }, () => round).flat(), ...before, ...round);
    return settles;
  };
  expect(pauses()).toEqual([50, 100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000, 10_000]);
  expect(pauses(quiet).at(-1)).toBe(50);
});

test('a notice that comes while it connects is not lost', () => {
  expect(play(changed, connected).last).toEqual({ connected: 'stale' });
});

test('the backoff is jittered between zero and its bound, which never exceeds half a minute', () => {
  const delay = (failures: number, jitter: number) => {
    const [start] = initialTransition(toolServerMachine, { ...toolServer.input, tries: 100, jitter: [jitter] });
    const before = { ...start, context: { ...start.context, failures } } as typeof start;
    const [, actions] = transition(toolServerMachine, before, refused as never);
    return actions
      .map((action) => (action.params as { delay?: number } | undefined)?.delay)
      .find((ms) => ms !== undefined);
  };
  expect([delay(0, 0), delay(0, 0.999), delay(50, 0), delay(50, 0.9999)]).toEqual([1, 250, 1, 29_997]);
});

test('the machine can be stopped in every state', () => {
  const stop = { type: 'toolServer.stop' };
  for (const way of [
    [],
    [refused],
    [connected],
    [connected, changed],
    [connected, changed, settle],
    [refused, backoff, refused, backoff, refused],
  ]) {
    expect(play(...way, stop).snapshot).toMatchObject({ value: 'stopped', status: 'done' });
  }
});
