import { type Config, loadConfig } from '../../src/config.ts';
import { ALL_OPTIONS } from '../../src/config-options.ts';
import { NO_FLAGS } from '../../src/config-sources.ts';

const REQUIRED = {
  'kafka.brokers': ['localhost:9092'],
  'registry.url': 'http://localhost:8081',
  'redis.url': 'redis://localhost:6379',
};

/** A valid configuration for tests: what must be set points at localhost, `options` (by path) beat the rest. */
export function testConfig(options: Readonly<Record<string, unknown>> = {}): Config {
  const env = Object.entries({ ...REQUIRED, ...options }).map(([path, value]) => {
    const name = ALL_OPTIONS.get(path)?.env;
    if (name === undefined) throw new Error(`${path}: there is no such option`);
    return [name, value === null ? '' : String(value)];
  });
  const loaded = loadConfig({ flags: NO_FLAGS, env: Object.fromEntries(env), readFile: noFile });
  if (!loaded.ok) throw new Error(loaded.problems.map(({ option, message }) => `${option}: ${message}`).join('\n'));
  return loaded.config;
}

function noFile(path: string): string {
  throw new Error(`${path}: no file is to be read`);
}
