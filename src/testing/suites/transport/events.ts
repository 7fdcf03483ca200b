/** Events reach whoever subscribes to their topic, each once. */
import { expect, test } from 'vitest';
import { change, newMessage, opened, refusedAs, type TransportCase } from './fixtures.ts';

export function eventTests(subject: TransportCase) {
  test.each([
    ['agent.a.thought', 'agent.a.thought', true],
    ['agent.a.thought', 'agent.b.thought', false],
    ['agent.*.thought', 'agent.a.thought', true],
    ['agent.*.thought', 'agent.a.b.thought', false],
    ['*.*.*', 'agent.a.thought', true],
    ['*', 'agent.a', false],
    ['agent.>', 'agent.a.thought', true],
    ['agent.>', 'agent', false],
    ['>', 'agent', true],
    ['agent.a', 'agent.a.thought', false],
    ['agent.a.+', 'agent.a.b', false],
    ['a.__proto__.>', 'a.__proto__.b', true],
  ])('a subscription to %s and the topic %s: %s', async (pattern, topic, hears) => {
    await using transport = await opened(subject);
    const heard: string[] = [];
    using _ = transport.subscribe(pattern, (_envelope, on) => heard.push(on));
    await transport.publish(topic, newMessage({ kind: 'event' }));
    await subject.settle();
    expect(heard).toEqual(hears ? [topic] : []);
  });

  test('every subscriber gets an event once, even when another one throws or changes it', async () => {
    await using transport = await opened(subject);
    const heard: unknown[] = [];
    transport.subscribe('news.>', () => {
      throw new Error('this hearer is broken');
    });
    transport.subscribe('news.*', ({ body }) => {
      heard.push(structuredClone(body));
      change(body, ['n'], 99);
    });
    transport.subscribe('news.today', ({ body }) => heard.push(structuredClone(body)));
    await transport.publish('news.today', newMessage({ body: { n: 1 } }));
    await subject.settle();
    expect(heard).toEqual([{ n: 1 }, { n: 1 }]);
  });

  test('a topic without subscribers is no error, and a disposed subscription gets nothing', async () => {
    await using transport = await opened(subject);
    const heard: string[] = [];
    const subscription = transport.subscribe('>', (_, topic) => heard.push(topic));
    await transport.publish('a.b', newMessage());
    await subject.settle();
    subscription[Symbol.dispose]();
    subscription[Symbol.dispose]();
    await transport.publish('a.b', newMessage());
    await subject.settle();
    expect(heard).toEqual(['a.b']);
  });

  test.each(['', '.', 'a..b', 'a b', 'a.>.b', 'a*.b'])('the pattern %j is refused', async (pattern) => {
    await using transport = await opened(subject);
    expect(() => transport.subscribe(pattern, () => {})).toThrow(refusedAs('invalid'));
  });

  test.each(['', 'a.*', 'a.>', 'a..b'])('nothing is published to the topic %j', async (topic) => {
    await using transport = await opened(subject);
    await expect(transport.publish(topic, newMessage())).rejects.toEqual(refusedAs('invalid'));
  });
}
