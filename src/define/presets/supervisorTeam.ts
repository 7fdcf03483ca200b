/** A preset: one agent hands work to others, reads their answers, and answers itself. */
import type { MessageSpec } from '../../contracts/protocol.ts';
import { TroupeError } from '../../values/failure.ts';
import { withTools } from '../agent.ts';
import { memberDefinition } from '../anyMember.ts';
import type { Delegate } from '../delegate.ts';
import { latestOf } from '../team.ts';
import { asTool } from '../asTool.ts';
import {
  finishWith,
  presetLabel,
  presetOptionNames,
  makePreset,
  sendTo,
  type Preset,
  type PresetOptions,
} from './preset.ts';
import {
  participantsByName,
  participantMember,
  participantName,
  participantMessages,
  type ParticipantInput,
  type ParticipantOutput,
  type Participant,
} from './participants.ts';

/** What a supervisor team is defined with. */
export interface SupervisorTeamOptions<S extends Participant> extends PresetOptions {
  /** An agent; it gets a tool for every worker, in addition to its own tools. */
  readonly supervisor: S;
  /** Agents and teams, or tools made by `asTool` where a worker needs a description of its own. */
  readonly workers: readonly (Participant | Delegate)[];
}

/**
 * A team in which a supervisor hands out work by calling its workers, as often and as many side by side as it likes, and gives the team's answer.
 * The failure of a worker is a result for the supervisor. Throws `definition`.
 * @example supervisorTeam({ name: 'desk', supervisor: editor, workers: [researcher, asTool(press, { description: 'Prints a text.' })] })
 */
export function supervisorTeam<S extends Participant>(
  options: SupervisorTeamOptions<S>,
): Preset<ParticipantInput<S>, ParticipantOutput<S>> {
  const where = presetLabel('supervisor team', options, { ...presetOptionNames, supervisor: true, workers: true });
  const name = participantName(where, options.supervisor);
  const supervisor = memberDefinition(options.supervisor);
  if (supervisor.kind !== 'agent')
    throw new TroupeError('definition', `The supervisor of ${where} is agent({ … }): it has to call its workers.`);
  const workers = options.workers.flatMap(participantOf);
  // A machine is called like a tool; it is no participant.
  if (workers.length > 0 || options.workers.length === 0) participantsByName(where, workers);
  const leader = withTools(supervisor, options.workers.map(toolOf));
  const { input, output } = participantMessages(where, supervisor);
  const messages: Record<string, MessageSpec> = {
    task: { body: input },
    lead: { body: input, replies: ['result'] },
    result: { body: output },
  };
  return makePreset(options, {
    what: 'supervisor team',
    messages,
    members: (protocol) => ({
      [name]: participantMember(where, leader, { protocol, handles: ['lead'], gives: 'result' }),
    }),
    next(said) {
      const { type, body } = latestOf(said);
      return type === 'result' ? finishWith(body) : sendTo(name, 'lead', body);
    },
    maxTurns: 1,
  });
}

const isDelegate = (worker: Participant | Delegate): worker is Delegate => worker.kind === 'delegate';
const participantOf = (worker: Participant | Delegate): readonly Participant[] => {
  if (!isDelegate(worker)) return [worker];
  return worker.subject.kind === 'machine' || worker.subject.kind === 'flow' ? [] : [worker.subject];
};
const toolOf = (worker: Participant | Delegate): Delegate =>
  isDelegate(worker)
    ? worker
    : asTool(worker, { description: `Hands a task to "${worker.name}" and gives its answer.` });
