// openapi-fetch with the types that openapi-typescript made of openapi/admin.json: what is not in the description does
// not compile.
import createClient from 'openapi-fetch';
import type { paths } from './admin-types.js';

interface Given {
  address: string;
  accessToken: string;
  slug: string;
}

const given: Given = JSON.parse(process.argv[2] ?? '{}');
const client = createClient<paths>({
  baseUrl: `${given.address}/admin/v1`,
  headers: { authorization: `Bearer ${given.accessToken}` },
});

const created = await client.POST('/tenants', { body: { slug: given.slug, name: 'Made by TypeScript' } });
if (!created.data) throw new Error(JSON.stringify(created.error));
const again = await client.POST('/tenants', { body: { slug: given.slug, name: 'Once more' } });
const read = await client.GET('/tenants/{tenant}', { params: { path: { tenant: created.data.slug } } });

process.stdout.write(`${JSON.stringify({
  result: { issuer: read.data?.issuer, name: read.data?.name, problem: again.error?.type },
})}\n`);
