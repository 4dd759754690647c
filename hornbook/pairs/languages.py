"""Names of languages, by which a file of translations calls its columns."""

from __future__ import annotations

import re

__all__ = ["is_language"]

CODES = re.compile(
    "af|ar|az|be|bg|bn|ca|cs|cy|da|de|el|en|eo|es|et|eu|fa|fi|fr|ga|gl|he|hi|hr|hu|hy|id|is|it|ja|"
    "ka|kk|ko|la|lt|lv|mk|mn|ms|nb|nl|nn|no|pl|pt|ro|ru|sk|sl|sq|sr|sv|sw|ta|th|tl|tr|uk|ur|uz|vi|"
    "zh"
)
"Of ISO 639-1."
NAMES = re.compile(
    "afrikaans|albanian|arabic|armenian|basque|belarusian|bengali|bulgarian|catalan|chinese|"
    "croatian|czech|danish|dutch|english|esperanto|estonian|finnish|french|galician|georgian|"
    "german|greek|hebrew|hindi|hungarian|icelandic|indonesian|irish|italian|japanese|kazakh|korean|"
    "latin|latvian|lithuanian|macedonian|malay|mandarin|mongolian|norwegian|persian|polish|"
    "portuguese|romanian|russian|serbian|slovak|slovene|slovenian|spanish|swahili|swedish|tagalog|"
    "tamil|thai|turkish|ukrainian|urdu|uzbek|vietnamese|welsh|"
    # Some by their own names, and English and German by those of their neighbours.
    "anglais|allemand|alemán|cymraeg|dansk|deutsch|eesti|englisch|español|français|französisch|"
    "hrvatski|inglés|inglese|italiano|magyar|nederlands|norsk|polski|português|română|shqip|"
    "slovenčina|slovenščina|spanisch|suomi|svenska|tedesco|türkçe|čeština|ελληνικά|русский|"
    "українська|български|српски|עברית|العربية|हिन्दी|日本語|中文|한국어"
)
REGION = re.compile(r"[-_][a-z]{2,4}$")


def is_language(name: str) -> bool:
    """Whether a column is called after a language: English, deutsch, pt, zh-Hans, en_GB."""
    lower = name.strip().lower()
    return bool(NAMES.fullmatch(lower) or CODES.fullmatch(REGION.sub("", lower)))
