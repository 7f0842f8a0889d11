// `npm run -s sbom`: the software bill of materials of what the service runs on (CycloneDX, on standard output), from
// package.json and package-lock.json alone. `npm sbom --omit dev` would leave out what a development tool needs as well
// (undici, yaml: seen with npm 11.19), so npm is given a copy of both files in which there are no development packages.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from '../bin/node-runtime.js';

const read = name => JSON.parse(readFileSync(join(projectRoot, name), 'utf8'));

const { devDependencies: _, ...manifest } = read('package.json');
const lock = read('package-lock.json');
const production = Object.entries(lock.packages).filter(([, { dev }]) => dev !== true);
const packages = Object.fromEntries(production);
const { devDependencies: __, ...root } = packages[''];

const folder = mkdtempSync(join(tmpdir(), 'tiktok-sync-sbom-'));
try {
  // npm names the whole after its folder.
  const cwd = join(folder, manifest.name);
  mkdirSync(cwd);
  writeFileSync(join(cwd, 'package.json'), JSON.stringify(manifest));
  writeFileSync(join(cwd, 'package-lock.json'), JSON.stringify({ ...lock, packages: { ...packages, '': root } }));
  const args = ['sbom', '--package-lock-only', '--sbom-type', 'application', '--sbom-format', 'cyclonedx'];
  const { error, status } = spawnSync('npm', args, { cwd, stdio: ['ignore', 'inherit', 'inherit'] });
  if (error !== undefined) console.error(`npm cannot be run: ${error.message}`);
  process.exitCode = status ?? 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
