// What `helm test` runs: the service is ready, and its metrics say who it is.
const { SERVICE_URL, EXPECTED_VERSION } = process.env;

async function ask(path) {
  const answer = await fetch(`${SERVICE_URL}${path}`, { signal: AbortSignal.timeout(10_000) });
  const body = await answer.text();
  if (!answer.ok) throw new Error(`${SERVICE_URL}${path} answers ${answer.status}: ${body.trim()}`);
  return body;
}

try {
  console.log(await ask('/readyz?verbose'));
  const metrics = await ask('/metrics');
  const info = /^tiktok_sync_build_info\{.*\} 1$/m.exec(metrics)?.[0];
  if (info === undefined) throw new Error(`${SERVICE_URL}/metrics has no tiktok_sync_build_info`);
  console.log(info);
  if (!info.includes(`version="${EXPECTED_VERSION}"`))
    console.log(`The chart was made for version ${EXPECTED_VERSION}.`);
} catch (error) {
  // A Service without ready pods refuses the connection.
  console.error(error.cause?.message ?? error.message);
  console.error('Not ready. What is missing: kubectl logs, and /readyz?verbose of each pod.');
  process.exit(1);
}
