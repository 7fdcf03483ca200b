/** Every preset as users call it, and definitions that are refused. */
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import {
  agent,
  asTool,
  debate,
  handoff,
  mapReduce,
  openRuntime,
  pipeline,
  protocol,
  roundRobin,
  run,
  selector,
  supervisorTeam,
  until,
} from 'troupe';
import { scriptedModel, scriptedTool, testRuntime } from 'troupe/testing';
import type { Observer } from '../../../src/contracts/inspection.ts';
import { answeringAgent, callingModel, selectingModel, db, handoffAgent, replyingAgent } from './participants.ts';

const [a, b, c] = [replyingAgent('a'), replyingAgent('b'), replyingAgent('c')];
const speaks = (name: string) => replyingAgent(name, (prompt) => `${name}${prompt.split('\n').length}`);

describe('a pipeline', () => {
  test('gives every stage the output of the previous one', async () => {
    const text: string = await run(pipeline({ name: 'post', stages: [a, b, c] }), 'go', db);
    expect(text).toBe('go>a>b>c');
  });

  const Count = protocol({
    words: { body: z.object({ text: z.string() }), replies: ['total'] },
    total: { body: z.object({ words: z.number() }) },
  });
  const counter = agent({
    name: 'counter',
    protocol: Count,
    handles: ['words'],
    model: scriptedModel(() => ({ calls: [{ name: 'answer_total', input: { words: 2 } }] })),
  });

  test('accepts agents with protocols of their own, and reports at compile time which do not fit', async () => {
    const total: { words: number } = await run(pipeline({ name: 'count', stages: [counter] }), { text: 'a b' }, db);
    expect(total).toEqual({ words: 2 });
    // @ts-expect-error -- a text is not what the counter takes
    const misfit = pipeline({ name: 'count', stages: [a, counter] });
    await expect(run(misfit, 'go', db)).rejects.toMatchObject({ kind: 'invalid' });
  });

  test('stops at the first stage that fails, and keeps the output so far', async () => {
    const broken = agent({ name: 'broken', model: scriptedModel(() => ({ error: { status: 401 } })) });
    await using runtime = await openRuntime(db);
    const handle = await runtime.start(pipeline({ name: 'post', stages: [a, broken, c] }), 'go');
    expect(await handle.outcome()).toMatchObject({
      status: 'failed',
      failure: { kind: 'auth' },
      partial: { body: 'go>a', from: 'a' },
    });
  });

  test('can be a stage of another pipeline', async () => {
    const inner = pipeline({ name: 'inner', stages: [a, b] });
    expect(await run(pipeline({ name: 'outer', stages: [inner, c] }), 'go', db)).toBe('go>a>b>c');
  });
});

describe('a round robin', () => {
  test('lets every member speak in turn, with the conversation so far', async () => {
    const chat = roundRobin({ name: 'desk', members: [a, b], until: until.maxTurns(3) });
    const { text, by, turns, reason } = await run(chat, 'tea', db);
    expect({ by, turns, reason }).toEqual({ by: 'a', turns: 3, reason: '3 turns' });
    expect(text).toMatch(/^tea\n\nSo far:\n\n\[a\] tea\n\nYou are a\. It is your turn\.>a\n\n\[b\] tea/);
  });
});

describe('a selector', () => {
  test('selects the next member with a function', async () => {
    const names = ['c', 'a', 'b'];
    const choose = ({ turns }: { turns: readonly unknown[] }) => names[turns.length]!;
    const chat = selector({ name: 'desk', members: [a, b, speaks('c')], choose, until: until.maxTurns(1) });
    expect(await run(chat, 'tea', db)).toMatchObject({ by: 'c' });
  });

  test('selects the next member with a model call before each turn', async () => {
    const members = [speaks('a'), speaks('b'), speaks('c')];
    const choose = selectingModel('c', 'b', 'a');
    const chat = selector({ name: 'desk', members, choose, until: until.maxTurns(3) });
    expect(await run(chat, 'tea', db)).toMatchObject({ by: 'a', turns: 3 });
  });

  test('that selects an unknown member fails, and names it', async () => {
    const chat = selector({ name: 'desk', members: [a], choose: () => 'ghost', until: until.maxTurns(3) });
    await expect(run(chat, 'tea', db)).rejects.toMatchObject({
      kind: 'unknown_recipient',
      message: expect.stringContaining('ghost') as string,
    });
  });
});

