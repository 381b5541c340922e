"""The worked example of domain rule 35: a VOF and its partners."""

from dataclasses import dataclass
from typing import Any

from tests.factories.clients import Client
from tests.factories.tenants import Tenant


@dataclass
class Family:
    vof: dict[str, Any]
    henk_own: dict[str, Any]
    jan_own: dict[str, Any]
    henk_id: str
    jan_id: str
    henk: Client
    jan: Client


async def make_family(office: Tenant) -> Family:
    """Made by Anna; both partners are linked to the VOF, each to his own relation, and signed in."""
    vof = await office.relation("100", name="De Vries Fietsen VOF", legal_form="vof")
    own, ids = [], []
    for place, (first, surname) in enumerate((("Henk", "de Vries"), ("Jan", "Lammers")), 1):
        person = {"type": "person", "name": None, "legal_form": None, "first_names": first, "surname": surname}
        relation = await office.relation(f"100.{place}", **person)
        body = {
            "number": f"100.{place}",
            "email": f"{first.lower()}@example.nl",
            "first_names": first,
            "surname": surname,
        }
        contact = (await office.anna.post("/v1/contacts", json=body)).json()
        for each in (vof, relation):
            await office.anna.put(f"/v1/relations/{each['id']}/contacts/{contact['id']}", json={"portal_access": True})
        own.append(relation)
        ids.append(contact["id"])
    henk, jan = await office.contact(ids[0]), await office.contact(ids[1])
    return Family(vof, own[0], own[1], ids[0], ids[1], henk, jan)
