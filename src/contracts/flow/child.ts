/** What a flow can run as its child: it decides how the child is told to stop, and what its end is. */
export type FlowChildKind = 'agent' | 'flow' | 'guarded' | 'machine' | 'orchestrator' | 'team' | 'workflow';
