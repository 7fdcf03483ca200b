/**
 * The model groups of a gateway file: each call names a group, the group's strategy orders its models, and the gateway asks them in that order.
 *
 * GG1 A failure that may pass moves on to the next model of the group at once; the last model is asked again, with pauses. Another failure ends the call,
 *    except in a `fallback` group, which asks its next model unless the request itself is wrong.
 * GG2 A temperature is sent only when the request or the group has one.
 * GG3 Every failure has a code of the HTTP contract in `data.code`, and no secret.
 * GG4 While a provider is busy (429, 503, no connection), calls go to the other models of the group, and those of the last one wait for their turn.
 */
import type { GatewayFileDefinition, ModelGroup } from '../../contracts/workflow/gatewayFile.ts';
import type { GatewayInvokeAnswer, GatewayInvokeRequest } from '../../contracts/workflow/gatewayInvoke.ts';
import type {
  FailedAttempts,
  Model,
  ModelAnswer,
  ModelChoice,
  ModelRequest,
  ModelScope,
} from '../../contracts/model.ts';
import { patientFetch } from '../../security/patientFetch.ts';
import type { Clock } from '../../values/clock.ts';
import { nearestName } from '../../values/options.ts';
import type { Breaker } from '../breaker.ts';
import { gateway, type Gateway } from '../gateway.ts';
import type { GatewayOptions } from '../gatewayOptions.ts';
import { pace, type Pace } from '../pace.ts';
import { wholeAnswers } from '../wholeAnswers.ts';
import { requireAnswer } from './answer.ts';
import { gatewayCodeIn, gatewayError, withGatewayCode } from './codes.ts';
import { groupModels, type GroupModel } from './groupModels.ts';
import { invokeAnswerOf, modelRequestOf } from './invoke.ts';
import { readyGatewayFile } from './readyFile.ts';
import { latencies, orderOf, type Order } from './strategies.ts';

/** How the groups of a gateway file are opened. */
export interface GroupGatewayOptions extends Pick<
  GatewayOptions,
  'retry' | 'patience' | 'breaker' | 'onFailure' | 'thinkTags'
> {
  /** Time and randomness. */
  readonly clock: Clock;
  /** The variables that templates of the file read. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The function that sends requests; the `fetch` of the platform by default. */
  readonly fetch?: typeof fetch;
  /** Called once for each model whose price is not known; nothing by default. */
  readonly onWarning?: (message: string) => void;
}

/** Calls model groups. `answer`, `models`, `estimate` and `stream` take the name of a group as a choice; the `model` of an answer is `provider/model`. */
export interface GroupGateway extends Omit<Gateway, 'credentialSource'> {
  /** The names of the groups, in the order of the file. */
  readonly groups: readonly string[];
  /** One call as the HTTP contract has it. It ends with the signal, when one is given. Throws with the code of the contract in `data.code`. */
  invoke(
    request: GatewayInvokeRequest,
    scope?: Partial<Pick<ModelScope, 'signal' | 'deadline'>>,
  ): Promise<GatewayInvokeAnswer>;
}

/** A group that is ready to be called. */
interface OpenGroup {
  readonly group: ModelGroup;
  readonly gateway: Gateway;
  readonly order: Order;
  /** Throws when there is none. */
  models(): readonly GroupModel[];
}

