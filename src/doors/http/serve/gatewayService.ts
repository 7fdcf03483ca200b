/** The gateway behind its HTTP contract: the model groups of a gateway file. */
import type { GroupGateway } from '../../../gateway/groups/groupGateway.ts';
import { gatewayProblem } from '../../../gateway/groups/codes.ts';
import type { GatewayService } from '../gateway.ts';

/** Answers requests to the groups. Credentials stay in the process of the groups. */
export const gatewayService = (groups: Pick<GroupGateway, 'invoke'>): GatewayService => ({
  async invoke(request, signal) {
    try {
      return await groups.invoke(request, { signal });
    } catch (thrown) {
      return gatewayProblem(thrown).body;
    }
  },
});
