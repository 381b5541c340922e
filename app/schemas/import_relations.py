"""The columns of a file of relations (relaties)."""

from collections.abc import Iterator, Mapping
from typing import Any

from app.legal_forms import NATURAL as NATURAL_FORMS
from app.schemas.import_addresses import ADDRESSES
from app.schemas.import_cells import Note, checker
from app.schemas.import_columns import Catalogue, Column, Given, Told
from app.schemas.import_dates import day, day_of_year
from app.schemas.import_kinds import closed, count, email, long_text, name_in, text
from app.schemas.import_lists import extension_schemes, external_ids, most_of, several, taken_products
from app.schemas.import_numbers import identifier, own_number, phone
from app.schemas.import_words import (
    BSN_PURPOSES,
    BTW_PERIODS,
    ICP_PERIODS,
    LEGAL_FORMS,
    LH_PERIODS,
    RISKS,
    STATUSES,
    TYPES,
)
from app.schemas.relation_details import DetailsGiven
from app.schemas.relations import RelationCreate

PERSONS = "personen"
OTHERS = "alle behalve personen"
NATURAL = "personen en eenmanszaken"
LEGAL = "alle behalve personen en eenmanszaken"

# What a file says by number or name, and the API by id. (Products are named too: `name` instead of `product_id`.)
RESOLVED = {"parent_number": "parent_id", "kind": "kind_id", "group": "group_id", "labels": "label_ids"}


def _most(field: str) -> int:
    return most_of(RelationCreate, field)


NUMBER = own_number(checker(RelationCreate, "number"))

WHO = (
    Column(
        "number", "Relatienummer", "Relation number", NUMBER,
        "Uniek binnen uw kantoor; hieraan wordt een relatie bij een volgende import herkend.", "100",
        ("nummer", "number", "relatienr", "relatie nr", "relatiecode", "klantnummer", "klantnr", "klantcode",
         "cliëntnummer", "cliëntnr", "cliëntcode", "debiteurnummer", "debiteurnr", "debiteurennummer", "debiteurcode",
         "debiteur", "client number", "customer number", "customer code", "debtor number"),
        needed="ja",
    ),
    Column("type", "Type", "Relation type", closed(TYPES), "Wat voor relatie het is.", "organisatie",
           ("relatietype", "type relatie", "soort relatie"), needed="ja"),
    Column("name", "Naam", "Name", text(RelationCreate, "name"), "Naam van de organisatie.", "De Vries Fietsen VOF",
           ("bedrijfsnaam", "naam bedrijf", "organisatienaam", "naam organisatie", "relatienaam", "naam relatie",
            "klantnaam", "naam klant", "handelsnaam", "statutaire naam", "naam onderneming",
             "company", "company name", "organisation name", "organization name"),
           needed="ja, behalve bij personen", only=OTHERS),
    Column("legal_form", "Rechtsvorm", "Legal form", closed(LEGAL_FORMS, unshown="natural_person"),
           "Bepaalt welke aangiften er zijn.", "VOF",
           ("juridische vorm", "ondernemingsvorm", "bedrijfsvorm", "entity type"),
           needed="ja, behalve bij personen", only=OTHERS),
    Column("first_names", "Voornamen", "First names", text(RelationCreate, "first_names"), "Voornaam of voornamen.",
           "Henk", ("voornaam", "first name", "given name", "roepnaam"), only=PERSONS),
    Column("initials", "Voorletters", "Initials", text(RelationCreate, "initials"), "Voorletters.", "H.",
           ("initialen",), only=PERSONS),
    Column("prefix", "Tussenvoegsel", "Prefix", text(RelationCreate, "prefix"), "Tussenvoegsel van de achternaam.",
           "de", ("tussenvoegsels", "tussenv", "voorvoegsel", "voorvoegsels", "infix"), only=PERSONS),
    Column("surname", "Achternaam", "Surname", text(RelationCreate, "surname"), "Achternaam zonder tussenvoegsel.",
           "Vries", ("familienaam", "last name", "family name"), needed="ja, bij personen", only=PERSONS),
    Column("born_on", "Geboortedatum", "Date of birth", day(is_past=True), "Geboortedatum.", "12-03-1980",
           ("geb. datum", "geboren op", "geboren", "birth date", "born on"), only=PERSONS),
    Column("parent_number", "Hoofdrelatie", "Parent relation", NUMBER,
           "Relatienummer van de relatie waar deze bij hoort. Geeft geen toegang.", "100",
           ("nummer hoofdrelatie", "relatienummer hoofdrelatie", "hoofdrelatienummer", "bovenliggende relatie",
            "moederrelatie", "parent", "parent number", "parent relation number")),
)  # fmt: skip

