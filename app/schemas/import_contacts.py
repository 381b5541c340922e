"""The columns of a file of contacts (contacten), with the relations that each is linked to."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from app.schemas.contact_links import ContactLinkPut
from app.schemas.contacts import ContactCreate
from app.schemas.import_cells import Note, checker
from app.schemas.import_columns import Catalogue, Column, Given, Told
from app.schemas.import_kinds import YES_OR_NO, closed, email, text
from app.schemas.import_lists import several
from app.schemas.import_numbers import own_number, phone
from app.schemas.import_relations import NUMBER as RELATION_NUMBER
from app.schemas.import_words import DIGESTS, LANGUAGES
from app.text import number_key

# Said once they are for all relations of the row; otherwise one for each, in their order.
OF_LINKS = ("function", "portal_access", "is_preferred", "is_ubo")

MOST_LINKS = 5_000  # of one contact: more numbers than a cell of Excel holds

TWICE = Note("duplicate_in_cell", "The cell names a relation twice.", "Keep one of them.")
NO_RELATION = Note("link_without_relation", "The row names no relation that this is about.", "Fill in Relatienummers.")
UNEQUAL = Note(
    "link_counts_differ",
    "There are as many values as relation numbers, or there is one for all of them.",
    "Give one value, or one for each number in Relatienummers, in their order and with ; between them.",
)


def _gather(given: Given) -> Iterable[Told]:
    """What the row says of its links, put together: a list of links, each with its relation's number."""
    said = given.pop("links", {})
    numbers = said.pop("relation_number", None)
    links: list[dict[str, Any]] = [{"relation_number": number} for number in numbers or ()]
    if len({number_key(number) for number in numbers or ()}) < len(links):
        return [Told("links.relation_number", TWICE)]
    wrong = []
    for field, values in said.items():
        if not links or len(values) not in (1, len(links)):
            wrong.append(Told(f"links.{field}", UNEQUAL if links else NO_RELATION))
            continue
        for place, link in enumerate(links):
            link[field] = values[place if len(values) > 1 else 0]
    if links and not wrong:
        given["links"] = links
    return wrong


def _spread(values: Mapping[str, Any]) -> Mapping[str, Any]:
    links: Sequence[Mapping[str, Any]] = values.get("links") or ()
    spread: dict[str, Any] = {"relation_number": [link["relation_number"] for link in links]}
    for field in OF_LINKS:
        told = [link[field] for link in links if link.get(field) is not None]
        if len(told) == len(links):
            spread[field] = told[:1] if all(each == told[0] for each in told) else told
    return {**values, "links": spread}


PEOPLE = (
    Column(
        "number", "Contactnummer", "Contact number", own_number(checker(ContactCreate, "number")),
        "Uniek onder de contacten; mag gelijk zijn aan een relatienummer.", "100.1",
        ("nummer", "number", "contactnr", "contact nr", "contactcode", "contactpersoonnummer", "contactpersoon nr",
         "persoonsnummer"),
        needed="ja",
    ),
    Column("email", "E-mail", "E-mail address", email(), "Uniek binnen uw kantoor: hiermee logt het contact in.",
           "henk@devriesfietsen.example", ("e-mailadres", "mail", "mailadres"), needed="ja"),
    Column("first_names", "Voornamen", "First names", text(ContactCreate, "first_names"), "Voornaam of voornamen.",
           "Henk", ("voornaam", "first name", "given name", "roepnaam")),
    Column("initials", "Voorletters", "Initials", text(ContactCreate, "initials"), "Voorletters.", "H.",
           ("initialen",)),
    Column("prefix", "Tussenvoegsel", "Prefix", text(ContactCreate, "prefix"), "Tussenvoegsel van de achternaam.",
           "de", ("tussenvoegsels", "voorvoegsel", "voorvoegsels", "infix")),
    Column("surname", "Achternaam", "Surname", text(ContactCreate, "surname"), "Achternaam zonder tussenvoegsel.",
           "Vries", ("familienaam", "last name", "family name"), needed="ja"),
    Column("salutation", "Aanhef", "Salutation", text(ContactCreate, "salutation"), "Hoe een brief begint.",
           "Geachte heer De Vries", ("briefaanhef",)),
    Column("phone", "Telefoon", "Phone number", phone(checker(ContactCreate, "phone")), "Telefoonnummer.",
           "020 555 01 00", ("telefoonnummer", "tel", "telnr", "tel. nr", "telephone", "vaste telefoon")),
    Column("mobile", "Mobiel", "Mobile number", phone(checker(ContactCreate, "mobile")), "Mobiel nummer.",
           "06 12345678", ("mobiele telefoon", "mobiel nummer", "mobiele nummer", "telefoon mobiel",
                            "gsm", "06 nummer", "mobile", "mobile phone")),
    Column("language", "Taal", "Language", closed(LANGUAGES), "Van wat het contact krijgt, als dat niet Nederlands is.",
           "Nederlands", ("voertaal",)),
)  # fmt: skip