describe('a hand-off', () => {
  test('moves the task to the named member, with its note; the last owner answers', async () => {
    const support = handoff({
      name: 'support',
      members: [handoffAgent('triage', 'billing'), answeringAgent('billing')],
    });
    expect(await run(support, 'Refund me.', db)).toEqual({
      text: 'billing knows',
      by: 'billing',
      reason: 'billing answered',
      turns: 2,
    });
  });

  test('that goes in a cycle ends with an answer, and reports the cycle', async () => {
    const members = [handoffAgent('x', 'y'), handoffAgent('y', 'z'), handoffAgent('z', 'x')];
    const { text, reason } = await run(handoff({ name: 'support', members, start: 'y' }), 'go', db);
    expect(text).toBe('z is on it');
    expect(reason).toBe('handed round too often: y > z > x > y > z');
    expect(await run(handoff({ name: 'support', members, maxHandoffs: 1 }), 'go', db)).toMatchObject({ by: 'y' });
    expect(await run(handoff({ name: 'selfish', members: [handoffAgent('x', 'x')] }), 'go', db)).toMatchObject({
      by: 'x',
    });
  });

  test('to a name outside the team ends the run', async () => {
    const support = handoff({
      name: 'support',
      members: [handoffAgent('x', 'person')],
      until: until.handedOff('person'),
    });
    expect(await run(support, 'go', db)).toMatchObject({ by: 'x', reason: 'x handed over to person' });
  });

  test('can go to a team, whose result is the answer', async () => {
    const tech = pipeline({
      name: 'tech',
      stages: [replyingAgent('first', () => 'found'), replyingAgent('second', (it) => `${it}, done`)],
    });
    const support = handoff({ name: 'support', members: [handoffAgent('triage', 'tech'), tech] });
    expect(await run(support, 'go', db)).toMatchObject({ text: 'found, done', by: 'tech' });
  });
});

describe('a map-reduce', () => {
  const double = replyingAgent('double', (text) => text + text);

  test('returns the results in the order of the items', async () => {
    const lines = mapReduce({
      name: 'lines',
      split: (text) => text.split(' '),
      map: double,
      reduce: (all) => ({ all }),
      concurrency: 2,
    });
    const { all }: { all: readonly string[] } = await run(lines, 'a b c d e', db);
    expect(all).toEqual(['aa', 'bb', 'cc', 'dd', 'ee']);
  });

  test('works on no more items at once than its concurrency', async () => {
    let [atWork, most] = [0, 0];
    const watch: Observer = ({ type, ...event }) => {
      if (!('name' in event) || event.name !== 'callModel') return;
      atWork += type === 'effect.started' ? 1 : -1;
      most = Math.max(most, atWork);
    };
    const split = () => Array.from({ length: 20 }, (_, n) => `${n}`);
    const all = mapReduce({ name: 'many', split, map: double, reduce: (done) => done.length, concurrency: 4 });
    expect(await run(all, 'go', { ...db, observers: [watch] })).toBe(20);
    expect(most).toBe(4);
  });

  test('can reduce with a model, and accepts an empty list', async () => {
    const options = { name: 'lines', map: double, reduce: replyingAgent('editor', (text) => `<${text}>`) };
    const lines = mapReduce({ ...options, split: (text) => text.split(' ') });
    expect(await run(lines, 'a b', db)).toBe('<1. aa\n\n2. bb>');
    const none = mapReduce({ name: 'none', map: double, reduce: (all) => all.length, split: () => [] });
    expect(await run(none, 'go', db)).toBe(0);
  });

  test('with more items than its limit fails at once', async () => {
    const lines = mapReduce({ name: 'many', map: double, reduce: () => 0, split: () => ['a', 'b', 'c'], maxItems: 2 });
    await expect(run(lines, 'go', db)).rejects.toMatchObject({
      kind: 'invalid',
      message: expect.stringContaining('3 items') as string,
    });
  });
});

describe('a debate', () => {
  test('runs its rounds with all debaters at once, and then the judge', async () => {
    const seen: string[] = [];
    const judge = replyingAgent('judge', (prompt) => (seen.push(prompt), 'a is right'));
    const court = debate({ name: 'court', debaters: [speaks('a'), speaks('b')], judge, rounds: 2 });
    expect(await run(court, 'Tea or coffee?', db)).toBe('a is right');
    expect(seen[0]!.match(/\[[ab]\]/g)).toHaveLength(4);
  });
});

describe('a supervisor team', () => {
  const boss = callingModel({ name: 'a', input: { task: 'tea' } }, { name: 'press', input: { task: 'cake' } });
  const supervisor = agent({ name: 'boss', model: boss });

  test('gives its supervisor a tool for every worker, and charges their usage to the team', async () => {
    const press = asTool(b, { description: 'Prints.', name: 'press' });
    const desk = supervisorTeam({ name: 'desk', supervisor, workers: [a, press] });
    await using runtime = await openRuntime(db);
    const outcome = await (await runtime.start(desk, 'Go.')).outcome();
    expect(outcome).toMatchObject({ output: 'tea>a | cake>b', usage: { steps: 4, toolCalls: 2 } });
  });

  test('without workers, with two of one name, or without a supervising agent is refused', () => {
    expect(() => supervisorTeam({ name: 'desk', supervisor, workers: [] })).toThrow(/at least one member/);
    expect(() => supervisorTeam({ name: 'desk', supervisor, workers: [a, replyingAgent('a')] })).toThrow(
      /two members named "a"/,
    );
    const post = pipeline({ name: 'post', stages: [a] });
    expect(() => supervisorTeam({ name: 'desk', supervisor: post, workers: [b] })).toThrow(/has to call its workers/);
  });
});

