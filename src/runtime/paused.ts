/** Is a run paused, or told to be? Read from its root, and from what was sent to it. */
import type { Envelope } from '../contracts/envelope.ts';
import type { ActorRow, Journal } from '../journal/journal.ts';
import { propertiesOf } from '../values/properties.ts';

/** The tag of an agent whose calls of tools are under way. */
export const actingTag = 'acting';

type Root = Pick<ActorRow, 'snapshot' | 'tags' | 'state'>;

/** Does it keep to its pause? Not one that is being stopped: it comes to its end, and cleans up, whatever it was told. */
export const keepsPause = ({ tags }: Pick<ActorRow, 'tags'>): boolean =>
  tags.includes('paused') && !tags.includes('stopping');

/** Was it told to pause? An agent is not held before its model would be asked next. */
export const isToldToPause = (row: Root): boolean =>
  keepsPause(row) ||
  (propertiesOf(row.snapshot)['machine'] === 'agent' && row.state.split('|').includes('control.pausing'));

/** Is it paused? So is an agent that was told to, and whose calls are under way: those that are agents or flows themselves are held, and go on when it is resumed. */
export const isPaused = (row: Root): boolean => keepsPause(row) || (row.tags.includes(actingTag) && isToldToPause(row));

/** What a run can be told that it may not have taken yet. */
type SentCommand = 'cancel' | 'pause' | 'resume';

/** The commands of agents, runs, guarded work and orchestrations. A machine of one's own has events of its own, which may end alike. */
const commandIn = /^(?:agent|run|work|orchestra)\.(cancel|pause|resume)$/;

/** The last command that was sent to a root and not taken yet; a cancel, whatever was sent after it. `mail` is what was sent to its run. */
export function sentCommand(mail: readonly Envelope[], { actor }: Pick<ActorRow, 'actor'>): SentCommand | undefined {
  const sent = mail.flatMap(({ to, type }) => {
    const command = commandIn.exec(type)?.[1];
    return to === actor && command !== undefined ? [command as SentCommand] : [];
  });
  return sent.includes('cancel') ? 'cancel' : sent.at(-1);
}

/** Does a pause alone keep a run with this root from going on: nothing that ends the pause was sent to it? */
export async function isHeldByPause(journal: Pick<Journal, 'find' | 'mail'>, run: string, root: string) {
  const [row] = await journal.find({ actor: root });
  return row !== undefined && isPaused(row) && sentCommand(await journal.mail(run), row) === undefined;
}

/** Will it be paused once everything that was sent to it is taken? */
export function willBePaused(row: Root & Pick<ActorRow, 'actor'>, mail: readonly Envelope[]): boolean {
  const sent = sentCommand(mail, row);
  return sent === undefined ? isToldToPause(row) : sent === 'pause';
}
