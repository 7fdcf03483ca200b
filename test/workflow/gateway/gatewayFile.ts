/** Gateway files for tests, as they are when their schema has been read. */
import type {
  GatewayFileDefinition,
  GatewayProvider,
  ModelGroup,
} from '../../../src/contracts/workflow/gatewayFile.ts';
import type { GatewayInvokeRequest } from '../../../src/contracts/workflow/gatewayInvoke.ts';

type Parts = {
  readonly env?: readonly { readonly name: string; readonly secret?: boolean; readonly default?: string }[];
  readonly providers?: readonly Partial<GatewayProvider>[];
  readonly groups?: readonly Partial<ModelGroup>[];
};

/** A file with these parts; lines are counted from 10. */
export const gatewayFile = ({ env = [], providers = [], groups = [] }: Parts): GatewayFileDefinition => ({
  kind: 'gateway',
  file: '/project/gateway.yaml',
  env: env.map((each, index) => ({ secret: false, line: index + 1, ...each })),
  providers: providers.map((each, index) => ({
    name: 'mock',
    type: 'openai',
    config: {},
    line: index + 10,
    column: 5,
    ...each,
  })),
  groups: groups.map((each, index) => ({
    name: 'standard',
    models: [],
    strategy: 'round_robin',
    pricing: [],
    line: index + 20,
    ...each,
  })),
});

/** The provider `mock` at this address. */
export const mockAt = (url: string): Partial<GatewayProvider> => ({
  name: 'mock',
  type: 'openai',
  config: { base_url: url, api_key: 'sk-mock-key' },
});

/** A call of a group. */
export const callOf = (group: string, more: Partial<GatewayInvokeRequest> = {}): GatewayInvokeRequest => ({
  run_id: 'r',
  step_id: 's',
  group,
  messages: [
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: 'Hello' },
  ],
  max_tokens: 55,
  ...more,
});
