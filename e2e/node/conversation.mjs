// How a check and its client talk: one JSON document a line. The client says where a person must go (`visit`), what it
// listens on (`listening`, and waits for a line in return), and in the end what came of it (`result`).
import { createServer } from 'node:http';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

const answers = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

/** What the check gave this client. */
export const given = JSON.parse(process.argv[2] ?? '{}');

export function say(message) {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

/** Says something and waits until the check answers, with the document that it answers. */
export async function ask(message) {
  say(message);
  const { value, done } = await answers.next();
  if (done) throw new Error('the check ended before it answered');
  return JSON.parse(value);
}

/** Says what came of it, and ends. */
export function finish(result) {
  say({ result });
  process.exit(0);
}

/** A server on loopback, and its origin. */
export async function listen(handler, create = createServer, scheme = 'http') {
  const server = create(handler);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `${scheme}://localhost:${server.address().port}`;
}

/** A redirect URI on loopback, and the next answer that arrives there. */
export async function landing() {
  const arrived = [];
  let wake = () => {};
  const origin = await listen((request, response) => {
    response.setHeader('content-type', 'text/html').end('<!doctype html><title>Landed</title><h1>Landed</h1>');
    if (!request.url.startsWith('/callback')) return;
    arrived.push(new URL(request.url, origin));
    wake();
  });
  const redirectUri = `${origin}/callback`;
  const next = async () => {
    while (arrived.length === 0) await new Promise((resolve) => { wake = resolve; });
    return arrived.shift();
  };
  return { redirectUri, next };
}
