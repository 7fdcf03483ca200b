/** The script of the inspector's page, run with the little of a document that it uses. */
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { inspectorPage } from '../../src/observe/inspectorPage.ts';

class Element {
  textContent = '';
  className = '';
  hidden = false;
  readonly style = {};
  children: Element[] = [];
  append(...more: Element[]) {
    this.children.push(...more.flatMap((each) => (each.isFragment ? each.children : each)));
  }
  replaceChildren(...more: Element[]) {
    this.children = [];
    this.append(...more);
  }
  isFragment = false;
}

/** The page as a browser would have it: give it messages, read its rows. */
function page() {
  const elements = new Map<string, Element>();
  const sockets: { onmessage(event: { data: string }): void }[] = [];
  const frames: (() => void)[] = [];
  const script = /<script>(.*)<\/script>/s.exec(inspectorPage)?.[1] ?? '';
  runInNewContext(script, {
    document: {
      getElementById: (id: string) => elements.get(id) ?? elements.set(id, new Element()).get(id),
      createElement: () => new Element(),
      createDocumentFragment: () => Object.assign(new Element(), { isFragment: true }),
    },
    location: { host: 'localhost', search: '' },
    WebSocket: function (this: never) {
      sockets.push(this);
    },
    addEventListener: () => {},
    requestAnimationFrame: (draw: () => void) => frames.push(draw),
    setTimeout: () => {},
  });
  return {
    take: (...messages: object[]) => {
      for (const message of messages) sockets[0]?.onmessage({ data: JSON.stringify(message) });
    },
    states() {
      for (const draw of frames.splice(0)) draw();
      return elements
        .get('rows')
        ?.children.map(({ children }) => `${children[0]?.textContent} ${children[1]?.textContent}`);
    },
  };
}

const actor = (sessionId: string, parentId?: string) => ({
  type: '@xstate.actor',
  sessionId,
  parentId,
  createdAt: '0',
});
const snapshot = (sessionId: string, more: object = {}) => ({
  type: '@xstate.snapshot',
  sessionId,
  createdAt: '0',
  event: { type: 'x' },
  snapshot: { status: 'active', value: 'busy', context: {}, tags: [], ...more },
});
const run = [actor('agent/k'), snapshot('agent/k'), actor('wait/k.1', 'agent/k'), snapshot('wait/k.1')];

test.each([
  ['is at work', [], 'working'],
  ['asks', [snapshot('wait/k.1', { context: { ticket: { question: 'May it?' } } })], 'waiting, needs: you'],
  [
    'asks while something else of it is at work',
    [
      snapshot('wait/k.1', { context: { ticket: { question: 'May it?' } } }),
      { type: 'troupe.effect', actor: 'agent/k', key: 'a', name: 'callModel', status: 'started' },
    ],
    'working, needs: you',
  ],
  ['was paused', [snapshot('agent/k', { tags: ['paused'] })], 'waiting, needs: you'],
  ['waits for its disk', [{ type: 'troupe.stall', actor: 'wait/k.1', why: 'stalled: no space' }], 'stalled: no space'],
  [
    'goes on after it waited for its disk',
    [
      { type: 'troupe.stall', actor: 'wait/k.1', why: 'stalled: no space' },
      { type: 'troupe.stall', actor: 'wait/k.1' },
    ],
    'working',
  ],
])('the page says how a run stands that %s', (_, messages, stands) => {
  const { take, states } = page();
  take(...run, ...messages);
  expect(states()?.[0]).toBe(`agent/k busy (${stands})`);
});

test('a run that has ended shows its end alone', () => {
  const { take, states } = page();
  take(actor('agent/k'), snapshot('agent/k', { status: 'done' }));
  expect(states()).toEqual(['agent/k done']);
});

test('a page that stays open while many runs end keeps the latest thousand actors, and those at work', () => {
  const { take, states } = page();
  take(actor('agent/first'), snapshot('agent/first'));
  for (let run = 0; run < 1_100; run++) take(actor(`agent/r${run}`), snapshot(`agent/r${run}`, { status: 'done' }));
  expect(states()).toHaveLength(1_000);
  expect(states()?.[0]).toBe('agent/first busy (working)');
  expect(states()?.at(-1)).toBe('agent/r1099 done');
});

test('a text that would be shown in another order than it has is shown as it is', () => {
  const { take, states } = page();
  take(actor('agent/k'), snapshot('agent/k', { status: 'error', error: { message: 'pay \u202e001 \u2066x' } }));
  expect(states()).toEqual(['agent/k error: pay \\u202e001 \\u2066x']);
});