YES_OR_NO_EACH = several(YES_OR_NO, MOST_LINKS)
LINKS = (
    Column("links.relation_number", "Relatienummers", "Relation numbers",
           several(RELATION_NUMBER, MOST_LINKS, commas=True),
           "De relaties waar het contact bij hoort.", "100; 100.1",
           ("relatienummer", "relatienr", "relatie nr", "relaties", "relatie", "gekoppelde relaties",
            "linked relations", "klantnummer", "klantnummers",
            "cliëntnummer", "cliëntnummers", "debiteurnummer", "relation number", "relation", "relations"),
           needed="aanbevolen"),
    Column("links.function", "Functie", "Function", several(text(ContactLinkPut, "function"), MOST_LINKS),
           "Wat het contact is; geeft geen toegang. Eén voor alle relaties, of voor elke één.", "vennoot",
           ("functies", "functie bij relatie", "rol", "functions", "role")),
    Column("links.portal_access", "Toegang", "Portal access", YES_OR_NO_EACH,
           "Mag het contact het dossier openen; ja of nee, voor alle relaties of voor elke één.", "ja",
           ("portaaltoegang", "portaltoegang", "toegang portaal", "portaal", "toegang dossier", "portal", "access")),
    Column("links.is_preferred", "Voorkeurscontact", "Preferred contact", YES_OR_NO_EACH,
           "Is dit het vaste aanspreekpunt; een relatie heeft er één.", "nee",
           ("voorkeur contact", "hoofdcontact", "is preferred")),
    Column("links.is_ubo", "UBO", "Ultimate beneficial owner", YES_OR_NO_EACH,
           "Is dit een uiteindelijk belanghebbende.", "ja", ("uiteindelijk belanghebbende", "is ubo")),
)  # fmt: skip

NOTIFICATIONS = (
    Column("notifications.messages", "Melding berichten", "Notify of messages", YES_OR_NO,
           "Mail bij een nieuw bericht. Van een nieuw contact, als er niets staat: ja.", "ja", ("melding bericht",)),
    Column("notifications.document_requests", "Melding uitvragen", "Notify of document requests", YES_OR_NO,
           "Mail bij een nieuwe documentuitvraag. Van een nieuw contact, als er niets staat: ja.", "ja",
           ("melding documentuitvragen",)),
    Column("notifications.reminders", "Herinneringen", "Reminders", YES_OR_NO,
           "Mail over wat nog open staat. Van een nieuw contact, als er niets staat: ja.", "ja",
           ("melding herinneringen",)),
    Column("notifications.digest", "Samenvatting", "Digest", closed(DIGESTS),
           "Wat nieuw is, in één mail. Van een nieuw contact, als er niets staat: nooit.",
           "wekelijks", ("melding samenvatting",)),
)  # fmt: skip

NEVER_CLEARED = ("number", "email", "surname", "language", *(column.field for column in (*LINKS, *NOTIFICATIONS)))
CONTACTS = Catalogue("Contacten", (*PEOPLE, *LINKS, *NOTIFICATIONS), _gather, _spread, never_cleared=NEVER_CLEARED)


def in_words(contact: Mapping[str, Any], links: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """A contact and his links in the API's shape, as a file says them."""
    said = [
        {"relation_number": link["relation"]["number"], **{field: link[field] for field in OF_LINKS}} for link in links
    ]
    return {**contact, "links": said}