NUMBERS = (
    Column("bsn", "BSN", "Citizen service number", identifier("bsn", is_secret=True),
           "Burgerservicenummer: negen cijfers. Wordt versleuteld bewaard.", "999990019",
           ("burgerservicenummer", "sofinummer", "sofinr", "bsn nummer", "bsnnr"), only=NATURAL),
    Column("rsin", "RSIN", "Legal entity number", identifier("rsin"), "Negen cijfers.", "123456782",
           ("fiscaal nummer", "fiscaalnummer", "rsin nummer", "rsinnr", "fiscal number"), only=LEGAL),
    Column("ob_number", "OB-nummer", "Turnover tax number", identifier("ob_number", is_secret=True),
           "Omzetbelastingnummer: waarmee btw-aangifte wordt gedaan.", "123456782B01",
           ("omzetbelastingnummer", "obnr", "ob nr", "aangiftenummer ob", "aangiftenummer btw")),
    Column("vat_id", "Btw-id", "VAT id", identifier("vat_id", is_secret=True),
           "Btw-identificatienummer: op facturen.", "NL123456782B01",
           ("btw-identificatienummer", "btw nummer", "btw nr", "vat number", "vat identification number", "vat")),
    Column("lh_numbers", "LH-nummers", "Payroll tax numbers",
           several(identifier("lh_number", is_secret=True), _most("lh_numbers"), commas=True),
           "Loonheffingennummers, één of meer.", "123456782L01",
           ("lh-nummer", "loonheffingennummer", "loonheffingennummers", "loonheffingnummer", "loonheffingsnummer",
            "loonbelastingnummer", "lhnr", "lh number", "payroll tax number")),
    Column("kvk_number", "KvK-nummer", "KvK number", identifier("kvk_number"), "Acht cijfers, met de nullen vooraan.",
           "69599084", ("kvk", "kvknr", "kvk nr", "handelsregisternummer", "kamer van koophandel nummer",
                        "chamber of commerce", "chamber of commerce number", "coc number", "trade register number")),
    Column("branch_numbers", "Vestigingsnummers", "Branch numbers",
           several(identifier("branch_number"), _most("branch_numbers"), commas=True),
           "Twaalf cijfers, één of meer.", "000037178598",
           ("vestigingsnummer", "vestigingsnr", "branch number")),
    Column("bank_accounts", "IBAN", "Bank accounts", several(identifier("iban"), _most("bank_accounts"), commas=True),
           "Bankrekeningen, één of meer.", "NL91ABNA0417164300",
           ("bankrekening", "bankrekeningen", "bankrekeningnummer", "rekeningnummer", "iban nummer", "bank account")),
)  # fmt: skip

WORK = (
    Column("btw_filing_period", "Tijdvak btw", "VAT period", closed(BTW_PERIODS), "Hoe vaak btw-aangifte wordt gedaan.",
           "kwartaal", ("aangiftetijdvak btw", "btw tijdvak", "btw periode", "aangifteperiode btw", "periode btw",
                        "tijdvak ob", "tijdvak omzetbelasting", "btw frequentie", "aangiftefrequentie btw",
                        "vat filing period", "filing period btw", "filing period vat")),
    Column("icp_filing_period", "Tijdvak ICP", "EU sales list period", closed(ICP_PERIODS),
           "Hoe vaak opgaaf ICP wordt gedaan.", "geen",
           ("aangiftetijdvak icp", "icp tijdvak", "icp periode", "aangifteperiode icp", "periode icp",
            "icp frequentie", "aangiftefrequentie icp", "icp period", "filing period icp")),
    Column("lh_filing_period", "Tijdvak LH", "Payroll tax period", closed(LH_PERIODS),
           "Hoe vaak loonaangifte wordt gedaan.", "maand",
           ("aangiftetijdvak loonheffingen", "aangiftetijdvak lh", "lh tijdvak", "lh periode", "aangifteperiode lh",
            "tijdvak loonheffingen", "periode lh", "lh frequentie", "aangiftefrequentie lh", "tijdvak loonheffing",
            "payroll tax filing period", "filing period lh", "filing period payroll tax")),
    Column("products", "Producten", "Products", taken_products(_most("products")), "Diensten die de relatie afneemt.",
           "Aangifte btw; Jaarrekening (vanaf 2024-01-01)", ("product", "diensten", "services")),
    Column("fiscal_year_end", "Einde boekjaar", "Fiscal year end", day_of_year(),
           "Laatste dag van het boekjaar, als dat niet 31 december is.", "31 december",
           ("boekjaar einde", "einde van het boekjaar", "jaareinde", "year end", "end of fiscal year"), only=OTHERS),
    Column("bsn_purpose", "Doel BSN", "BSN purpose", closed(BSN_PURPOSES),
           "Waarvoor het BSN wordt bewaard, als dat niet voor belastingaangiften is.", "belastingaangiften",
           ("doel van het bsn", "grondslag bsn"), only=NATURAL),
    Column("extension_schemes", "Uitstelregelingen", "Extension schemes", extension_schemes(_most("extension_schemes")),
           "Belastingen en jaren in uw uitstelregeling, met de dag van toekenning.", "inkomstenbelasting 2025",
           ("uitstelregeling", "uitstel", "extension scheme")),
)  # fmt: skip

