"""The closed lists of an import: each word of the API, how Dutch says it, and what else means only that."""

ChoicesOf = dict[str, tuple[str, ...]]

TYPES: ChoicesOf = {
    "organisation": ("organisatie", "bedrijf", "onderneming", "zakelijk", "organization", "company"),
    "person": ("persoon", "natuurlijk persoon", "particulier", "privépersoon", "privé", "individual"),
    "internal": ("intern",),
    "supplier": ("leverancier", "crediteur"),
}
STATUSES: ChoicesOf = {
    "prospect": ("prospect", "lead"),
    "active": ("actief",),
    "inactive": ("inactief", "niet actief", "non-actief", "slapend"),
    "left": ("vertrokken", "beëindigd", "opgezegd", "oud-klant", "oud-cliënt", "ex-klant", "former"),
}
LEGAL_FORMS: ChoicesOf = {
    "sole_trader": ("eenmanszaak", "EZ", "EMZ", "sole proprietorship"),
    "vof": ("VOF", "vennootschap onder firma", "general partnership"),
    "maatschap": ("maatschap", "professional partnership"),
    "cv": ("CV", "commanditaire vennootschap", "limited partnership"),
    "bv": (
        "BV", "besloten vennootschap", "besloten vennootschap met beperkte aansprakelijkheid",
        "besloten vennootschap met gewone structuur", "flex-bv",
        "private limited company", "private company",
    ),
    "nv": ("NV", "naamloze vennootschap", "public limited company", "public company"),
    "foundation": ("stichting",),
    "association": (
        "vereniging", "vereniging met volledige rechtsbevoegdheid", "vereniging met beperkte rechtsbevoegdheid",
    ),
    "owners_association": ("vereniging van eigenaars", "vereniging van eigenaren", "VvE"),
    "cooperative": ("coöperatie", "coöperatieve vereniging", "coöperatie U.A.", "coöperatie B.A.", "coöperatie W.A."),
    "mutual_insurer": ("onderlinge waarborgmaatschappij", "OWM"),
    "church_body": ("kerkgenootschap", "kerkelijke instelling"),
    "other_private_body": ("overige privaatrechtelijke rechtspersoon",),
    "public_body": ("publiekrechtelijke rechtspersoon",),
    "foreign": ("buitenlandse rechtsvorm", "foreign form"),
    "shipping_partnership": ("rederij",),
    "eeig": ("EESV", "Europees economisch samenwerkingsverband"),
    "se": ("SE", "Europese vennootschap", "Europese naamloze vennootschap", "Societas Europaea"),
    "sce": ("SCE", "Europese coöperatieve vennootschap", "Europese coöperatie", "Societas Cooperativa Europaea"),
    "natural_person": ("natuurlijk persoon", "particulier", "persoon", "privépersoon"),
}  # fmt: skip

_MONTH = ("maand", "per maand", "maandelijks", "maandaangifte", "mnd", "monthly")
_QUARTER = ("kwartaal", "per kwartaal", "kwartaalaangifte", "kwrt", "kw", "quarterly")
_YEAR = ("jaar", "per jaar", "jaarlijks", "jaaraangifte", "yearly", "annual", "annually")
_NONE = ("geen", "geen aangifte", "niet van toepassing", "n.v.t.", "nihil")
BTW_PERIODS: ChoicesOf = {"month": _MONTH, "quarter": _QUARTER, "year": _YEAR, "none": _NONE}
ICP_PERIODS = BTW_PERIODS
LH_PERIODS: ChoicesOf = {
    "month": _MONTH,
    "four_weeks": ("vier weken", "4 weken", "per 4 weken", "per vier weken", "4-wekelijks", "vierwekelijks", "4 weeks"),
    "half_year": ("halfjaar", "per half jaar", "halfjaarlijks", "half-yearly"),
    "year": _YEAR,
    "none": _NONE,
}
BSN_PURPOSES: ChoicesOf = {
    "tax_returns": ("belastingaangiften", "aangiften", "belastingaangifte", "aangifte"),
    "payroll": ("loonadministratie", "salarisadministratie", "loon", "salaris"),
    "allowances": ("toeslagen", "toeslag"),
}
RISKS: ChoicesOf = {
    "low": ("laag",),
    "normal": ("normaal", "gemiddeld", "midden", "medium"),
    "high": ("hoog", "verhoogd"),
}
TAXES: ChoicesOf = {
    "income_tax": ("inkomstenbelasting", "IB", "ib-aangifte"),
    "corporation_tax": ("vennootschapsbelasting", "VPB", "vpb-aangifte", "corporate tax"),
}
LANGUAGES: ChoicesOf = {"nl": ("Nederlands", "nl-NL", "Dutch"), "en": ("Engels", "en-GB", "en-US", "English")}
DIGESTS: ChoicesOf = {
    "never": ("nooit", "geen"),
    "daily": ("dagelijks", "elke dag", "per dag"),
    "weekly": ("wekelijks", "elke week", "per week"),
}
TRUE = ("ja", "j", "yes", "y", "true", "waar", "x", "1", "aan", "on")
FALSE = ("nee", "n", "no", "false", "onwaar", "0", "uit", "off")

# ISO 3166-1 of the countries that Dutch offices meet most; others are written with their two letters.
COUNTRIES: ChoicesOf = {
    "NL": ("Nederland", "The Netherlands", "Netherlands", "Holland"),
    "BE": ("België", "Belgium", "Belgique"),
    "DE": ("Duitsland", "Germany", "Deutschland"),
    "LU": ("Luxemburg", "Luxembourg"),
    "FR": ("Frankrijk", "France"),
    "GB": ("Verenigd Koninkrijk", "Groot-Brittannië", "Engeland", "United Kingdom", "Great Britain", "England", "UK"),
    "IE": ("Ierland", "Ireland"),
    "ES": ("Spanje", "Spain", "España"),
    "PT": ("Portugal",),
    "IT": ("Italië", "Italy", "Italia"),
    "AT": ("Oostenrijk", "Austria", "Österreich"),
    "CH": ("Zwitserland", "Switzerland", "Schweiz", "Suisse"),
    "DK": ("Denemarken", "Denmark"),
    "SE": ("Zweden", "Sweden"),
    "NO": ("Noorwegen", "Norway"),
    "FI": ("Finland",),
    "PL": ("Polen", "Poland"),
    "CZ": ("Tsjechië", "Czechia", "Czech Republic"),
    "HU": ("Hongarije", "Hungary"),
    "RO": ("Roemenië", "Romania"),
    "BG": ("Bulgarije", "Bulgaria"),
    "GR": ("Griekenland", "Greece"),
    "TR": ("Turkije", "Turkey", "Türkiye"),
    "US": ("Verenigde Staten", "United States", "USA", "VS"),
    "CW": ("Curaçao",),
    "AW": ("Aruba",),
    "SX": ("Sint Maarten",),
    "SR": ("Suriname",),
}
