/** A preset: members work one after the other; each takes what the one before it answered. */
import type { MessageSpec } from '../../contracts/protocol.ts';
import { latestOf } from '../team.ts';
import { place, preset, finish, send, type Preset, type PresetOptions } from './preset.ts';
import { cast, memberOf, spoken, type In, type Out, type Voice } from './participants.ts';

/** Stages that fit; one that takes something else than the stage before it gives does not compile. */
type Fitting<S extends readonly unknown[]> = S extends readonly [infer A, infer B, ...infer Rest]
  ? Out<A> extends In<B>
    ? readonly [A, ...Fitting<readonly [B, ...Rest]>]
    : readonly [A, 'takes something else than the stage before it gives', ...Rest]
  : S;
type Last<S extends readonly unknown[]> = S extends readonly [...unknown[], infer L] ? L : never;

/** What a pipeline is defined with. */
export interface PipelineOptions<S extends readonly [Voice, ...Voice[]]> extends PresetOptions {
  /** The members in the order in which they work; at least one. */
  readonly stages: S & Fitting<S>;
}

/**
 * A team whose members work one after the other. It ends at the first failure, with what the stages before it gave as its partial result.
 * @example await run(pipeline({ name: 'post', stages: [researcher, writer, editor] }), 'Tea in Japan')
 */
export function pipeline<const S extends readonly [Voice, ...Voice[]]>(
  options: PipelineOptions<S>,
): Preset<In<S[0]>, Out<Last<S>>> {
  const where = place('pipeline', options);
  const stages = [...cast(where, options.stages)];
  const shapes = stages.map(([, voice]) => spoken(where, voice));
  const gives = (index: number) => (index === stages.length - 1 ? 'result' : `stage${index + 1}_done`);
  const [first] = options.stages;
  const messages: Record<string, MessageSpec> = { task: { body: spoken(where, first).input } };
  for (const [index, { input, output }] of shapes.entries()) {
    messages[`stage${index + 1}`] = { body: input, replies: [gives(index)] };
    messages[gives(index)] = { body: output };
  }
  return preset(options, {
    what: 'pipeline',
    messages,
    members: (protocol) =>
      Object.fromEntries(
        stages.map(([name, voice], index) => [
          name,
          memberOf(where, voice, { protocol, handles: [`stage${index + 1}`], gives: gives(index) }),
        ]),
      ),
    // The task and every answer so far: as many messages as there are stages done, and one.
    next(said) {
      const { body } = latestOf(said);
      const stage = stages[said.length - 1];
      return stage ? send(stage[0], `stage${said.length}`, body) : finish(body);
    },
    maxTurns: stages.length,
  });
}
