/** A small team of every preset, for the proofs that hold for all presets. */
import { agent, debate, handoff, mapReduce, pipeline, roundRobin, selector, supervisorTeam, until } from 'troupe';
import type { SimulationScenario } from 'troupe/testing';
import { callingModel, selectingModel, handoffAgent, replyingAgent } from './participants.ts';

const lengthAgent = (name: string) => replyingAgent(name, (prompt) => `${name}${prompt.length}`);
const [a, b, c] = [lengthAgent('a'), lengthAgent('b'), lengthAgent('c')];
const end = until.maxTurns(4).or(until.textMentions('enough'));
export const presets = {
  pipeline: pipeline({ name: 'post', stages: [a, pipeline({ name: 'inner', stages: [b, c] })] }),
  roundRobin: roundRobin({ name: 'table', members: [a, b], until: end }),
  selector: selector({ name: 'meeting', members: [a, b], choose: selectingModel('b', 'a'), until: end }),
  handoff: handoff({ name: 'support', members: [handoffAgent('x', 'y'), handoffAgent('y', 'x')], maxHandoffs: 3 }),
  mapReduce: mapReduce({
    name: 'lines',
    split: (text) => text.split(' '),
    map: a,
    reduce: (all) => all.join('\n'),
    concurrency: 2,
  }),
  mapFunction: mapReduce({
    name: 'words',
    split: (text) => text.split(' '),
    map: async (word) => word.length,
    reduce: a,
    concurrency: 2,
  }),
  supervisorTeam: supervisorTeam({
    name: 'office',
    supervisor: agent({
      name: 'boss',
      model: callingModel({ name: 'a', input: { task: 'x' } }, { name: 'b', input: { task: 'y' } }),
    }),
    workers: [a, b],
  }),
  debate: debate({ name: 'court', debaters: [a, b], judge: c, rounds: 2 }),
};

/** A simulation in which every message to a member must be answered once. */
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
