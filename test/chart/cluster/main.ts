/**
 * `npm run chart:cluster`: the chart on a Kubernetes cluster, any that KUBECONFIG leads to. It makes a namespace of its
 * own, lets a release live in it from install to uninstall, with the defaults and with everything optional, and removes
 * the namespace, also after a failure.
 *
 * On a cluster that only pretends to run pods, containers, probes, logs and the network are not tried; on a real one
 * pass what the pods need to become ready: `npm run chart:cluster -- --values mine.yaml --set image.tag=1.2.3`.
 */

import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { apiVersions, CheckFailed, HELM, listableKinds, Namespace, run, serverVersion, together } from './commands.ts';
import { type Check, liveAndLetGo } from './lifecycle.ts';
import { VARIANTS, valuesOf } from './variants.ts';

const USAGE = `Usage: KUBECONFIG=FILE npm run chart:cluster -- [options]
  --set PATH=VALUE   passed on to Helm, as often as needed, for instance image.repository=… and image.tag=…
  --values FILE      passed on to Helm; on a cluster that really runs pods: brokers, registry, Redis
  --timeout SECONDS  how long a workload may take to become ready (default 120)
Exit codes: 0 passed, 1 a check failed, 2 wrong arguments or no cluster.`;

/** Enough for the few pods of a release, and it makes requests and memory limits mandatory. */
const QUOTA = { pods: '40', 'requests.cpu': '40', 'requests.memory': '100Gi', 'limits.memory': '100Gi' };

const LEVELS = ['enforce', 'warn', 'audit'].map(mode => [`pod-security.kubernetes.io/${mode}`, 'restricted'] as const);

const started = performance.now();
const seconds = () => ((performance.now() - started) / 1_000).toFixed(1).padStart(6);
let passed = 0;
let interrupted = false;

function say(text: string): void {
  console.log(`${seconds()} s  ${text}`);
}

const check: Check = async (what, work) => {
  if (interrupted) throw new CheckFailed('interrupted');
  const begun = performance.now();
  try {
    const found = await work();
    passed++;
    say(
      `ok    ${what}${found === undefined ? '' : `: ${found}`} (${((performance.now() - begun) / 1_000).toFixed(1)} s)`,
    );
  } catch (error) {
    say(`FAIL  ${what}`);
    throw error;
  }
};

// The programs that are running get Ctrl-C themselves; what is left to do here is to remove the namespace.
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    interrupted = true;
  });
}

interface Given {
  readonly extra: readonly string[];
  readonly patienceMs: number;
}

function given(): Given {
  const options = {
    set: { type: 'string', multiple: true },
    values: { type: 'string', multiple: true },
    timeout: { type: 'string', default: '120' },
    help: { type: 'boolean', short: 'h' },
  } as const;
  const { values } = parseArgs({ options });
  if (values.help) {
    console.log(USAGE);
    process.exit(0);
  }
  const { KUBECONFIG } = process.env;
  if (!KUBECONFIG) throw new Error('KUBECONFIG is not set; it says which cluster, so that no other is touched');
  const patienceMs = Number(values.timeout) * 1_000;
  if (!(patienceMs > 0)) throw new Error(`--timeout ${values.timeout} is no number of seconds`);
  const files = (values.values ?? []).flatMap(file => ['--values', file]);
  return { extra: [...files, ...(values.set ?? []).flatMap(text => ['--set', text])], patienceMs };
}

async function makeNamespace(namespace: Namespace): Promise<void> {
  const { name } = namespace;
  const objects = [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: Object.fromEntries(LEVELS) } },
    { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'quota', namespace: name }, spec: { hard: QUOTA } },
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'tiktok-tokens', namespace: name },
      stringData: { acme: 'token-of-acme' },
    },
  ];
  await run('kubectl', ['create', '--filename', '-'], together(objects));
  const containers = [{ name: 'x', image: 'x', securityContext: { privileged: true } }];
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x' }, spec: { containers } };
  await check('the namespace refuses a privileged pod', async () => {
    const refusal = namespace.kubectl(['create', '--dry-run=server', '--filename', '-'], JSON.stringify(pod));
    const said = await refusal.then(
      () => 'taken',
      (error: Error) => error.message,
    );
    if (!said.includes('violates PodSecurity "restricted')) throw new CheckFailed(said);
    return undefined;
  });
  // Made by controllers a moment later; until then they would look like left behind.
  await check('the namespace is complete', async () => {
    await namespace.kubectl([
      'wait',
      '--for=create',
      'serviceaccount/default',
      'configmap/kube-root-ca.crt',
      '--timeout=30s',
    ]);
    return undefined;
  });
}

/** What controllers and kubelets complained of; with the namespace it would be gone. */
async function tellWarnings(namespace: Namespace): Promise<void> {
  const events = await namespace.list('events').catch(() => []);
  const warnings = events.filter(event => event['type'] === 'Warning');
  for (const text of new Set(warnings.map(event => `${event['reason']}: ${event['message']}`))) say(`      ${text}`);
}

async function tryVariants({ extra, patienceMs }: Given, version: string, name: string): Promise<void> {
  const [kinds, served] = await Promise.all([listableKinds(), apiVersions()]);
  for (const variant of VARIANTS) {
    const namespace = new Namespace(`${name}-${variant.name}`);
    const { values, leftOut } = valuesOf(variant, served);
    say(`      ${variant.name}, in the namespace ${namespace.name}`);
    if (leftOut.length > 0) say(`      left out, as this cluster does not know them: ${leftOut.join(', ')}`);
    try {
      await makeNamespace(namespace);
      await liveAndLetGo(namespace, { values, extra, kinds, version, patienceMs }, check);
    } catch (error) {
      await tellWarnings(namespace);
      throw error;
    } finally {
      await run('kubectl', ['delete', 'namespace', namespace.name, '--ignore-not-found', '--timeout=120s']);
      say(`      namespace ${namespace.name} removed`);
    }
  }
}

try {
  const arguments_ = given();
  const version = await serverVersion();
  const helm = (await run(HELM, ['version', '--short'])).stdout.trim();
  say(`      Kubernetes ${version}, Helm ${helm}`);
  try {
    await tryVariants(arguments_, version, `tiktok-sync-${randomBytes(3).toString('hex')}`);
    const took = Math.round((performance.now() - started) / 1_000);
    console.log(`chart:cluster passed: ${passed} checks in ${took} s on Kubernetes ${version}`);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    console.error(`chart:cluster failed after ${passed} checks on Kubernetes ${version}`);
    process.exitCode = 1;
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  console.error(USAGE);
  process.exitCode = 2;
}
