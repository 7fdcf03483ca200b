/** Tickets, as children of whoever asks a person. */
import { WaitSignal } from '../../contracts/wait.ts';

/** Their signals are checked when they arrive. */
export const ticketOptions = { wait: { signals: WaitSignal } };
