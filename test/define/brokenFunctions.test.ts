/** A function of a definition that throws fails the run by name: which function, of which definition. */
import { expect, test } from 'vitest';
import { z } from 'zod';
import { agent, mapReduce, protocol, run, selector, team, until, type Runnable } from 'troupe';
import { scriptedModel } from 'troupe/testing';
import { replyingAgent } from './presets/participants.ts';

const broken = (): never => {
  throw new TypeError('It is no list.');
};
const Talk = protocol({ ask: { body: z.string(), replies: ['tell'] }, tell: { body: z.string() } });
const clerk = agent({ name: 'clerk', protocol: Talk, handles: ['ask'], model: scriptedModel(() => ({ text: '' })) });
const [a, b] = [replyingAgent('a'), replyingAgent('b')];

test.each<[string, Runnable]>([
  [
    'The route of team "desk" for "ask" threw: TypeError: It is no list.',
    team({
      name: 'desk',
      protocol: Talk,
      members: { clerk },
      accepts: 'ask',
      returns: 'tell',
      route: { ask: broken, tell: ({ body }, { finish }) => finish(body) },
    }),
  ],
  [
    'The choose of selector "meeting" threw: TypeError: It is no list.',
    selector({ name: 'meeting', members: [a, b], choose: broken, until: until.maxTurns(2) }),
  ],
  [
    'The split of map-reduce "lines" threw: TypeError: It is no list.',
    mapReduce({ name: 'lines', split: broken, map: a, reduce: (all) => all.length }),
  ],
  [
    'The reduce of map-reduce "lines" threw: TypeError: It is no list.',
    mapReduce({ name: 'lines', split: (text) => text.split(' '), map: a, reduce: broken }),
  ],
  [
    'The reduce of map-reduce "lines" threw: TypeError: It is no list.',
    mapReduce({ name: 'lines', split: (text) => text.split(' '), map: async (item) => item, reduce: broken }),
  ],
])('%s', async (message, subject) => {
  await expect(run(subject as never, 'Go.' as never, { db: 'memory' })).rejects.toMatchObject({
    kind: 'code',
    message,
  });
});

test('a speaker who is not in the meeting is named, and so are those who are', async () => {
  const meeting = selector({ name: 'meeting', members: [a, b], choose: () => 'eve', until: until.maxTurns(2) });
  await expect(run(meeting, 'Go.', { db: 'memory' })).rejects.toMatchObject({
    kind: 'unknown_recipient',
    message: 'The choose of selector "meeting" must give one of a, b; it gave "eve".',
  });
});
