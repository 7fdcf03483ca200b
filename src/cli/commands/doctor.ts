/** `troupe doctor`: checks that everything troupe needs is present and works, and says what to do if not. */
import { workflowPackages } from '../../workflow/packages.ts';
import { errorMessage } from '../../values/cause.ts';
import { access, constants, statfs } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import type { Journal } from '../../journal/journal.ts';
import { natsPackages } from '../../nats/packages.ts';
import { installLine, type OptionalPackage } from '../../values/optional.ts';
import { propertiesOf } from '../../values/properties.ts';
import { cliErrorMessage, exitCodes } from '../exit.ts';
import { readsTypeScript } from '../load.ts';
import { useColors, type Cli } from '../cli.ts';
import { runtimeOptions, type CommonOptions } from '../options.ts';
import { connectCluster } from './cluster.ts';
import { repair, type DoctorFinding } from './repair.ts';
import { writeJson } from '../output/write.ts';
import { version } from '../../runtime/version.ts';

/** Bytes; less free space than this is reported. */
const scarce = 500 * 1024 * 1024;

/** What is checked, and whether it is mended. */
export interface DoctorOptions extends CommonOptions {
  /** Says which damaged runs would be set aside; false by default. */
  readonly repair?: boolean;
  /** With `repair`: sets them aside; false by default. */
  readonly yes?: boolean;
}

/** Prints one line per check. Resolves to exit code 1 when a check failed. */
export async function doctorCommand(cli: Cli, options: DoctorOptions): Promise<number> {
  const found: DoctorFinding[] = [
    { what: 'troupe', ok: true, says: version() },
    node(),
    ...optionalParts(),
    ...(await journal(cli, options)),
    await disk(cli, options),
    await models(cli),
  ];
  const findings = found.map((finding) => ({ ...finding, says: withoutItself(finding.says) }));
  if (options.json) writeJson(cli.out, findings);
  else
    for (const finding of findings)
      cli.out.write(`${mark(finding, useColors(cli, cli.out))} ${finding.what.padEnd(11)}${finding.says}\n`);
  return findings.every(({ ok }) => ok !== false) ? exitCodes.done : exitCodes.failed;
}

/** What is damaged says elsewhere that this command tells more. Here it is told what to do instead. */
function withoutItself(says: string): string {
  const sentences = says.split(/(?<=\.) /);
  const own = sentences.filter((sentence) => !sentence.includes('troupe doctor'));
  return own.length === sentences.length
    ? says
    : [...own, 'Keep a copy of it, then restore a backup; without one, begin anew in another file (--db).'].join(' ');
}

function node(): DoctorFinding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const ok = major > 20 || (major === 20 && minor >= 19);
  return {
    what: 'node',
    ok,
    says: ok ? process.versions.node : `${process.versions.node} is too old; troupe needs 20.19 or later.`,
  };
}

/** The packages of the providers of models. */
const modelPackages: readonly OptionalPackage[] = [
  '@ai-sdk/anthropic',
  '@ai-sdk/openai',
  '@ai-sdk/google',
  '@ai-sdk/openai-compatible',
];

const langGraphPackages: readonly OptionalPackage[] = ['@langchain/langgraph', '@langchain/core', 'langchain'];

/** Packages that Troupe does not bring along, and what does not work without each. */
function optionalParts(): DoctorFinding[] {
  const sqlite = process.getBuiltinModule?.('node:module').isBuiltin('node:sqlite') ?? false;
  return [
    readsTypeScript
      ? { what: 'typescript', ok: true, says: 'read by Node itself' }
      : part('typescript', ['tsx'], 'Files in TypeScript need tsx on this Node; JavaScript needs nothing.'),
    sqlite
      ? { what: 'sqlite', ok: true, says: 'node:sqlite' }
      : part('sqlite', ['libsql'], 'This Node has no SQLite of its own. Without libsql only --db memory works.', false),
    ...modelPackages.map((name) => part('provider', [name], 'Models of this provider cannot be called.')),
    part('mcp', ['@modelcontextprotocol/client'], 'Tools of MCP servers cannot be used.'),
    part('mcp server', ['@modelcontextprotocol/server'], 'Runs cannot be given to an assistant as tools.'),
    part('nats', natsPackages, 'A NATS server cannot be used.'),
    part('log', ['pino'], '--log cannot be used.'),
    part('pictures', ['elkjs'], 'troupe graph --svg cannot be used.'),
    part('traces', ['@opentelemetry/api'], 'runs are not traced.'),
    part('workflows', workflowPackages, 'Workflows in YAML cannot be used.'),
    part('adapters', ['ai'], 'Agents of the AI SDK cannot be used in flows.'),
    part('adapters', ['@openai/agents-core'], 'Agents of OpenAI Agents cannot be used in flows.'),
    part('adapters', langGraphPackages, 'Graphs of LangGraph cannot be used in flows.'),
    part('deploy', ['rolldown'], 'Files in TypeScript and JavaScript cannot be deployed.'),
    part('schedules', ['croner'], 'Schedules cannot be used.'),
    part('http', ['hono', '@hono/node-server'], 'Workflows and runs cannot be served over HTTP.'),
  ];
}

/** One that misses packages says what does not work, and the command that installs them. */
function part(
  what: string,
  names: readonly OptionalPackage[],
  without: string,
  ok: 'note' | false = 'note',
): DoctorFinding {
  const missing = names.filter((name) => !isInstalled(name));
  return missing.length === 0
    ? { what, ok: true, says: names.join(', ') }
    : { what, ok, says: `${without} ${installLine(missing)}` };
}

