/**
 * `npm run bench`: the throughput run. `npm run bench -- NAME [options]`: one of the others, each of which prints its
 * figures and the machine, and ends with exit code 1 when a bound is not met.
 */

const BENCHES: Readonly<Record<string, () => Promise<{ run(args: readonly string[]): Promise<void> }>>> = {
  isolation: () => import('./isolation.ts'),
  poison: () => import('./poison.ts'),
  outage: () => import('./outage.ts'),
  rotation: () => import('./rotation.ts'),
  'redis-memory': () => import('./redis-memory.ts'),
};

const [name, ...args] = process.argv.slice(2);
if (name === undefined || name.startsWith('-')) {
  await import('./bench.ts');
} else {
  const load = BENCHES[name];
  if (load === undefined) {
    console.error(
      `There is no bench ${name}; there are ${Object.keys(BENCHES).join(', ')}, and throughput without a name.`,
    );
    process.exit(2);
  }
  await (await load()).run(args);
}
