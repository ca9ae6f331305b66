"""The client that openapi-python-client made of openapi/admin.json: makes a tenant and says what came of it."""

import json
import sys

from admin_client import AuthenticatedClient
from admin_client.api.tenants import create_tenant, read_tenant
from admin_client.models import Problem, Tenant, TenantRequest

given = json.loads(sys.argv[1])
client = AuthenticatedClient(base_url=f"{given['address']}/admin/v1", token=given["accessToken"])

created = create_tenant.sync(client=client, body=TenantRequest(slug=given["slug"], name="Made by Python"))
assert isinstance(created, Tenant), created
again = create_tenant.sync(client=client, body=TenantRequest(slug=given["slug"], name="Once more"))
assert isinstance(again, Problem), again
read = read_tenant.sync(client=client, tenant=created.slug)
assert isinstance(read, Tenant), read

print(json.dumps({"result": {"issuer": read.issuer, "name": read.name, "problem": again.type_}}))
