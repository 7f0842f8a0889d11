import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { engineAnswers, findDocker } from './docker-command.ts';
import { SandboxError } from './stack-contract.ts';

const OLDEST_JAVA = 17;
const PROMTOOL = 'promtool';

/** A program the sandbox needs, and the Debian packages that bring it, in order of preference. */
interface Need {
  readonly what: string;
  readonly packages: readonly string[];
  /** The command to call, or undefined when it is missing or too old. */
  readonly find: () => string | undefined;
}

const NEEDS = {
  java: {
    what: `Java ${OLDEST_JAVA} or newer`,
    packages: ['openjdk-17-jre-headless', 'default-jre-headless'],
    find: findJava,
  },
  maven: { what: 'Maven', packages: ['maven'], find: () => (runs('mvn', '--version') ? 'mvn' : undefined) },
  redis: {
    what: 'Redis 7',
    packages: ['redis-server'],
    find: () => (runs('redis-server', '--version') ? 'redis-server' : undefined),
  },
  openssl: {
    what: 'OpenSSL',
    packages: ['openssl'],
    find: () => (runs('openssl', 'version') ? 'openssl' : undefined),
  },
  jdk: {
    what: `a JDK ${OLDEST_JAVA} or newer`,
    packages: ['openjdk-17-jdk-headless', 'default-jdk-headless'],
    find: () => (runs('javac', '--version') ? 'javac' : undefined),
  },
  python: {
    what: 'Python 3 with venv',
    packages: ['python3-venv'],
    find: () => (runs('python3', '-c', 'import ensurepip, venv') ? 'python3' : undefined),
  },
  prometheus: {
    what: 'Prometheus with promtool',
    packages: ['prometheus'],
    // One package brings both, and what needs the one soon needs the other.
    find: () => (runs('prometheus', '--version') && runs(PROMTOOL, '--version') ? 'prometheus' : undefined),
  },
  docker: {
    what: 'a Docker engine and a docker command that builds with BuildKit',
    // Newer Debians have the engine, its command and its builder in packages of their own.
    packages: ['docker.io', 'docker-cli', 'docker-buildx'],
    find: findEngine,
  },
  debootstrap: {
    what: 'debootstrap',
    packages: ['debootstrap'],
    find: () => (runs('debootstrap', '--version') ? 'debootstrap' : undefined),
  },
  compose: {
    what: 'docker-compose',
    packages: ['docker-compose'],
    find: () => (runs('docker-compose', 'version') ? 'docker-compose' : undefined),
  },
} satisfies Record<string, Need>;

/**
 * The command of a program; installs it by apt when this user may.
 * @throws SandboxError `PREREQUISITE_MISSING` naming the package
 */
export function requireProgram(name: keyof typeof NEEDS, onProgress: (line: string) => void): string {
  const need: Need = NEEDS[name];
  const found = need.find();
  if (found !== undefined) return found;
  if (process.getuid?.() === 0 && runs('apt-get', '--version')) {
    for (const candidate of need.packages) {
      onProgress(`${need.what} is missing: installing ${candidate} with apt-get …`);
      if (!install(candidate)) continue;
      const installed = need.find();
      if (installed !== undefined) return installed;
    }
  }
  throw new SandboxError(
    'PREREQUISITE_MISSING',
    `The sandbox needs ${need.what}. Install it, for example: sudo apt-get install ${need.packages[0]}`,
  );
}

/**
 * The command that checks metrics, rules and their tests; it comes with Prometheus.
 * @throws SandboxError `PREREQUISITE_MISSING` naming the package
 */
export function requirePromtool(onProgress: (line: string) => void): string {
  requireProgram('prometheus', onProgress);
  return PROMTOOL;
}

function install(name: string): boolean {
  // RUNLEVEL keeps the package from starting a system-wide server beside ours.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  // One after the other: apt waits for dpkg's lock when told to, but fails at once where another one reads the package lists.
  // The lock is on a folder that is there anyway, so that nothing is left.
  const oneByOne = [tmpdir(), 'apt-get', '-o', 'DPkg::Lock::Timeout=300'];
  const apt = (...args: string[]) => spawnSync('flock', [...oneByOne, ...args], { env, stdio: 'ignore' }).status === 0;
  const get = () => apt('install', '-y', '--no-install-recommends', name);
  return get() || (apt('update') && get());
}

/** The command, where an engine answers it or can be started. */
function findEngine(): string | undefined {
  const command = findDocker();
  if (command === undefined) return undefined;
  return runs('dockerd', '--version') || engineAnswers(command) ? command : undefined;
}

function findJava(): string | undefined {
  const home = process.env.JAVA_HOME;
  const candidates = home === undefined ? ['java'] : [join(home, 'bin', 'java'), 'java'];
  return candidates.find(java => javaVersion(java) >= OLDEST_JAVA);
}

function javaVersion(java: string): number {
  const printed = spawnSync(java, ['-version'], { encoding: 'utf8' }).stderr ?? '';
  return Number(/version "(\d+)/.exec(printed)?.[1] ?? 0);
}

function runs(command: string, ...args: string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}
