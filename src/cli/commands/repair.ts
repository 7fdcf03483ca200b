/** `troupe doctor --repair`: sets runs aside that are damaged, after it has written a copy of each; without `--yes` it only says what it would do. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isProcessAlive } from '../../runtime/standing.ts';
import type { Damage, Journal } from '../../journal/journal.ts';
import { toFailure, type Failure } from '../../values/failure.ts';
import { isJsonObject, type Json } from '../../values/json.ts';
import type { Cli } from '../cli.ts';
import { cliErrorMessage } from '../exit.ts';

/** What one check of `troupe doctor` has found, or what came of a repair. */
export interface DoctorFinding {
  readonly what: string;
  readonly ok: boolean | 'note';
  readonly says: string;
}

/** How runs are set aside. */
export interface RepairOptions {
  readonly cli: Cli;
  readonly journal: Journal;
  readonly damage: readonly Damage[];
  /** The folder of the copies. */
  readonly folder: string;
  /** Do it; else only say what would be done. */
  readonly yes: boolean;
  /** Makes the process `owner` load a run that it has and may not have read; on a server. */
  readonly load?: (run: string, owner: string) => Promise<void>;
}

/** One finding for each run, or one that says that there is none. */
export async function repair(options: RepairOptions): Promise<DoctorFinding[]> {
  const { cli, damage, folder, yes } = options;
  const runs = [...new Set(damage.flatMap(({ run }) => run ?? []))];
  if (runs.length === 0) return [{ what: 'repair', ok: true, says: 'no run is damaged' }];
  const findings: DoctorFinding[] = [];
  for (const run of runs) {
    const file = join(folder, `${encodeURIComponent(run)}.${cli.clock.now()}.json`);
    const wrong = damage.find((each) => each.run === run)?.what ?? '';
    findings.push(
      yes
        ? await setAside(options, run, file)
        : {
            what: 'repair',
            ok: 'note',
            says: `The run "${run}" would be set aside (${wrong}): a copy of all that is stored of it goes to ${file}, and its key is free. Asked for again under its key it begins anew, and does again what it has done. Do it with --repair --yes.`,
          },
    );
  }
  return findings;
}

async function setAside(options: RepairOptions, run: string, file: string): Promise<DoctorFinding> {
  const { cli, journal, load } = options;
  const attempt = async () => {
    if (!journal.setAside) throw new Error('this journal cannot set runs aside');
    await journal.setAside(run, {
      now: cli.clock.now(),
      alive: isProcessAlive,
      keep: (copy) => write(file, copy),
    });
  };
  try {
    await attempt().catch(async (thrown: unknown) => {
      const owner = ownerIn(toFailure(thrown));
      if (owner === undefined || !load) throw thrown;
      // A node that has the run as one that waits has not read it. It gives it back when it cannot.
      await load(run, owner);
      await attempt();
    });
    const says = `The run "${run}" was set aside: what was stored of it is in ${file}. Its key is free.`;
    return { what: 'repair', ok: true, says };
  } catch (thrown) {
    return { what: 'repair', ok: false, says: `The run "${run}" was left as it is. ${cliErrorMessage(thrown)}` };
  }
}

/** The process that has the run, where that is why it was left as it is. */
function ownerIn({ kind, data }: Failure): string | undefined {
  const owner = kind === 'owned_elsewhere' && isJsonObject(data) ? data['owner'] : undefined;
  return typeof owner === 'string' ? owner : undefined;
}

/** Only for its owner: it has what the run was given and has said. */
function write(file: string, copy: readonly Json[]): void {
  mkdirSync(join(file, '..'), { recursive: true, mode: 0o700 });
  writeFileSync(file, copy.map((each) => `${JSON.stringify(each)}\n`).join(''), {
    mode: 0o600,
    flag: 'wx',
    flush: true,
  });
}
