/** How a chart speaks to whoever started it. */
import type { AnyActorRef } from 'xstate';

/**
 * A target for `sendTo`. A chart that is stepped by hand has nobody above it, where `sendParent` throws:
 * what it says then goes to itself, and stands among its wishes to be looked at.
 */
// oxlint-disable-next-line no-underscore-dangle -- XState has no other name for it.
export const parent = ({ self }: { self: AnyActorRef }): AnyActorRef => self._parent ?? self;
