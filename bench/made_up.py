"""People, businesses and their numbers, made up from lists: the same ones for the same seed. None of them is real."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from stdnum.iso7064 import mod_97_10
from stdnum.nl import bsn

from app.names import person_key, person_name


def words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


FIRST_NAMES = words(
    "Aaltje Adriaan Agnes Albert Anouk Annelies Arend Astrid Barbara Bart Bas Berend Bram Brigitte Carla Casper "
    "Chantal Cornelis Daan Danique Dirk Doortje Eefje Elias Elsbeth Emma Erik Esmée Fatima Femke Fleur Frank "
    "Geertruida Gerrit Gijs Greetje Hanna Hans Hendrik Henk Hilde Hugo Ilse Ingrid Iris Jaap Jan Janneke Jasper "
    "Jeroen Joke Joost Karin Kees Klaas Koen Lars Laura Lieke Linda Loes Lotte Maarten Marieke Marjolein Mehmet "
    "Merel Mohamed Niels Nienke Noor Olaf Petra Pieter Quinten Ramon René Roos Ruben Sanne Saskia Sjoerd Sophie "
    "Stefan Teun Thijs Tineke Tom Truus Umut Vera Victor Wendy Willem Wouter Yara Yvonne Zoë"
)
SURNAMES = words(
    "Aalbers Aarts Akkerman Baas Bakker Beekman Bergsma Blom Boer Bos Bosch Brouwer Bruin Cornelissen Dekker "
    "Dijkstra Dijk Doorn Driessen Eijk Evers Geest Gelder Gerritsen Graaf Groot Haan Heijden Hendriks Hermans "
    "Heuvel Hoekstra Hofman Hout Huisman Jacobs Jansen Janssen Jong Jonge Kaya Kamp Keizer Klein Koning Kok Koster "
    "Kramer Kuiper Kuijpers Laan Leeuwen Linden Loon Maas Martens Meer Meijer Meulen Mol Molenaar Mulder Nijhuis "
    "Noord Oever Ouden Peeters Peters Pol Postma Prins Roos Ruiter Sanders Scholten Schouten Smit Smits Stam Swart "
    "Timmermans Veen Velden Verbeek Verhoeven Vermeulen Visser Vliet Vos Vries Wal Weerd Wijk Willems Winter Wit "
    "Wolters Yılmaz Zanden Zijlstra Zwart Zonneveld Öztürk Čapek"
)
SECOND_NAMES = ("", "", "", "", "-Bakker", "-de Vries", "-van Dam", "-Smit", "-Hoekstra", "-Visser")
PREFIXES = ("", "", "", "", "de", "van", "van de", "van den", "van der", "ten", "ter", "in 't")
TRADES = words(
    "Aannemersbedrijf Administratiekantoor Apotheek Autobedrijf Bakkerij Bloemenhandel Boekhandel Bouwbedrijf "
    "Camping Dakdekkersbedrijf Dierenkliniek Drukkerij Elektrotechniek Fietsenmakerij Fysiotherapie Garage "
    "Glashandel Groothandel Hoveniersbedrijf Horeca Hotel Installatiebedrijf Kapsalon Kinderopvang Kwekerij "
    "Loonbedrijf Makelaardij Melkveebedrijf Metaalbewerking Meubelmakerij Notariskantoor Optiek Pluimveebedrijf "
    "Reisbureau Restaurant Schildersbedrijf Schoonmaakbedrijf Slagerij Softwarehuis Stukadoor Tandartspraktijk "
    "Tegelhandel Timmerfabriek Transportbedrijf Uitzendbureau Vishandel Webwinkel Wijnhandel Zeilmakerij"
)
HOLDINGS = ("Beheer", "Holding", "Vastgoed", "Groep", "Participaties", "Pensioen")
PLACES = words(
    "Almelo Amersfoort Appingedam Assen Bergen Breda Delft Deventer Dokkum Dordrecht Ede Emmen Enkhuizen Goes Gouda "
    "Haarlem Harlingen Heerlen Helmond Hoorn Kampen Leiden Lelystad Meppel Middelburg Nijkerk Oss Purmerend "
    "Roermond Schiedam Sneek Steenwijk Tiel Urk Veere Venlo Vlissingen Wageningen Weert Zeist Zutphen Zwolle"
)
# What an office's organisations are, roughly; and how each is written behind its name.
LEGAL_FORMS = ("sole_trader", "bv", "vof", "maatschap", "foundation", "association", "cv", "nv", "cooperative")
SHARES = (36, 40, 10, 3, 5, 3, 1, 1, 1)
WRITTEN = {
    "bv": " B.V.",
    "vof": " VOF",
    "maatschap": " Maatschap",
    "cv": " C.V.",
    "nv": " N.V.",
    "cooperative": " U.A.",
}


@dataclass(frozen=True)
class Person:
    first_names: str
    prefix: str | None
    surname: str

    @property
    def initials(self) -> str:
        return "".join(f"{name[0]}." for name in self.first_names.split())

    @property
    def name(self) -> str:
        return person_name(self.first_names, None, self.prefix, self.surname)

    @property
    def key(self) -> str:
        return person_key(self.first_names, None, self.prefix, self.surname)


class MadeUp:
    def __init__(self, seed: int) -> None:
        self.random = Random(seed)

    def maybe(self, chance: float, make: Callable[[], str]) -> str | None:
        return make() if self.random.random() < chance else None

    def person(self) -> Person:
        choose = self.random.choice
        first = choose(FIRST_NAMES)
        if self.random.random() < 0.3:
            first += f" {choose(FIRST_NAMES)}"
        return Person(first, choose(PREFIXES) or None, choose(SURNAMES) + choose(SECOND_NAMES))

    def legal_form(self) -> str:
        return self.random.choices(LEGAL_FORMS, SHARES)[0]

    def business(self, legal_form: str, owner: Person) -> str:
        choose = self.random.choice
        family = " ".join(part for part in (owner.prefix, owner.surname) if part).capitalize()
        if legal_form == "foundation":
            return f"Stichting {choose(TRADES)} {choose(PLACES)} {self.random.randrange(1, 100)}"
        if legal_form == "association":
            return f"Vereniging {family} {choose(PLACES)}"
        name = choose(
            (f"{choose(TRADES)} {family}", f"{family} {choose(HOLDINGS)}", f"{choose(TRADES)} {choose(PLACES)}")
        )
        return name + WRITTEN.get(legal_form, "")

    def phone(self) -> str:
        return f"+31 6 {self.random.randrange(10_000_000, 100_000_000)}"

    def nine(self) -> str:
        """Nine digits that pass the eleven-test: a BSN or an RSIN."""
        while True:
            eight = f"{self.random.randrange(1_000_000, 100_000_000):08d}"
            rest = sum((9 - place) * int(digit) for place, digit in enumerate(eight)) % 11
            if rest < 10 and bsn.checksum(f"{eight}{rest}") == 0:
                return f"{eight}{rest}"

    def vat_id_of_sole_trader(self) -> str:
        """Random digits since 2020: no BSN in it, and modulo 97 holds."""
        start = f"NL{self.random.randrange(1, 1_000_000_000):09d}B"
        return start + str(mod_97_10.calc_check_digits(start))

    def digits(self, count: int) -> str:
        return f"{self.random.randrange(10 ** (count - 2), 10**count):0{count}d}"

    def numbers(self, legal_form: str, base: str) -> dict[str, list[str]]:
        """By kind; most have what their legal form has, and one OB number in fifty is another's (fiscal unity)."""
        chance = self.random.random
        is_natural = legal_form in ("natural_person", "sole_trader")
        found = {"bsn" if is_natural else "rsin": [base]} if chance() < 0.95 else {}
        if legal_form == "natural_person":
            return found
        found["kvk_number"] = [self.digits(8)]
        if chance() < 0.8:
            found["ob_number"] = [f"{base if chance() < 0.98 else self.nine()}B01"]
            found["vat_id"] = [self.vat_id_of_sole_trader() if is_natural else f"NL{base}B01"]
        if chance() < 0.3:
            found["lh_number"] = [f"{base}L{number:02d}" for number in range(1, self.random.choice((2, 2, 2, 3)))]
        if chance() < 0.5:
            found["branch_number"] = [self.digits(12)]
        return found

    def address(self) -> dict[str, str]:
        letters = "".join(self.random.choice("ABCDEGHJKLMNPRSTVWXZ") for _ in range(2))
        postcode = f"{self.random.randrange(1000, 9999)} {letters.replace('SS', 'ST')}"
        return {
            "country": "NL",
            "street": "Kerkstraat",
            "house_number": str(self.random.randrange(1, 300)),
            "postcode": postcode,
        }
