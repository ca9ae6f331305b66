// A receiver of webhooks as the library of Standard Webhooks has it: takes what its signature proves, and tells of it. The
// first attempt of all is answered with 503, as a receiver that is being deployed would.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { text } from 'node:stream/consumers';
import { Webhook } from 'standardwebhooks';
import { ask, given, listen, say } from './conversation.mjs';

let webhook;
let refused = 0;
const url = await listen(async (request, response) => {
  const body = await text(request);
  if (refused === 0) {
    refused += 1;
    response.writeHead(503).end();
    say({ refused: request.headers['webhook-id'] });
    return;
  }
  try {
    const event = webhook.verify(body, request.headers);
    response.writeHead(204).end();
    say({ event, id: request.headers['webhook-id'] });
  } catch (error) {
    response.writeHead(400).end();
    say({ unverified: String(error) });
  }
}, (handler) => createServer({ key: readFileSync(given.key), cert: readFileSync(given.certificate) }, handler), 'https');
webhook = new Webhook((await ask({ listening: `${url}/grantor` })).secret);
