/** Approvals of tool calls behind the contract of the orchestrator: what waits for a person, and what the person says. */
import { toFailure } from '../../../values/failure.ts';
import type { Address } from '../../../values/ids.ts';
import type { Runtime } from '../../../runtime/runtime.ts';
import type { ApprovalDecision, ApprovalKey, OrchestratorService } from '../orchestrator/service.ts';
import { storedApprovals, type StoredApproval } from './storedApprovals.ts';

/** The methods of the service about approvals. */
export function approvals(
  runtime: Pick<Runtime, 'journal' | 'answer'>,
): Pick<OrchestratorService, 'approval' | 'approvals' | 'approvalsOf' | 'decide'> {
  const { journal } = runtime;
  const ofRun = async (run: string): Promise<readonly StoredApproval[]> => {
    const { items } = await storedApprovals(journal, { run: run.split('/')[0], pending: false });
    return items.filter(({ view }) => view.run_id === run);
  };
  const ofStep = async ({ run, step, ticket, toolUseId }: ApprovalKey): Promise<readonly StoredApproval[]> =>
    (await ofRun(run)).filter(
      ({ view }) =>
        view.step_id === step &&
        (ticket ?? view.ticket_id) === view.ticket_id &&
        (toolUseId ?? view.tool_use_id) === view.tool_use_id,
    );

  return {
    async approval(key) {
      const found = await ofStep(key);
      return (found.findLast(({ view }) => view.status === 'pending') ?? found.at(-1))?.view;
    },
    async approvals(query) {
      const { items, ...more } = await storedApprovals(journal, { ...query, pending: true });
      return { items: items.map(({ view }) => view), ...more };
    },
    approvalsOf: async (run) => (await ofRun(run)).map(({ view }) => view),
    async decide(decision) {
      const found = await ofStep(decision);
      const [pending, ...others] = found.filter(({ view }) => view.status === 'pending');
      // Sub-agents of one step may wait at once: nobody agrees to a call that somebody else was shown.
      if (pending && others.length > 0) return { several: [pending, ...others].map(({ view }) => view) };
      const latest = found.at(-1);
      if (!pending) return latest ? { decided: latest.view } : 'missing';
      if (await answer(pending.ticket, decision)) return 'done';
      const after = (await ofStep(decision)).find(({ ticket }) => ticket === pending.ticket);
      return { decided: (after ?? pending).view };
    },
  };

  /** False when the call was decided before. */
  async function answer(ticket: Address, { decision, reason, by }: ApprovalDecision): Promise<boolean> {
    const said = { approved: decision === 'approved', ...(reason ? { note: reason } : {}) };
    try {
      await runtime.answer(ticket, said, by ?? 'a person over HTTP');
      return true;
    } catch (thrown) {
      const { kind } = toFailure(thrown);
      if (kind === 'conflict' || kind === 'expired' || kind === 'unknown_recipient') return false;
      throw thrown;
    }
  }
}
