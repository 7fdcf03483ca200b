/** The models of one group: each is opened when it is first called, is priced as the group says, and has its time taken. */
import type { ModelGroup } from '../../contracts/workflow/gatewayFile.ts';
import type { Model, ModelPart } from '../../contracts/model.ts';
import type { Clock } from '../../values/clock.ts';
import type { Price } from '../prices.ts';
import { TroupeError } from '../../values/failure.ts';
import { propertiesOf } from '../../values/properties.ts';
import { offlineModel } from '../offlineModel.ts';
import { openProviderModel } from '../providers.ts';
import { gatewayError } from './codes.ts';
import { exactCost, groupPrice } from './cost.ts';
import type { ReadyGatewayFile, ReadyProvider } from './readyFile.ts';
import type { RankedModel, Latencies } from './strategies.ts';

/** A model of a group; its id is `provider/model`. */
export interface GroupModel extends Model, RankedModel {}

/** What the models of all groups share. */
export interface SharedParts {
  /** Sends requests. */
  readonly send: typeof fetch;
  readonly clock: Clock;
  readonly times: Latencies;
  /** Called when an answer has no price. */
  readonly unpriced: (id: string) => void;
}

/** The models of a group. An entry that cannot be used fails when it is called. */
export const groupModels = (
  group: ModelGroup,
  settings: ReadyGatewayFile,
  shared: SharedParts,
): readonly GroupModel[] =>
  group.models.map((entry) => {
    const found = entryOf(entry, group, settings);
    return found instanceof TroupeError ? brokenModel(entry, found) : groupModel(found, settings.secrets, shared);
  });

/** An entry of a group that names a model. */
interface Entry {
  readonly id: string;
  readonly model: string;
  readonly provider: ReadyProvider;
  readonly price: Price | undefined;
}

function entryOf(entry: string, group: ModelGroup, { providers }: ReadyGatewayFile): Entry | TroupeError {
  const slash = entry.indexOf('/');
  const [name, model] = [entry.slice(0, slash), entry.slice(slash + 1)];
  if (slash <= 0 || model === '')
    return gatewayError(
      'invalid_model_config',
      'invalid',
      `The entry "${entry}" of the model group "${group.name}" must be provider/model.`,
    );
  const provider = providers.get(name);
  if (provider) return { id: entry, model, provider, price: groupPrice(group, provider, model) };
  return gatewayError(
    'provider_not_registered',
    'invalid',
    `The provider "${name}" of the model group "${group.name}" is not declared; there are ${[...providers.keys()].join(', ') || 'none'}.`,
  );
}

const brokenModel = (id: string, error: TroupeError): GroupModel => ({
  id,
  price: undefined,
  stream() {
    throw error;
  },
});

function groupModel(
  { id, model, provider, price }: Entry,
  secrets: readonly string[],
  { send, clock, times, unpriced }: SharedParts,
): GroupModel {
  let opening: Promise<Model> | undefined;
  const open = () => {
    const { type, apiKey, address } = provider;
    const opened = (opening ??=
      type === 'offline'
        ? Promise.resolve(offlineModel())
        : openProviderModel(wireOf(type, address.baseURL), {
            id,
            model,
            apiKey,
            address,
            send,
            secrets,
            // The format has no rule that the sides alternate.
            apart: type === 'openai',
          }));
    // A failure is forgotten: the package may be installed before the next call.
    opened.catch(() => (opening = undefined));
    return opened;
  };
  const priced = (part: ModelPart): ModelPart => {
    if (part.type !== 'finish') return part;
    if (!price) unpriced(id);
    // Counts that are missing are estimated later, and priced then: here they would be free.
    const isCounted = part.usage.inputTokens > 0 && part.usage.outputTokens > 0;
    return { ...part, usage: { ...part.usage, usd: price && isCounted ? exactCost(part.usage, price) : null } };
  };
  return {
    id,
    price,
    async *stream(request, scope) {
      const began = clock.now();
      let answered = false;
      try {
        for await (const part of (await open()).stream(request, scope)) {
          answered = part.type === 'finish';
          if (answered) times.answered(id, clock.now() - began);
          yield priced(part);
        }
      } finally {
        if (!answered && !isStopped(scope.signal)) times.failed(id);
      }
    },
  };
}

/** A caller that was stopped says nothing of the model; one that has waited too long does. */
const isStopped = ({ aborted, reason }: AbortSignal): boolean => aborted && propertiesOf(reason).kind !== 'timeout';

/** OpenAI's own newest models want other fields than every other server of its format takes. */
const wireOf = (type: ReadyProvider['type'], baseURL: string): string =>
  type === 'openai' && new URL(baseURL).hostname !== 'api.openai.com' ? 'openai-compatible' : type;