/** Opens the groups of a gateway file. Throws `definition` with everything that is wrong in it. Nothing is connected until a model is called. */
export function groupGateway(file: GatewayFileDefinition, options: GroupGatewayOptions): GroupGateway {
  const { clock, env, onWarning = () => {} } = options;
  const settings = readyGatewayFile(file, env);
  const send = wholeAnswers(options.fetch ?? patientFetch);
  const times = latencies();
  const breaker = options.breaker && shared<Breaker>(options.breaker);
  const { backoff: first = 1_000, longest = 60_000 } = options.retry ?? {};
  const paceOf = shared<Pace>(() => pace(clock, { first, longest }));
  const warned = new Set<string>();
  const unpriced = (id: string) => {
    if (warned.has(id)) return;
    warned.add(id);
    onWarning(`The price of ${id} is not known, so its calls count as free. Set it under model_groups[].pricing.`);
  };

  const open = new Map<string, OpenGroup>();
  for (const group of settings.groups.values()) {
    const models = groupModels(group, settings, { send, clock, times, unpriced });
    const { retry, patience, thinkTags, onFailure } = options;
    const opened = gateway({
      clock,
      env: {},
      prices: Object.fromEntries(models.flatMap(({ id, price }) => (price ? [[id, price] as const] : []))),
      afterFailure: ({ retryable, kind, data }, isLast) =>
        retryable
          ? isLast
            ? 'retry'
            : 'next'
          : group.strategy === 'fallback' && (kind !== 'invalid' || gatewayCodeIn(data) !== undefined)
            ? 'next'
            : 'stop',
      ...(retry === undefined ? {} : { retry }),
      ...(patience === undefined ? {} : { patience }),
      ...(thinkTags === undefined ? {} : { thinkTags }),
      ...(onFailure === undefined ? {} : { onFailure }),
      ...(breaker === undefined ? {} : { breaker }),
      pace: paceOf,
    });
    open.set(group.name, {
      group,
      gateway: opened,
      order: orderOf(group.strategy, times),
      models: () => requireModels(group, models),
    });
  }

  const groupOf = (choice: ModelChoice): OpenGroup => {
    const [name, ...others] = [choice].flat();
    if (typeof name !== 'string' || others.length > 0)
      throw gatewayError(
        'unknown_group',
        'definition',
        'With a gateway file a model is the name of one group, as a text.',
      );
    const found = open.get(name);
    if (found) return found;
    const near = nearestName(name, [...open.keys()]);
    throw gatewayError(
      'unknown_group',
      'definition',
      `The model group "${name}" is not declared in ${file.file}.${near === undefined ? '' : ` Did you mean "${near}"?`}`,
    );
  };

  async function answer(
    ...[choice, request, scope, onPart, mayTry]: Parameters<Gateway['answer']>
  ): Promise<ModelAnswer> {
    try {
      const found = groupOf(choice);
      const asked = withTemperature(request, found.group);
      return requireAnswer(
        await found.gateway.answer(found.order(found.models(), asked), asked, scope, onPart, mayTry),
      );
    } catch (thrown) {
      throw withGatewayCode(thrown);
    }
  }

  return {
    groups: [...open.keys()],
    answer,
    async *stream(choice, request, scope) {
      try {
        const found = groupOf(choice);
        const asked = withTemperature(request, found.group);
        yield* found.gateway.stream(found.order(found.models(), asked), asked, scope);
      } catch (thrown) {
        throw withGatewayCode(thrown);
      }
    },
    // Asking for them takes no turn of a round robin.
    models: (choice): readonly Model[] => groupOf(choice).models(),
    estimate(choice, request) {
      const found = groupOf(choice);
      return found.gateway.estimate(found.models(), request);
    },
    async invoke(request, { signal = new AbortController().signal, deadline } = {}) {
      const scope = { key: `${request.run_id}/${request.step_id}/${clock.id()}`, signal, deadline };
      let asked: ModelRequest;
      try {
        asked = modelRequestOf(request);
      } catch (thrown) {
        throw withGatewayCode(thrown);
      }
      const { budget_usd: budget } = request;
      if (budget == null) return invokeAnswerOf(await answer(request.group, asked, scope));
      requireAffordable(groupOf(request.group), asked, budget);
      const mayTry = ({ usage }: FailedAttempts) => (usage.usd ?? 0) < budget;
      return invokeAnswerOf(await answer(request.group, asked, scope, undefined, mayTry));
    },
  };
}

/** No call begins that could cost more than it may. */
function requireAffordable({ gateway: models, models: all }: OpenGroup, asked: ModelRequest, budget: number): void {
  const { price, inputTokens, maxOutputTokens = 0 } = models.estimate(all(), asked);
  const most = price ? (inputTokens * price.input + maxOutputTokens * price.output) / 1e6 : 0;
  if (most <= budget) return;
  throw gatewayError(
    'budget_exceeded',
    'budget',
    `The call can cost ${most.toFixed(4)} US dollars, and ${budget.toFixed(4)} are left. Raise the budget, or lower max_tokens.`,
  );
}

function requireModels({ name }: ModelGroup, models: readonly GroupModel[]): readonly GroupModel[] {
  if (models.length > 0) return models;
  throw gatewayError('no_models_available', 'definition', `The model group "${name}" has no models.`);
}

const withTemperature = (request: ModelRequest, { temperature }: ModelGroup): ModelRequest =>
  request.temperature !== undefined || temperature === undefined ? request : { ...request, temperature };

/** A model has one breaker and one pace in all groups. */
function shared<Part>(make: (model: string) => Part): (model: string) => Part {
  const made = new Map<string, Part>();
  return (model) => {
    const part = made.get(model) ?? make(model);
    made.set(model, part);
    return part;
  };
}
