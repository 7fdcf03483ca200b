/** The gateway behind its HTTP contract: the model groups of a gateway file. */
import type { GroupGateway } from '../../../gateway/groups/groupGateway.ts';
import { FailedAttempts } from '../../../contracts/model.ts';
import { toFailure } from '../../../values/failure.ts';
import { propertiesOf } from '../../../values/properties.ts';
import type { ModelUsage } from '../contracts/modelRequest.ts';
import { gatewayProblem } from '../../../gateway/groups/codes.ts';
import type { GatewayService } from '../gateway.ts';

/** Answers requests to the groups. Credentials stay in the process of the groups. */
export const gatewayService = (groups: Pick<GroupGateway, 'invoke'>): GatewayService => ({
  async invoke(request, signal) {
    try {
      return await groups.invoke(request, { signal });
    } catch (thrown) {
      return { ...gatewayProblem(thrown).body, ...usedBy(thrown) };
    }
  },
});

/** The data of a failure says what its attempts have used. */
function usedBy(thrown: unknown): { readonly used?: ModelUsage } {
  const { data: used } = FailedAttempts.shape.usage.safeParse(propertiesOf(toFailure(thrown).data).usage);
  if (!used || (used.inputTokens === 0 && used.outputTokens === 0)) return {};
  return { used: { tokens_in: used.inputTokens, tokens_out: used.outputTokens, cost_usd: used.usd ?? 0 } };
}