describe('a conversation ends', () => {
  const over = async (
    end: Parameters<typeof roundRobin>[0]['until'],
    ...members: ReturnType<typeof replyingAgent>[]
  ) => {
    const { reason, turns } = await run(roundRobin({ name: 'desk', members, until: end }), 'go', db);
    return `${turns}: ${reason}`;
  };

  test('when a message contains the text, in any case', async () => {
    const done = replyingAgent('b', () => 'I am Done.');
    expect(await over(until.textMentions('DONE'), speaks('a'), done)).toBe('2: b said "DONE"');
  });

  test('when the tokens are used up, or both conditions are met', async () => {
    expect(await over(until.tokenBudget(1), speaks('a'))).toBe('1: 1 tokens');
    const both = until.maxTurns(2).and(until.textMentions('a'));
    expect(await over(both, speaks('a'))).toMatch(/^2: 2 turns and a said "a"$/);
    expect(await over(until.maxTurns(3).or(until.textMentions('nothing')), speaks('a'))).toBe('3: 3 turns');
  });

  test('when its time is over, at the next message', async () => {
    await using runtime = await testRuntime();
    const think = scriptedTool({ name: 'think' }, () => ({ takes: '25s', output: 'thought' }));
    const model = scriptedModel(({ messages }) =>
      messages.length < 2 ? { calls: [{ name: 'think', input: {} }] } : { text: 'hm' },
    );
    const slow = agent({ name: 'slow', tools: [think], model });
    const handle = await runtime.start(roundRobin({ name: 'desk', members: [slow], until: until.timeout('1m') }), 'go');
    await runtime.advance('10m');
    expect(await handle.outcome()).toMatchObject({ output: { turns: 3, reason: 'it took 1m' } });
  });
});

describe('an invalid preset is refused in the definition:', () => {
  const end = until.maxTurns(2);
  test.each([
    ['no members', () => roundRobin({ name: 'desk', members: [], until: end }), /needs at least one member/],
    [
      'two of one name',
      () => roundRobin({ name: 'desk', members: [a, replyingAgent('a')], until: end }),
      /two members named "a"/,
    ],
    ['two stages of one name', () => pipeline({ name: 'desk', stages: [a, a] }), /two members named "a"/],
    [
      'an unknown start',
      () => handoff({ name: 'desk', members: [a], start: 'ghost' }),
      /starts with "ghost", who is not in it/,
    ],
    ['no hand-offs', () => handoff({ name: 'desk', members: [a], maxHandoffs: -1 }), /whole number from 1 on; got -1/],
    ['no turns', () => until.maxTurns(0), /whole number from 1 on; got 0/],
    ['no number', () => until.tokenBudget(Number.NaN), /got NaN/],
    ['no time', () => until.timeout(-1), /positive number of milliseconds/],
    ['an empty text', () => until.textMentions(' '), /a text that is not empty/],
    ['no end', () => roundRobin({ name: 'desk', members: [a], until: undefined as never }), /when it is over/],
    [
      'an incomplete end',
      () =>
        until
          .maxTurns(1)
          .and(undefined as never)
          .reason({} as never),
      /turns|when it is over/,
    ],
    ['one debater', () => debate({ name: 'desk', debaters: [a], judge: b }), /two who argue/],
    [
      'a judge who is also a debater',
      () => debate({ name: 'desk', debaters: [a, b], judge: a }),
      /two members named "a"/,
    ],
    [
      'no concurrency',
      () => mapReduce({ name: 'desk', map: a, split: () => [], reduce: () => 0, concurrency: 0 }),
      /from 1 on/,
    ],
    ['no name', () => pipeline({ name: ' ', stages: [a] }), /name/],
    ['a negative budget', () => pipeline({ name: 'desk', stages: [a], budget: { usd: -1 } }), /usd/],
    [
      'a member of the wrong type',
      () => roundRobin({ name: 'desk', members: [{} as never], until: end }),
      /agent\(\{ … \}\) or team/,
    ],
    [
      'a selector of the wrong type',
      () => selector({ name: 'desk', members: [a], choose: 3 as never, until: end }),
      /"choose" is a function/,
    ],
  ])('%s', (_, make, words) => {
    expect(make).toThrow(words);
  });
});
