/** One team of every preset, small and in want of nobody: what is proved of presets is proved of these. */
import { agent, debate, handoff, mapReduce, pipeline, roundRobin, selector, supervisorTeam, until } from 'troupe';
import type { SimulationScenario } from 'troupe/testing';
import { caller, chooser, passer, voice } from './participants.ts';

const say = (name: string) => voice(name, (shown) => `${name}${shown.length}`);
const [a, b, c] = [say('a'), say('b'), say('c')];
const end = until.maxTurns(4).or(until.textMentions('enough'));
export const presets = {
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

/** Whatever goes wrong, every message that was handed out is answered once. */
export const scenarioOf = (subject: (typeof presets)[keyof typeof presets]): SimulationScenario => ({
  subject,
  input: 'one two three four five',
  invariants: {
    'every message that was handed out was answered exactly once': ({ root, rows }) => {
      const { turns, status } = (root!.snapshot as unknown as { state: { output: { turns: number; status: string } } })
        .state.output;
      const answered = rows.filter(({ parent }) => parent === root!.actor).length;
      return status !== 'completed' || turns === answered
        ? undefined
        : `${turns} were handed out, ${answered} answered`;
    },
  },
});
