"""What tests stand on, made by the services in transactions of their own."""

from tests.factories.clients import Client, client_of
from tests.factories.dossiers import Files, make_file, upload
from tests.factories.family import Family, make_family
from tests.factories.tenants import Tenant, make_tenant

__all__ = ["Client", "Family", "Files", "Tenant", "client_of", "make_family", "make_file", "make_tenant", "upload"]
