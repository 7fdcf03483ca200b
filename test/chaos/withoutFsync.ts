/** The control of the power cuts: the same writer on the same journal, without fsync. It must lose commits that it acknowledged. */
interface Executes {
  exec(sql: string): unknown;
}

/** For either SQLite library: the pragma that makes a commit wait for the disk is set to OFF. */
for (const name of ['node:sqlite', 'libsql']) {
  const library = (await import(name).catch(() => ({}))) as Record<string, { prototype: Executes } | undefined>;
  const { prototype } = library['DatabaseSync'] ?? library['default'] ?? {};
  if (!prototype || typeof prototype.exec !== 'function') continue;
  const { exec } = prototype;
  prototype.exec = function (this: Executes, sql) {
    return exec.call(this, sql.replace('synchronous = FULL', 'synchronous = OFF'));
  };
}
await import('../journal/fixtures/writer.ts');
