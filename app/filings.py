"""Returns (aangiften): their types, and how often each is filed (domain.md 5.5, 5.6; domain rules 41 to 43)."""

from collections.abc import Iterable

FILING_TYPES = (
    "income_tax", "corporation_tax", "vat", "vat_correction", "eu_sales_list", "payroll_tax",
    "provisional_assessment", "allowances", "extension", "annual_accounts", "credit_report",
)  # fmt: skip


def in_order(given: Iterable[str]) -> list[str]:
    """Each type once, in the order of the list."""
    return sorted(set(given), key=FILING_TYPES.index)


LH_PERIODS = ("month", "four_weeks", "half_year", "year", "none")
BTW_PERIODS = ("month", "quarter", "year", "none")
ICP_PERIODS = ("month", "quarter", "year", "none")

# The field of a relation that says how often this type is filed.
PERIOD_FIELDS = {
    "payroll_tax": "lh_filing_period",
    "vat": "btw_filing_period",
    "eu_sales_list": "icp_filing_period",
}
