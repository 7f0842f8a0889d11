import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { requireProgram } from '../../sandbox/prerequisites.ts';

/** The only folder on the path, so that nothing of this machine is found or installed. */
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tiktok-sync-path-'));
  vi.stubEnv('PATH', folder);
  vi.stubEnv('JAVA_HOME', undefined);
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

function program(name: string, script: string): void {
  writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
}

/** An apt-get that fails beside another one, and whose install brings a Redis once the package lists were updated. */
function aptGet(): void {
  symlinkSync('/usr/bin/flock', join(folder, 'flock'));
  program(
    'apt-get',
    `[ "$*" = --version ] && exit
    /bin/mkdir ${folder}/lists-lock || exit 100
    trap '/bin/rmdir ${folder}/lists-lock' EXIT
    case "$*" in
      *update*) /bin/sleep 0.2; : > ${folder}/updated ;;
      *"install -y --no-install-recommends redis-server") [ -e ${folder}/updated ] || exit 100
        printf '#!/bin/sh\\n' > ${folder}/redis-server; /bin/chmod +x ${folder}/redis-server ;;
    esac`,
  );
}

describe('a missing program', () => {
  it('is installed by apt when this user is root, with a line that says so', () => {
    vi.spyOn(process, 'getuid').mockReturnValue(0);
    aptGet();
    const lines: string[] = [];
    expect(requireProgram('redis', line => lines.push(line))).toBe('redis-server');
    expect(lines).toEqual(['Redis 7 is missing: installing redis-server with apt-get …']);
  });

  it('is installed for several processes that miss it at the same time', async () => {
    aptGet();
    const module = new URL('../../sandbox/prerequisites.ts', import.meta.url);
    const code = `process.getuid = () => 0; const { requireProgram } = await import('${module}'); requireProgram('redis', () => {});`;
    const args = ['--input-type=module', '--eval', code];
    const env = { PATH: folder };
    const ends = [1, 2].map(() => promisify(execFile)(process.execPath, args, { env }).catch(({ stderr }) => stderr));
    expect(await Promise.all(ends)).toEqual([1, 2].map(() => expect.objectContaining({ stderr: '' })));
  });

  it('is named with its package when this user may not install it', () => {
    vi.spyOn(process, 'getuid').mockReturnValue(1000);
    aptGet();
    expect(() => requireProgram('redis', () => {})).toThrow(
      expect.objectContaining({
        code: 'PREREQUISITE_MISSING',
        message: 'The sandbox needs Redis 7. Install it, for example: sudo apt-get install redis-server',
      }),
    );
  });

  it('is brought before the first test; what cannot be is named, and the others are looked for all the same', async () => {
    const script = new URL('../../sandbox/prepare.ts', import.meta.url).pathname;
    program('openssl', '');
    const { stderr } = await promisify(execFile)(process.execPath, [script], { env: { PATH: folder } });
    const named = [...stderr.matchAll(/^The sandbox needs .*apt-get install (\S+)$/gm)].map(([, name]) => name);
    expect(named).toEqual(['openjdk-17-jre-headless', 'maven', 'redis-server', 'prometheus', 'docker-compose']);
  });

  it('is a Java that is too old, too', () => {
    vi.spyOn(process, 'getuid').mockReturnValue(1000);
    program('java', `echo 'openjdk version "11.0.2" 2019-01-15' >&2`);
    expect(() => requireProgram('java', () => {})).toThrow('The sandbox needs Java 17 or newer');
    program('java', `echo 'openjdk version "21.0.1" 2023-10-17' >&2`);
    expect(requireProgram('java', () => {})).toBe('java');
  });
});
