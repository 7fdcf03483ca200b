/** What happens to input that comes while an agent is working. */
import * as z from 'zod';

/**
 * `merge`: all that came is read together, as one note, before the next turn. `queue`: one before each turn, in order. `latest`: only the
 * newest; those it replaces become dead letters. `reject`: none; the sender is told at once. `interrupt`: what the agent is doing is
 * stopped for it, except a write that has begun.
 */
export const InputPolicy = z.enum(['queue', 'latest', 'merge', 'reject', 'interrupt']);
export type InputPolicy = z.infer<typeof InputPolicy>;

/** Input that waits to be read. */
export interface Note {
  readonly text: string;
  /** The id and sender of the message that brought it; absent for what the agent tells itself. */
  readonly id?: string;
  readonly from?: string;
  /** The agent's own reminder. */
  readonly own?: true;
}
