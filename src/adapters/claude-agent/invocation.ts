/** The messages of an invocation, and what they come to. */
import { TroupeError, type FailureKind } from '../../values/failure.ts';
import type { JsonObject } from '../../values/json.ts';

/** A message of the SDK: this adapter reads the one whose type is `result`. */
export interface ClaudeMessage {
  /** Its kind: `system`, `assistant`, `result` … */
  readonly type: string;
}

/** What an invocation comes to. */
export interface ClaudeInvocation {
  /** What the agent has said last. */
  readonly text: string;
  /** The value of the output format; absent without one. */
  readonly output?: unknown;
  /** The session, which another invocation can go on with. */
  readonly sessionId: string;
  /** The tokens, under the names of the SDK. */
  readonly usage: JsonObject;
  /** What the SDK estimates that it cost, in US dollars. */
  readonly costUsd: number;
  /** How often the model was called. */
  readonly numTurns: number;
}

/** The last message of an invocation, as far as it is read. */
interface ResultMessage extends ClaudeMessage {
  readonly subtype: string;
  readonly is_error: boolean;
  readonly result?: string;
  readonly structured_output?: unknown;
  readonly session_id: string;
  readonly usage?: object;
  readonly total_cost_usd: number;
  readonly num_turns: number;
  readonly errors?: readonly string[];
}

/** Reads the messages to their end. */
export async function invocationResult(
  what: string,
  messages: AsyncIterable<ClaudeMessage>,
  onMessage: (message: ClaudeMessage) => void = () => {},
): Promise<ClaudeInvocation> {
  let last: ResultMessage | undefined;
  for await (const message of messages) {
    onMessage(message);
    // The SDK's documented message of that type.
    if (message.type === 'result') last = message as ResultMessage;
  }
  if (!last)
    throw new TroupeError('model', `${what} has ended without a result: its process was stopped, or could not begin.`);
  const { subtype, is_error: isError, result = '', errors = [], session_id: sessionId } = last;
  if (isError || subtype !== 'success')
    throw new TroupeError(
      kindOf(subtype),
      `${what} has ended with ${subtype}: ${[result, ...errors].join(' ').trim()}`,
      {
        data: { subtype, session_id: sessionId, num_turns: last.num_turns, cost_usd: last.total_cost_usd },
      },
    );
  return {
    text: result,
    ...(last.structured_output === undefined ? {} : { output: last.structured_output }),
    sessionId,
    // Numbers, and objects of numbers.
    usage: JSON.parse(JSON.stringify(last.usage ?? {})) as JsonObject,
    costUsd: last.total_cost_usd,
    numTurns: last.num_turns,
  };
}

const kindOf = (subtype: string): FailureKind => (subtype.startsWith('error_max') ? 'budget' : 'model');
