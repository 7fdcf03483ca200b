/** `troupe invoke` of a deployment: runs the code that was deployed, in this process. */
import type { Json } from '../../values/json.ts';
import { toFailure } from '../../values/failure.ts';
import type { VersionView } from '../../deployments/record.ts';
import type { VersionChoice } from '../../deployments/names.ts';
import { attach } from '../../runtime/attach.ts';
import { mayRetry } from '../../runtime/retry.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import type { Cli } from '../cli.ts';
import { deploymentPlace, type DeploymentPlace } from '../deploymentPlace.ts';
import { cliErrorMessage, UsageError } from '../exit.ts';
import { followRun } from '../follow.ts';
import { readRunInput } from '../input.ts';
import { runtimeOptions, type FollowOptions } from '../options.ts';
import { writeMessage } from '../output/write.ts';
import { loadPinned, type DeploymentOrigin } from '../pinnedDefinition.ts';
import { runOriginOf, type RunOrigin } from '../runRows.ts';
import { metaOf, startOfVersion } from '../versionStart.ts';
import { chosenBy } from './deployments.ts';

/** The options of `troupe invoke` for a deployment. */
export interface InvokeDeploymentOptions extends FollowOptions, VersionChoice {
  /** The input, as `readRunInput` reads it. */
  readonly input?: string;
  /** Properties of the input, as `key=value`. */
  readonly set: readonly string[];
  /** The id of the run; a new one by default. */
  readonly key?: string;
  /** When the run of the key has failed, goes on from the step that failed; false by default. */
  readonly retry?: boolean;
}

/** Runs a version of a deployment. Resolves to the exit code. */
export async function invokeDeployment(cli: Cli, name: string, options: InvokeDeploymentOptions): Promise<number> {
  const { key } = options;
  const { input } = await readRunInput(cli, options.input, options.set);
  const choice = chosenBy(name, options);
  const place = deploymentPlace(cli, options);
  // A deployment that is not there is told before a journal is made.
  await place.deployments.list(choice.name).catch((thrown: unknown) => {
    throw toFailure(thrown).kind !== 'unknown_recipient'
      ? thrown
      : new UsageError(
          `${cliErrorMessage(thrown)} What nodes offer is run with --nats URL, and a workflow of an orchestrator with --orchestrator URL.`,
          { cause: thrown },
        );
  });
  await using runtime = await cli.open(runtimeOptions(cli, options));
  const origin = await originOfRun(runtime, choice, key);
  if (origin && key !== undefined && input === undefined)
    return await joinRun(cli, runtime, place, { ...options, key }, origin);
  const begun = origin && { version: origin.deployment.version };
  const version = await place.deployments.get(choice.name, begun ?? choice);
  return await invokeVersion(cli, runtime, place, version, input, options);
}

/** Runs one version, in this process, and follows the run. Resolves to the exit code. */
export async function invokeVersion(
  cli: Cli,
  runtime: Runtime,
  place: Pick<DeploymentPlace, 'bundles'>,
  version: VersionView,
  input: Json | undefined,
  { key, retry, ...options }: FollowOptions & { readonly key?: string; readonly retry?: boolean },
): Promise<number> {
  const start = startOfVersion(version, input);
  const loaded = await loadPinned(place, version, start.settings);
  const begin = () =>
    runtime
      .start(loaded.subject, start.input ?? {}, {
        meta: metaOf(version, start.settings),
        ...(key === undefined ? {} : { key }),
        ...(retry ? { retry } : {}),
      })
      .catch((thrown: unknown) => {
        throw ['invalid', 'unknown_message'].includes(toFailure(thrown).kind)
          ? new UsageError(`${cliErrorMessage(thrown)} ${inputHint(version)}`, { cause: thrown })
          : thrown;
      });
  const join = (signal: AbortSignal) =>
    attach(begin, cli.clock, {
      signal,
      waiting: () =>
        writeMessage(
          cli,
          `Another process is at work on the run ${key}; waiting for it. Press Ctrl-C to stop waiting; the run goes on.`,
        ),
    });
  return followRun(cli, runtime, loaded, key === undefined ? begin : join, options);
}

type OwnOrigin = RunOrigin & { readonly deployment: DeploymentOrigin };

/** A run that is there goes on with the version that it was begun with, wherever the tags are now; undefined for a new one, or when another version is named. */
async function originOfRun(
  { journal }: Pick<Runtime, 'journal'>,
  { name, version, tag }: { name: string } & VersionChoice,
  key: string | undefined,
): Promise<OwnOrigin | undefined> {
  if (key === undefined || tag !== undefined) return undefined;
  const [root] = await journal.find({ run: key, parent: null, limit: 1 });
  const origin = root && runOriginOf(root);
  const deployment = origin?.deployment;
  const isThis = deployment?.name === name && (version ?? deployment.version) === deployment.version;
  return isThis ? { ...origin, deployment } : undefined;
}

/** Without an input a run that is there is continued, or its result is printed again. */
async function joinRun(
  cli: Cli,
  runtime: Runtime,
  place: DeploymentPlace,
  { key, retry, ...options }: InvokeDeploymentOptions & { readonly key: string },
  { deployment, args }: OwnOrigin,
): Promise<number> {
  const loaded = await loadPinned(place, deployment, args);
  const [root] = await runtime.journal.find({ run: key, parent: null, limit: 1 });
  const again = retry === true && root !== undefined && mayRetry(root);
  const begin = () => (again ? runtime.retry(key, loaded.subject) : runtime.resume(key, loaded.subject));
  return followRun(cli, runtime, loaded, (signal) => attach(begin, cli.clock, { signal }), options);
}

const inputHint = ({ name, version }: VersionView): string =>
  `Give it an input with --input; "troupe deployments show ${name}@${version}" shows what it takes.`;
