import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { docker, findDocker, runDocker } from '../../sandbox/docker-command.ts';

/** Two folders on the path, and nothing else. */
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tiktok-sync-docker-'));
  vi.stubEnv('PATH', [join(folder, 'a'), join(folder, 'b')].join(delimiter));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

/** A docker of this version in one of the folders; `buildx` says whether the plug-in is there. */
function install(where: 'a' | 'b', version: string, buildx = false): string {
  const command = join(folder, where, 'docker');
  mkdirSync(join(folder, where), { recursive: true });
  const script = `case "$1" in
    --version) echo "Docker version ${version}, build 0" ;;
    buildx) exit ${buildx ? 0 : 1} ;;
    fail) echo first; echo "no such image" >&2; exit 3 ;;
    *) echo "$DOCKER_HOST $DOCKER_BUILDKIT $*" ;;
  esac`;
  writeFileSync(command, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return command;
}

describe('the docker command', () => {
  it('is the first on the path that builds with BuildKit', () => {
    expect(findDocker()).toBeUndefined();
    install('a', '28.2.2');
    expect(findDocker()).toBeUndefined();
    const old = install('b', '20.10.24');
    expect(findDocker()).toBe(old);
    const complete = install('a', '28.2.2', true);
    expect(findDocker()).toBe(complete);
  });

  it('is run against the engine that is named, with BuildKit', async () => {
    const command = install('a', '20.10.24');
    expect(await docker(command, ['ps', '--all'], { host: 'unix:///tmp/x' })).toBe('unix:///tmp/x 1 ps --all');
  });

  it('fails with what it said', async () => {
    const command = install('a', '20.10.24');
    await expect(docker(command, ['fail'])).rejects.toMatchObject({
      code: 'COMMAND_FAILED',
      message: 'docker fail failed (exit code 3).\nfirst\n\nno such image',
    });
    expect(await runDocker(command, ['fail'])).toEqual({ exitCode: 3, out: 'first\n', err: 'no such image\n' });
  });
});
