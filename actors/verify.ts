/** Checks an answer against every objective, all at once. A check that throws is a failure of the phase, and not an objective that was not met. */
import type { AgentAnswer } from '../src/contracts/agent.ts';
import type { VerificationOutput } from '../machines/agent/effectTypes.ts';
import type { DefinitionFor } from './callModel.ts';
import { readConversation } from './conversation.ts';
import { effect } from './effect.ts';

export const verify = (define: DefinitionFor) =>
  effect<VerificationOutput, { message: string; answer: AgentAnswer; round: number }>(
    async ({ message, answer }, scope) => {
      const { objectives = [] } = define(message);
      const { messages: transcript } = await readConversation(scope);
      const evidence = await Promise.all(
        objectives.map(async ({ id, check }) => {
          const { met, says } = await check({ answer, transcript, signal: scope.signal });
          return { objective: id, met, says };
        }),
      );
      return { evidence };
    },
  );
