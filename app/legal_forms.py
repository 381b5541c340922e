"""Legal forms (rechtsvormen) and what follows from each: domain.md 5.4."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class LegalForm:
    """``base``: the number that its other numbers are made from. ``files_accounts``: always, with the KvK."""

    base: Literal["bsn", "rsin"] = "rsin"
    pays_corporation_tax: bool = True  # or may have to; of a partnership the partners pay income tax, each for himself
    files_accounts: bool = False


PARTNERSHIP = LegalForm(pays_corporation_tax=False)
COMPANY = LegalForm(files_accounts=True)
LEGAL_FORMS = {
    "natural_person": LegalForm("bsn", pays_corporation_tax=False),
    "sole_trader": LegalForm("bsn", pays_corporation_tax=False),
    "vof": PARTNERSHIP,
    "maatschap": PARTNERSHIP,
    "cv": PARTNERSHIP,
    "bv": COMPANY,
    "nv": COMPANY,
    "foundation": LegalForm(),
    "association": LegalForm(),
    "owners_association": LegalForm(),
    "cooperative": COMPANY,
    "mutual_insurer": COMPANY,
    "church_body": LegalForm(),
    "other_private_body": LegalForm(),
    "public_body": LegalForm(),
    "foreign": LegalForm(),
    "shipping_partnership": PARTNERSHIP,
    "eeig": PARTNERSHIP,
    "se": LegalForm(),
    "sce": LegalForm(),
}
NATURAL = frozenset(name for name, form in LEGAL_FORMS.items() if form.base == "bsn")
CORPORATIONS = frozenset(name for name, form in LEGAL_FORMS.items() if form.pays_corporation_tax)
DEPOSITING = tuple(name for name, form in LEGAL_FORMS.items() if form.files_accounts)
