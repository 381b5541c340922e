from app.models import Product
from app.text import name_key

# What a new office starts with; it may rename, archive and add (domain rule 37).
DEFAULTS = (
    ("Aangifte inkomstenbelasting", "income_tax"),
    ("Aangifte vennootschapsbelasting", "corporation_tax"),
    ("Aangifte btw", "vat"),
    ("Opgaaf ICP", "eu_sales_list"),
    ("Loonadministratie", "payroll_tax"),
    ("Jaarrekening", "annual_accounts"),
)


def defaults(office_id: object) -> list[Product]:
    return [
        Product(office_id=office_id, name=name, name_key=name_key(name), filing_type=filing_type)
        for name, filing_type in DEFAULTS
    ]
