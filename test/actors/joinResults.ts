/** A transcript as its model gets it, without an actor that holds it. */
import { joining } from '../../actors/conversation.ts';
import type { Message } from '../../src/contracts/model.ts';
import type { Json } from '../../src/values/json.ts';

/** The messages of these entries: results of one turn are one message. */
export const joinResults = (transcript: readonly Message[]): readonly Message[] =>
  // A transcript holds messages, and they are JSON.
  transcript.reduce((kept, entry) => joining.add(kept, entry as unknown as Json), joining.initial()).messages;
