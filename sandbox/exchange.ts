import { connect } from 'node:net';

/** Sends bytes to a loopback port and gives back the first bytes of the answer, at least as many as asked for. */
export function exchange(port: number, request: Buffer, atLeast: number): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  let answer = Buffer.alloc(0);
  const socket = connect({ port, host: '127.0.0.1' }, () => socket.write(request));
  socket.setTimeout(2000, () => socket.destroy(new Error('no answer')));
  socket.on('data', part => {
    answer = Buffer.concat([answer, part]);
    if (answer.length >= atLeast) {
      resolve(answer);
      socket.destroy();
    }
  });
  socket.on('error', reject);
  socket.on('close', () => reject(new Error('closed before the answer was complete')));
  return promise;
}
