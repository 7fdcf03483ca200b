/** What is proved of every preset: nothing can go wrong between its members, and nothing is lost or done twice, whatever goes wrong around them. */
import { describe, expect, test } from 'vitest';
import { agent, debate, handoff, mapReduce, pipeline, roundRobin, selector, supervisorTeam, until } from 'troupe';
import { check, crashEverywhere, expectSurvival, simulate, type SimulationScenario } from 'troupe/testing';
import { caller, chooser, passer, voice } from './voices.ts';
import { dose, seedsOf } from '../dose.ts';

const say = (name: string) => voice(name, (shown) => `${name}${shown.length}`);
const [a, b, c] = [say('a'), say('b'), say('c')];
const end = until.maxTurns(4).or(until.textMentions('enough'));
const presets = {
  pipeline: pipeline({ name: 'post', stages: [a, pipeline({ name: 'inner', stages: [b, c] })] }),
  roundRobin: roundRobin({ name: 'table', members: [a, b], until: end }),
  selector: selector({ name: 'meeting', members: [a, b], choose: chooser('b', 'a'), until: end }),
  handoff: handoff({ name: 'support', members: [passer('x', 'y'), passer('y', 'x')], maxHandoffs: 3 }),
  mapReduce: mapReduce({
    name: 'lines',
    split: (text) => text.split(' '),
    map: a,
    reduce: (all) => all.join('\n'),
    concurrency: 2,
  }),
  supervisorTeam: supervisorTeam({
    name: 'office',
    supervisor: agent({
      name: 'boss',
      model: caller({ name: 'a', input: { task: 'x' } }, { name: 'b', input: { task: 'y' } }),
    }),
    workers: [a, b],
  }),
  debate: debate({ name: 'court', debaters: [a, b], judge: c, rounds: 2 }),
};
const input = 'one two three four five';

describe.each(Object.entries(presets))('%s', (_, subject) => {
  const scenario: SimulationScenario = {
    subject,
    input,
    invariants: {
      'every message that was handed out was answered exactly once': ({ root, rows }) => {
        const { turns, status } = (
          root!.snapshot as unknown as { state: { output: { turns: number; status: string } } }
        ).state.output;
        const answered = rows.filter(({ parent }) => parent === root!.actor).length;
        return status !== 'completed' || turns === answered
          ? undefined
          : `${turns} were handed out, ${answered} answered`;
      },
    },
  };

  test('cannot get stuck, whatever its members answer, with one message lost', async () => {
    const report = await check(subject as never, { input: 'one two three' });
    expect(report.findings).toEqual([]);
    expect(report.bound).toBeUndefined();
  });

  test('survives crashes before and after what it does, drawn from every point (all of them in CI, or sixty)', async () => {
    expectSurvival(await crashEverywhere(() => scenario as never, { sample: dose(6, 60) }));
  });

  const { seeds, timeout } = seedsOf(10, 300);
  test('holds under everything going wrong', { timeout }, async () => {
    const { failures } = await simulate(() => scenario, { seeds });
    expect(failures).toEqual([]);
  });
});
