"""An office in which everything is filled in, with text that spreadsheets take for something else."""

from typing import Any

from sqlalchemy import text as sql

from tests.factories.conventions import made
from tests.factories.tenants import Tenant

BSNS = ("111222333", "123456782", "999990019")
ODD = (
    '=1+1', "+31", "-", "@SOM(A1)", "'s-Hertogenbosch", "'=2+2", "''", '"tussen"', "a; b", "a, b", "#N/A", "1-2",
    "1,5", "1E5", "TRUE", "_x0041_", "<b>&amp;</b>", "<r>x</r>", "é\u0301", "😀", "(vanaf 2024-01-01)", "nvt", "ja",
    "0012", "1234567890123456", "\uff1d1", "a|b", "x:y",
)  # fmt: skip
SIGNS = "=+-'"  # with which an address may begin
MEMO = '=cmd()\n\n"regel" 2; met punt\tkomma\n\'derde\u2028vierde\n@5'


def address(text: str, country: str = "NL") -> dict[str, Any]:
    return {
        "street": text, "house_number": "1-2", "addition": "=a", "postcode": "0012 x", "city": text, "country": country,
    }  # fmt: skip


class Full:
    """Relations of all types; each odd text in each field of text."""

    def __init__(self, office: Tenant) -> None:
        self.office = office
        self.lists: dict[str, list[str]] = {}
        self.parent = ""

    async def build(self) -> int:
        """How many relations are in use."""
        for path in ("labels", "products", "relation-kinds", "relation-groups"):
            names = [{"name": f"{text} {path}"} for text in ODD[:12]] + [{"name": "x; y"}, {"name": "'=z"}]
            self.lists[path] = [await self._make(path, body) for body in names]
        self.vat = await self._make("products", {"name": "Aangifte; btw (t/m 2024-12-31)", "filing_type": "vat"})
        await self._relation("100", type="organisation", name="De Vries", legal_form="vof", **self._numbers())
        for place, text in enumerate(ODD):
            await self._relation(f"{100 + place}.10", name=text, legal_form="bv", **self._texts(text, place))
            person = dict.fromkeys(("first_names", "initials", "prefix", "surname"), text)
            person |= {"type": "person", "born_on": "1850-01-01", "parent": "100"}
            await self._relation(f"{text}/p", **person, **self._texts(text, place + 1_000))
        await self._relation("200", type="internal", name="Kantoor zelf", legal_form="nv", employees=0)
        await self._relation("201", type="supplier", name="Leverancier", legal_form="foreign", status="prospect")
        await self._people()
        return 1 + 2 * len(ODD) + 2 + len(BSNS) + 2

    async def _make(self, path: str, body: dict[str, Any]) -> str:
        found: str = made(await self.office.admin.post(f"/v1/{path}", json=body))["id"]
        return found

    async def _relation(self, number: str, parent: str = "", **values: Any) -> str:
        if parent:
            values["parent_id"] = self.parent
        body = {"number": number, "type": "organisation"} | values
        found: str = made(await self.office.admin.post("/v1/relations", json=body))["id"]
        if number == "100":
            self.parent = found
        return found

    def _numbers(self) -> dict[str, Any]:
        labels, products = self.lists["labels"], self.lists["products"]
        terms = [(None, "2023-12-31"), ("2024-01-01", "2024-06-30"), ("2024-07-01", None)]
        return {
            "rsin": "999990044",
            "ob_number": "999990044B01",
            "vat_id": "NL999990044B01",
            "lh_numbers": ["999990044L01", "999990044L02"],
            "kvk_number": "00123456",
            "branch_numbers": ["000037178598", "000000000012"],
            "bank_accounts": ["NL91ABNA0417164300", "BE68539007547034"],
            "lh_filing_period": "four_weeks",
            "icp_filing_period": "none",
            "btw_filing_period": "quarter",
            "products": [
                *({"product_id": products[0], "starts_on": start, "ends_on": end} for start, end in terms),
                *({"product_id": each} for each in [*products[1:], self.vat]),
            ],
            "label_ids": labels,
            "fiscal_year_end": "02-29",
            "employees": 12,
            "website": "www.x.nl/a?b=;",
            "wwft": {"identified_on": "2026-01-12", "risk": "high", "review_on": "2029-01-12"},
            "extension_schemes": [
                {"tax": "corporation_tax", "year": 2025, "granted_on": "2026-03-02"},
                {"tax": "income_tax", "year": 2025, "granted_on": None},
            ],
        }

    def _texts(self, text: str, place: int) -> dict[str, Any]:
        pick = {name: ids[place % len(ids)] for name, ids in self.lists.items()}
        return {
            "phone": text,
            "email": f"{text[0] if text[0] in SIGNS else ''}x{place}@b.nl",
            "memo": f"{text}\n{MEMO}",
            "kind_id": pick["relation-kinds"],
            "group_id": pick["relation-groups"],
            "label_ids": [pick["labels"], self.lists["labels"][0], self.lists["labels"][1]][:: 2 if place else 1],
            "products": [{"product_id": pick["products"], "starts_on": "2024-01-01"}],
            "addresses": {"visiting": address(text), "postal": address(text, "BE"), "invoice": {"city": text}},
            "external_ids": {"afas": f"{text}{place}", "a.b_c-d": f"=;{text}{len(self.lists)}{place}"},
            "status": ("prospect", "active", "inactive", "left")[place % 4],
        } | ({"external_ids": {}} if place % 2 else {})

    async def _people(self) -> None:
        """Whose numbers are masked."""
        for bsn in BSNS:
            person = {"type": "person", "surname": "Vries", "bsn": bsn, "bsn_purpose": "payroll"}
            await self._relation(f"p{bsn[-2:]}", **person, ob_number=f"{bsn}B01", vat_id="NL000099998B57")
        trader = {"name": "Zaak", "legal_form": "sole_trader"}
        await self._relation("z1", **trader, bsn=BSNS[0], lh_numbers=[f"{BSNS[0]}L01", f"{BSNS[0]}L02"])
        await self._relation("z2", **trader, vat_id="NL000099998B57", ob_number=f"{BSNS[1]}B01")


async def many(office: Tenant, count: int, memo: int = 10) -> None:
    """So many organisations, each with a memo so long that no packing makes short, in one statement."""
    statement = sql(
        "INSERT INTO relations (office_id, id, number, number_key, number_sort, type, status, name, name_key, search, "
        "legal_form, memo, version) "
        "SELECT :office, gen_random_uuid(), n, n, '0' || length(n::text) || n, 'organisation', 'active', 'N' || n, "
        "'n' || n, '', 'bv', "
        "(SELECT string_agg(md5(n || '-' || i), '') FROM generate_series(0, CAST(:memo AS int) / 32) AS i), 1 "
        "FROM generate_series(1, CAST(:count AS int)) AS n"
    )
    async with office.db.transaction(office.id) as session:
        await session.execute(statement, {"office": office.id, "count": count, "memo": memo})
