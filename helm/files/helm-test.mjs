// What `helm test` runs: the service becomes ready, and its metrics say who it is.
const { SERVICE_URL, EXPECTED_VERSION, PATIENCE_SECONDS } = process.env;
const PAUSE_MS = 2_000;

async function ask(path) {
  const answer = await fetch(`${SERVICE_URL}${path}`, { signal: AbortSignal.timeout(10_000) });
  const body = await answer.text();
  if (!answer.ok) throw new Error(`${SERVICE_URL}${path} answers ${answer.status}: ${body.trim()}`);
  return body;
}

// Right after an install, images are still pulled and the group is still joined.
async function untilReady() {
  const deadline = Date.now() + PATIENCE_SECONDS * 1_000;
  for (;;) {
    try {
      return await ask('/readyz?verbose');
    } catch (error) {
      if (Date.now() + PAUSE_MS > deadline) throw error;
    }
    await new Promise(resolve => setTimeout(resolve, PAUSE_MS));
  }
}

try {
  console.log(await untilReady());
  const metrics = await ask('/metrics');
  const info = /^tiktok_sync_build_info\{.*\} 1$/m.exec(metrics)?.[0];
  if (info === undefined) throw new Error(`${SERVICE_URL}/metrics has no tiktok_sync_build_info`);
  console.log(info);
  if (!info.includes(`version="${EXPECTED_VERSION}"`))
    console.log(`The chart was made for version ${EXPECTED_VERSION}.`);
} catch (error) {
  // A Service without ready pods refuses the connection.
  console.error(error.cause?.message ?? error.message);
  console.error(
    `Not ready after ${PATIENCE_SECONDS} s. What is missing: kubectl logs, and /readyz?verbose of each pod.`,
  );
  process.exit(1);
}
