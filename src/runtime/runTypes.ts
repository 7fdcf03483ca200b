/** The types of what a definition is run with, and of what its run ends with. */
import type { Agent } from '../define/agent.ts';
import type { Json } from '../values/json.ts';
import type { MessageBody, BodyInput, Messages, MessageName, ReplyNames, MessageOf } from '../contracts/protocol.ts';
import type { InputPart } from '../contracts/media.ts';
import type { Orchestrator } from '../define/orchestratorDefinition.ts';
import type { OrchestratorInput } from '../define/orchestratorInput.ts';
import type { Team } from '../define/teamDefinition.ts';
import type { Guarded } from '../define/guardrails/guardedDefinition.ts';
import type { MachineRunnable } from '../define/machine.ts';
import type { Workflow } from '../define/workflow.ts';
import type { Flow } from '../flow/flow.ts';

/** A text with images, audio and files. */
export interface InputParts {
  /** Texts, images, audio and files, in any order. */
  readonly parts: readonly InputPart[];
}

/** What a run of a definition starts with: the body of the message that a team accepts, a message for an agent with a protocol, the parameters of a workflow, or a text. A plain `Agent` takes a text or a message. */
export type InputFor<S> = S extends Guarded<infer Inner> ? InputFor<Inner> : InputOf<S>;
/** What `runtime.start` takes: as `run` does, and anything for a machine or a workflow, which check it when it comes. */
export type StartInput<S> = S extends MachineRunnable | Workflow ? unknown : InputFor<S>;
/** What a run of a definition ends with. */
export type OutputFor<S> = S extends Guarded<infer Inner> ? OutputFor<Inner> : OutputOf<S>;
type InputOf<S> =
  S extends Team<infer M, infer A, infer _R>
    ? BodyInput<M, A> | PartsWith<BodyInput<M, A>>
    : S extends Agent<infer M, infer H>
      ? [H] extends [never]
        ? string | InputParts
        : MessageTo<M, H> | (string extends H ? string | InputParts : never)
      : S extends MachineRunnable
        ? Json
        : S extends Orchestrator
          ? OrchestratorInput
          : S extends Workflow
            ? Readonly<Record<string, Json>>
            : S extends Flow<infer Input, infer _Output>
              ? Input
              : never;
/** A message for an agent: one of those that it handles. */
type MessageTo<M extends Messages, H extends MessageName<M>> = {
  [K in H]: {
    /** The name of a message that the agent handles. */
    type: K;
    /** The body of that message. */
    body: BodyInput<M, K>;
    /** Images, audio and files beside it; none by default. */
    parts?: readonly InputPart[];
  };
}[H];
/** A body with parts beside it; where the body is a text, its texts may be parts as well. */
type PartsWith<Body> =
  | {
      /** The body of the message that the team accepts. */
      readonly body: Body;
      /** Images, audio and files beside it. */
      readonly parts: readonly InputPart[];
    }
  | (string extends Body ? InputParts : never);
type OutputOf<S> =
  S extends Team<infer M, infer _A, infer R>
    ? MessageBody<M, R>
    : S extends Agent<infer M, infer H>
      ? [H] extends [never]
        ? string
        : MessageOf<M, ReplyNames<M, H> & MessageName<M>> | (string extends H ? string : never)
      : S extends Flow<infer _Input, infer Output>
        ? Output
        : Json;