/** A package without a form for `require` is there as well: another error tells of it. */
function isInstalled(name: string): boolean {
  try {
    createRequire(import.meta.url).resolve(name);
    return true;
  } catch (thrown) {
    return propertiesOf(thrown)['code'] !== 'MODULE_NOT_FOUND';
  }
}

/** Opens the journal as a run would, and verifies the chain of every actor. */
async function journal(cli: Cli, options: DoctorOptions): Promise<DoctorFinding[]> {
  try {
    await using runtime = await cli.open(runtimeOptions(cli, options));
    const repaired = options.repair ? await repairIn(runtime.journal, cli, options) : [];
    const { actors, commits, damage } = await runtime.journal.verify();
    const shared = await runtime.journal.status?.();
    const where = shared ? 'shared' : journalPath(cli, options);
    const [first] = damage;
    const whole = `${where}: ${actors} actors, ${commits} commits, every chain whole`;
    const broken =
      first &&
      `${where} is damaged in ${damage.length} places, first in ${first.actor} at ${first.seq}: ${first.what}.`;
    const remedy = shared
      ? 'The runs in them cannot go on; the others can. Restore the store of the server if there is a copy.'
      : 'Those actors cannot go on; the others can. Restore a copy if there is one.';
    const aside = damage.some(({ run }) => run !== undefined)
      ? ' Without one, set the damaged runs aside (--repair shows which).'
      : '';
    // Damage in the log of a process that concerns no run goes with that log.
    const isOver = shared !== undefined && aside === '';
    return [
      ...repaired,
      !first
        ? { what: 'journal', ok: true, says: whole }
        : isOver
          ? { what: 'journal', ok: 'note', says: `${broken} It concerns no run any more, and goes with that log.` }
          : { what: 'journal', ok: false, says: `${broken} ${remedy}${aside}` },
      ...(shared ?? []),
    ];
  } catch (thrown) {
    return [{ what: 'journal', ok: false, says: cliErrorMessage(thrown) }];
  }
}

/** Sets damaged runs aside, or says which would be. The copies go beside the file of the journal, or to the folder of this machine's state. */
async function repairIn(journal: Journal, cli: Cli, options: DoctorOptions): Promise<DoctorFinding[]> {
  const { damage } = await journal.verify();
  const folder = isOnServer(cli, options) ? resolve(cli.cwd, '.troupe') : dirname(journalPath(cli, options));
  const load = isOnServer(cli, options)
    ? (run: string, owner: string) => loadAtNode(cli, options, run, owner)
    : undefined;
  return repair({
    cli,
    journal,
    damage,
    folder: join(folder, 'damaged'),
    yes: options.yes === true,
    ...(load ? { load } : {}),
  });
}

/** A process that is no node is left alone: it has read the runs that it has. */
async function loadAtNode(cli: Cli, options: CommonOptions, run: string, owner: string): Promise<void> {
  await using cluster = await connectCluster(cli, options);
  const holder = (await cluster.nodes()).find((node) => node.owner === owner);
  if (holder) await cluster.load(run, holder.name);
}

const isOnServer = (cli: Cli, options: CommonOptions): boolean =>
  options.db === undefined && (options.nats ?? cli.env['TROUPE_NATS']) !== undefined;

async function disk(cli: Cli, options: CommonOptions): Promise<DoctorFinding> {
  const isShared = isOnServer(cli, options);
  if (!isShared && journalPath(cli, options) === 'memory') return { what: 'disk', ok: true, says: 'not used' };
  const folder = isShared ? resolve(cli.cwd, '.troupe') : dirname(journalPath(cli, options));
  try {
    await access(folder, constants.W_OK);
    const { bavail, bsize } = await statfs(folder);
    const free = bavail * bsize;
    const says = `${(free / 1024 ** 3).toFixed(1)} GB free in ${folder}`;
    return free > scarce
      ? { what: 'disk', ok: true, says }
      : { what: 'disk', ok: 'note', says: `${says}; a full disk stops every run until there is room again.` };
  } catch (thrown) {
    const says = `${folder} cannot be written: ${errorMessage(thrown)}`;
    return isShared
      ? { what: 'disk', ok: 'note', says: `${says}. What is read of the shared journal is kept in memory.` }
      : { what: 'disk', ok: false, says };
  }
}

/** Only the names of keys; their values are never shown. */
async function models({ env }: Cli): Promise<DoctorFinding> {
  const { modelKeyVariables } = await import('../../runtime/runtime.ts');
  const present = modelKeyVariables.filter((name) => env[name]);
  return present.length > 0
    ? { what: 'models', ok: true, says: `${present.join(', ')} ${present.length > 1 ? 'are' : 'is'} set` }
    : {
        what: 'models',
        ok: 'note',
        says: `No key is set (${modelKeyVariables.join(', ')}); the offline model and local servers work without.`,
      };
}

const journalPath = ({ env, cwd }: Cli, { db = env['TROUPE_DB'] ?? '.troupe/troupe.db' }: CommonOptions): string =>
  db === 'memory' ? db : resolve(cwd, db);

function mark({ ok }: DoctorFinding, color: boolean): string {
  const [sign, code] = ok === true ? ['✓', 32] : ok === 'note' ? ['!', 33] : ['✗', 31];
  return color ? `\u001b[${code}m${sign}\u001b[0m` : sign;
}