FILED_UNDER = (
    Column("status", "Status", "Relation status", closed(STATUSES),
           "Van een nieuwe relatie, als er niets staat: actief.", "actief", ("relatiestatus",)),
    Column("kind", "Relatiesoort", "Relation kind", name_in("relation_kinds"), "Uit uw eigen lijst.", "cliënt (IB)",
           ("relatie soort",)),
    Column("group", "Relatiegroep", "Relation group", name_in("relation_groups"), "Uit uw eigen lijst.",
           "Familie De Vries", ("groep", "group", "relatie groep")),
    Column("labels", "Labels", "Labels of the relation", several(name_in("labels"), _most("label_ids")),
           "Uit uw eigen lijst.",
           "Horeca; VIP", ("label", "tags", "kenmerken")),
)  # fmt: skip

REACHED_BY = (
    Column("email", "E-mail", "E-mail address", email(RelationCreate), "E-mailadres van de relatie.",
           "info@devriesfietsen.example", ("e-mailadres", "mail", "mailadres")),
    Column("phone", "Telefoon", "Phone number", phone(checker(RelationCreate, "phone")), "Telefoonnummer.",
           "020 555 01 00", ("telefoonnummer", "tel", "telnr", "tel. nr", "telephone")),
    Column("website", "Website", "Web site", text(DetailsGiven, "website"), "Webadres.",
           "https://www.devriesfietsen.example", ("webadres", "internetadres", "url", "homepage")),
)  # fmt: skip

REST = (
    Column("employees", "Aantal werknemers", "Number of employees", count(RelationCreate, "employees"),
           "Heel getal.", "7", ("werknemers", "aantal medewerkers", "aantal personeelsleden"), only=OTHERS),
    Column("external_ids", "Koppelingen", "External ids", external_ids(_most("external_ids")),
           "Hoe andere pakketten deze relatie noemen.", "afas:10023; exact:77",
           ("externe nummers", "externe id's", "externe id", "koppeling", "external id")),
    Column("wwft.identified_on", "Wwft geïdentificeerd op", "Identified on", day(), "Dag van het cliëntenonderzoek.",
           "12-01-2026", ("geïdentificeerd op", "identificatiedatum", "wwft datum", "datum identificatie")),
    Column("wwft.risk", "Wwft risico", "Risk", closed(RISKS), "Uitkomst van het cliëntenonderzoek.", "normaal",
           ("wwft risk", "risico", "risicoprofiel", "wwft risicoprofiel")),
    Column("wwft.review_on", "Wwft herbeoordelen op", "Review on", day(), "Voor wanneer het onderzoek opnieuw moet.",
           "12-01-2029", ("wwft review on", "herbeoordelen op", "wwft herbeoordeling", "datum herbeoordeling")),
    Column("memo", "Memo", "Memo of the relation", long_text(RelationCreate, "memo"),
           "Nooit zichtbaar voor cliënten.", "Belt liever dan dat hij mailt.",
           ("notitie", "notities", "opmerking", "opmerkingen", "notes", "remarks")),
)  # fmt: skip

# Other packages have one column for both; whose row it is decides which it is.
BSN_OR_RSIN = Column(
    "bsn_or_rsin", "BSN/RSIN", "BSN or RSIN", identifier("bsn", is_secret=True), "Het een of het ander, naar het type.",
    "999990019", ("rsin/bsn", "rsin of bsn", "bsn of rsin"),
)  # fmt: skip
WHOSE = Note("type_needed", "Only the type of the relation tells a BSN from an RSIN.", "Fill in Type.")
TWO_NUMBERS = Note("two_numbers", "The row holds another number of the same kind.", "Keep the right one.")
NAME_OF_PERSON = Note(
    "name_of_person", "The name of a person is made of its parts; Naam was left out.", "Leave Naam empty for persons."
)


def _gather(given: Given) -> Iterator[Told]:
    is_person = given.get("type") == "person"
    if is_person and given.get("legal_form") == "natural_person":
        del given["legal_form"]  # the type says so already
    if is_person and "surname" in given and given.pop("name", None):
        yield Told("name", NAME_OF_PERSON, is_error=False)
    if number := given.pop(BSN_OR_RSIN.field, None):
        field = "bsn" if is_person or given.get("legal_form") in NATURAL_FORMS else "rsin"
        if "type" not in given:
            yield Told(BSN_OR_RSIN.field, WHOSE)
        elif given.setdefault(field, number) != number:
            yield Told(BSN_OR_RSIN.field, TWO_NUMBERS)


RELATIONS = Catalogue(
    "Relaties",
    (*WHO, *NUMBERS, *WORK, *FILED_UNDER, *REACHED_BY, *ADDRESSES, *REST),
    _gather,
    also=(BSN_OR_RSIN,),
    never_cleared=("number", "type", "status"),
)


def in_words(relation: Mapping[str, Any], names: Mapping[Any, str]) -> dict[str, Any]:
    """A relation in the API's shape as a file says it: ``names`` has a name or number for each id in it."""
    said = dict(relation)
    if said["type"] == "person":
        said["name"] = None  # made of the name's parts
    for word, field in RESOLVED.items():
        ids = said.pop(field)
        said[word] = [names[each] for each in ids] if isinstance(ids, list) else ids and names[ids]
    said["products"] = [
        {"name": names[taken["product_id"]], "starts_on": taken["starts_on"], "ends_on": taken["ends_on"]}
        for taken in said["products"]
    ]
    return said
