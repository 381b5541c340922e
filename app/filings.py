"""Returns (aangiften): their types, whose they are, how often each is filed, and what their periods are called.

From domain.md 5.5, 5.6; domain rules 41 to 43.
"""

import re
from collections.abc import Iterable

FILING_TYPES = (
    "income_tax", "corporation_tax", "vat", "vat_correction", "eu_sales_list", "payroll_tax",
    "provisional_assessment", "allowances", "extension", "annual_accounts", "credit_report",
)  # fmt: skip


def in_order(given: Iterable[str]) -> list[str]:
    """Each type once, in the order of the list."""
    return sorted(set(given), key=FILING_TYPES.index)


WITH_RETURNS = ("organisation", "person")  # types of relation; the office's own and suppliers are no clients

LH_PERIODS = ("month", "four_weeks", "half_year", "year", "none")
BTW_PERIODS = ("month", "quarter", "year", "none")
ICP_PERIODS = ("month", "quarter", "year", "none")

# The field of a relation that says how often this type is filed.
PERIOD_FIELDS = {
    "payroll_tax": "lh_filing_period",
    "vat": "btw_filing_period",
    "eu_sales_list": "icp_filing_period",
}

# Filed once for a calendar or a fiscal year.
YEARLY = ("income_tax", "corporation_tax", "provisional_assessment", "allowances", "annual_accounts")

YEAR = r"(?:199\d|2[01]\d\d|2200)"
# How each kind of period is written, behind its year.
PERIODS = {
    "year": "",
    "half_year": "-H[12]",
    "quarter": "-Q[1-4]",
    "two_months": "-(?:01/02|04/05|07/08|10/11)",
    "month": "-(?:0[1-9]|1[0-2])",
    "four_weeks": "-P(?:0[1-9]|1[0-3])",
}
PERIOD = f"^{YEAR}(?:{'|'.join(filter(None, PERIODS.values()))})?$"


def period_fits(filing_type: str, filing_period: str | None, period: str) -> bool | None:
    """Is a return of this type filed for such a period, by who files it every ``filing_period``? None: nobody knows."""
    kind = next(kind for kind, words in PERIODS.items() if re.fullmatch(YEAR + words, period))
    if filing_type in YEARLY:
        return kind == "year"
    if filing_type not in PERIOD_FIELDS or filing_period is None:
        return None
    if kind == "two_months":  # who sells too much for a quarter in its second month files the first two together
        return filing_type == "eu_sales_list" and filing_period in ("month", "quarter")
    return kind == filing_period
