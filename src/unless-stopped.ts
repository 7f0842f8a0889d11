/** Ends the wait for something that may take long when a signal comes; what goes on behind it ends with the process. */

export async function unlessStopped<T>(work: Promise<T>, stop: AbortSignal): Promise<T | 'stopped'> {
  const stopped = Promise.withResolvers<'stopped'>();
  const onAbort = (): void => stopped.resolve('stopped');
  stop.addEventListener('abort', onAbort, { once: true });
  if (stop.aborted) onAbort();
  work.catch(() => {});
  try {
    return await Promise.race([work, stopped.promise]);
  } finally {
    stop.removeEventListener('abort', onAbort);
  }
}
