/** The target of what a chart sends to the actor that started it. */
import type { AnyActorRef } from 'xstate';

/**
 * A target for `sendTo`. A chart that is stepped without an engine has no parent, and `sendParent` would throw there;
 * what it sends then goes to itself, so that a test can read it among the step's actions.
 */
// oxlint-disable-next-line no-underscore-dangle -- XState has no other name for it.
export const parent = ({ self }: { self: AnyActorRef }): AnyActorRef => self._parent ?? self;
