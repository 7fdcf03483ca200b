/** Prints, after a run, what each room of the tests cost beside its budget. A budget is a share of the whole, so that it says the same on every machine. */
import type { Reporter, TestModule, Vitest } from 'vitest/node';
import { budgets } from './rooms.ts';

interface Cost {
  files: number;
  tests: number;
  /** Processor seconds, those of child processes included. */
  seconds: number;
}

/** A share is compared only where the whole suite ran: below this many rooms it is of something else. */
const isWhole = (rooms: number) => rooms >= Object.keys(budgets).length;

export default class CostReporter implements Reporter {
  #folder = '';

  onInit({ config }: Vitest): void {
    this.#folder = `${config.root}/test/`;
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    const rooms = new Map<string, Cost>();
    for (const module of modules) {
      const room = roomOf(module.moduleId.slice(this.#folder.length));
      const { files, tests, seconds } = rooms.get(room) ?? { files: 0, tests: 0, seconds: 0 };
      const count = [...module.children.allTests()].length;
      rooms.set(room, { files: files + 1, tests: tests + count, seconds: seconds + (module.meta().cost ?? 0) });
    }
    const whole = [...rooms.values()].reduce((sum, { seconds }) => sum + seconds, 0);
    const judged = isWhole(rooms.size);
    const over: string[] = [];
    const rows = [...rooms]
      .sort(([, a], [, b]) => b.seconds - a.seconds)
      .map(([room, { files, tests, seconds }]) => {
        const share = whole === 0 ? 0 : (100 * seconds) / whole;
        const budget = budgets[room] ?? 0;
        const isOver = judged && share > budget;
        if (isOver) over.push(room);
        return [
          room,
          files,
          tests,
          seconds.toFixed(1),
          `${share.toFixed(0)} %`,
          judged ? `${budget} %` : '',
          isOver ? 'over its budget' : '',
        ];
      });
    print([['room', 'files', 'tests', 'processor s', 'share', 'budget', ''], ...rows]);
    print([['', '', '', `${whole.toFixed(1)} s in all`]]);
    if (over.length === 0) return;
    console.log(
      `Over budget: ${over.join(', ')}. Make these tests cheaper, or change their share in test/reporter/rooms.ts.\n`,
    );
    // A share says the same on a slow machine as on a quick one; even so it fails a run only where that was asked for.
    if (process.env['TROUPE_BUDGETS'] === 'strict') process.exitCode = 1;
  }
}

/** The folder a test file is in; files directly in test/ are one room. */
const roomOf = (path: string): string => (path.includes('/') ? path.slice(0, path.indexOf('/')) : '.');

function print(rows: readonly (readonly (string | number)[])[]): void {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => String(row[column] ?? '').length)));
  for (const row of rows)
    console.log(
      row
        .map((cell, column) =>
          column === 0 ? String(cell).padEnd(widths[0]!) : String(cell).padStart(widths[column]!),
        )
        .join('  ')
        .trimEnd(),
    );
}
