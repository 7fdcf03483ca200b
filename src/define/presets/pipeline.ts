/** A preset: members work one after the other; each takes what the one before it answered. */
import type { MessageSpec } from '../../contracts/protocol.ts';
import { latestOf } from '../team.ts';
import {
  presetLabel,
  presetOptionNames,
  makePreset,
  finishWith,
  sendTo,
  type Preset,
  type PresetOptions,
} from './preset.ts';
import {
  participantsByName,
  participantMember,
  participantMessages,
  type ParticipantInput,
  type ParticipantOutput,
  type Participant,
} from './participants.ts';

/** Stages that fit; one that takes something else than the stage before it gives does not compile. */
type Fitting<S extends readonly unknown[]> = S extends readonly [infer A, infer B, ...infer Rest]
  ? ParticipantOutput<A> extends ParticipantInput<B>
    ? readonly [A, ...Fitting<readonly [B, ...Rest]>]
    : readonly [A, 'takes something else than the stage before it gives', ...Rest]
  : S;
type Last<S extends readonly unknown[]> = S extends readonly [...unknown[], infer L] ? L : never;

/** What a pipeline is defined with. */
export interface PipelineOptions<S extends readonly [Participant, ...Participant[]]> extends PresetOptions {
  /** The members in the order in which they work; at least one. */
  readonly stages: S & Fitting<S>;
}

/**
 * A team whose members work one after the other. It ends at the first failure, with what the stages before it gave as its partial result.
 * @example await run(pipeline({ name: 'post', stages: [researcher, writer, editor] }), 'Tea in Japan')
 */
export function pipeline<const S extends readonly [Participant, ...Participant[]]>(
  options: PipelineOptions<S>,
): Preset<ParticipantInput<S[0]>, ParticipantOutput<Last<S>>> {
  const where = presetLabel('pipeline', options, { ...presetOptionNames, stages: true });
  const stages = [...participantsByName(where, options.stages)];
  const shapes = stages.map(([, participant]) => participantMessages(where, participant));
  const gives = (index: number) => (index === stages.length - 1 ? 'result' : `stage${index + 1}_done`);
  const [first] = options.stages;
  const messages: Record<string, MessageSpec> = { task: { body: participantMessages(where, first).input } };
  for (const [index, { input, output }] of shapes.entries()) {
    messages[`stage${index + 1}`] = { body: input, replies: [gives(index)] };
    messages[gives(index)] = { body: output };
  }
  return makePreset(options, {
    what: 'pipeline',
    messages,
    members: (protocol) =>
      Object.fromEntries(
        stages.map(([name, participant], index) => [
          name,
          participantMember(where, participant, { protocol, handles: [`stage${index + 1}`], gives: gives(index) }),
        ]),
      ),
    // The task and every answer so far: as many messages as there are stages done, and one.
    next(said) {
      const { body } = latestOf(said);
      const stage = stages[said.length - 1];
      return stage ? sendTo(stage[0], `stage${said.length}`, body) : finishWith(body);
    },
    maxTurns: stages.length,
  });
}
