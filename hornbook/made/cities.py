"""Names of cities in two languages, from the tables of CLDR that Babel carries.

They are the exemplar cities of time zones. CLDR writes none where a name is the last part of the
zone's identifier, "America/New_York": for a language in Latin script that part is the name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from hornbook.errors import SettingsError
from hornbook.extras import needing
from hornbook.made.kind import Kind, Pair, Part, listed
from hornbook.settings import Settings
from hornbook.suggestions import did_you_mean

__all__ = ["CITIES", "CitySettings"]

SOME = "ar, el, en, he, hi, ja, ka, ko, ru, th, zh, zh_Hant"


@dataclass(frozen=True)
class CitySettings(Settings):
    """Cities by which time zones are named; among them are islands and stations of research."""

    from_: str = "en"
    "The language of the source, as CLDR calls it: en, ru, ja, zh, zh_Hant, ar, …"
    to: str = "ru"
    "The language of the target."

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.from_ == self.to:
            raise SettingsError(
                f"`from_` and `to` must be two languages; both are {self.to!r}.",
                hint=f"Some that there are: {SOME}.",
                setting="to",
            )


def columns(settings: CitySettings) -> Pair:
    """The names of the columns."""
    return settings.from_, settings.to


def parts(settings: CitySettings) -> Sequence[Part]:
    """All of them.

    Raises:
        MissingPackageError: if Babel is not installed.
        SettingsError: if CLDR has no such language, or no names in it.
    """
    found = listed(pairs(named(settings.from_, "from_"), named(settings.to, "to")))
    if not found[0].size:
        raise SettingsError(
            f"CLDR has no city with a name in {settings.from_} and in {settings.to}.",
            hint=f"Choose other languages; some that there are: {SOME}.",
            setting="to",
        )
    return found


@dataclass(frozen=True)
class Names:
    """The names of cities in a language."""

    written: Mapping[str, str]
    "Those in the table, by the identifier of the zone."
    is_latin: bool
    "Whether the language is written in Latin script."

    def of(self, zone: str) -> str:
        """The name of a zone's city; empty if it is not known."""
        usual = zone.rpartition("/")[2].replace("_", " ") if self.is_latin else ""
        return self.written.get(zone, usual)


def pairs(first: Names, second: Names) -> Iterator[Pair]:
    """The cities that one of two languages has in its table, and both have a name for."""
    for zone in sorted(first.written.keys() | second.written.keys()):
        pair = first.of(zone), second.of(zone)
        if all(pair):
            yield pair


def named(language: str, setting: str) -> Names:
    """The names of cities in a language.

    Args:
        language: as CLDR calls it.
        setting: that gave it.
    """
    with needing("babel", "Making pairs of cities"):
        from babel import Locale, UnknownLocaleError
        from babel.core import get_global, parse_locale
        from babel.localedata import locale_identifiers

    try:
        locale = Locale.parse(language.replace("-", "_"))
        zones = locale.time_zones
    except (UnknownLocaleError, ValueError):
        raise SettingsError(
            f"`{setting}` must be a language that CLDR has; it is {language!r}.",
            hint=f"{did_you_mean(language, locale_identifiers())}Some that there are: {SOME}.",
            setting=setting,
        ) from None
    written = {zone: told["city"] for zone, told in zones.items() if "city" in told}
    if not written:
        raise SettingsError(
            f"CLDR has no names of cities in `{setting}={language}`.",
            hint=f"Choose another language; some that there are: {SOME}.",
            setting=setting,
        )
    likely = get_global("likely_subtags").get(str(locale), str(locale))
    return Names(written, (locale.script or parse_locale(likely)[2]) == "Latn")


CITIES = Kind(CitySettings, columns, parts)
