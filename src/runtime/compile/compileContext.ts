/** What compiling needs of the runtime. */
import type { ModelGateway } from '../../../actors/tools.ts';
import type { ActorType } from '../../core/actorType.ts';
import type { Clock } from '../../values/clock.ts';
import type { FlowCompileContext } from '../flow.ts';

/** The parts of a runtime that compiled definitions work with. */
export interface CompileContext {
  /** Answers the requests of agents to models. */
  readonly gateway: ModelGateway;
  /** Time, randomness and ids. */
  readonly clock: Clock;
  /** Connections that were opened are added here; the runtime closes them. */
  readonly opened: AsyncDisposable[];
  /** What the calls of flows are done with. */
  readonly flows?: FlowCompileContext['flows'] | undefined;
  /** Two members that begin at once use large shares without asking, as in runs that earlier versions began; false by default. Only their recordings are replayed so. */
  readonly sharesUnasked?: boolean;
  /** For tests: changes every actor type before it is used. */
  readonly prepare?: ((type: ActorType) => ActorType) | undefined;
}
