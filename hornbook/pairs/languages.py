"""Names of languages, by which a file of translations calls its columns."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

__all__ = ["is_language"]

CODES = (
    "af|ar|az|be|bg|bn|ca|cs|cy|da|de|el|en|eo|es|et|eu|fa|fi|fr|ga|gl|he|hi|hr|hu|hy|id|is|it|ja|"
    "ka|kk|ko|la|lt|lv|mk|mn|ms|nb|nl|nn|no|pl|pt|ro|ru|sk|sl|sq|sr|sv|sw|ta|th|tl|tr|uk|ur|uz|vi|"
    "zh"
)
"Of ISO 639-1, but those that are rather units or words in a header: kg, km, lb, os, sd, to, ts."
NAMES = (
    "abkhazian|afar|afrikaans|akan|albanian|amharic|arabic|aragonese|aragonés|armenian|assamese|"
    "asụsụ igbo|avaric|avañe’ẽ|avestan|aymara|azerbaijani|azərbaycan|bamanakan|bambara|bangla|"
    "basa sunda|bashkir|basque|belarusian|bislama|bosanski|bosnian|breton|brezhoneg|bulgarian|"
    "burmese|catalan|català|chamorro|chechen|chinese|chishona|church slavic|chuvash|cornish|"
    "corsican|corsu|cree|croatian|cymraeg|czech|danish|dansk|davvisámegiella|deutsch|diné bizaad|"
    "divehi|dutch|dzongkha|eesti|english|español|esperanto|estonian|euskara|ewe|eʋegbe|faroese|"
    "fijian|finnish|français|french|frysk|fula|føroyskt|gaeilge|gaelg|galego|galician|ganda|"
    "georgian|german|greek|guarani|gujarati|gàidhlig|gĩgĩkũyũ|haitian creole|hausa|hebrew|herero|"
    "hindi|hiri motu|hrvatski|hungarian|icelandic|ido|igbo|ikinyarwanda|ikirundi|indonesia|"
    "indonesian|interlingua|interlingue|inuktitut|inupiaq|irish|isindebele|isixhosa|isizulu|"
    "italian|italiano|japanese|javanese|jawa|kalaallisut|kannada|kanuri|kashmiri|kazakh|kernewek|"
    "khmer|kikuyu|kinyarwanda|kiswahili|komi|kongo|korean|kreyòl ayisyen|kuanyama|kurdish|kurdî|"
    "kyrgyz|lao|latin|latina|latvian|latviešu|lea fakatonga|lietuvių|limburgish|lingala|lingála|"
    "lithuanian|luba-katanga|luganda|luxembourgish|lëtzebuergesch|macedonian|magyar|malagasy|"
    "malay|malayalam|maltese|malti|manx|marathi|marshallese|melayu|mongolian|māori|nauru|navajo|"
    "ndonga|nederlands|nepali|norsk|norsk bokmål|norsk nynorsk|north ndebele|northern sami|"
    "norwegian|norwegian bokmål|norwegian nynorsk|nyanja|occitan|odia|ojibwa|oromo|oromoo|"
    "ossetic|o‘zbek|pali|pashto|persian|polish|polski|portuguese|português|pulaar|punjabi|qafar|"
    "quechua|romanian|romansh|română|rumantsch|runasimi|rundi|russian|samoan|sango|sanskrit|"
    "sardinian|sardu|scottish gaelic|serbian|serbo-croatian|sesotho|setswana|shona|shqip|"
    "sichuan yi|sindhi|sinhala|siswati|slovak|slovenian|slovenčina|slovenščina|somali|soomaali|"
    "south ndebele|southern sotho|spanish|sundanese|suomi|svenska|swahili|swati|swedish|sängö|"
    "tagalog|tahitian|tajik|tamil|tatar|telugu|thai|tibetan|tigrinya|tiếng việt|tongan|tshiluba|"
    "tshivenḓa|tsonga|tswana|turkish|turkmen|twi|türkmen dili|türkçe|ukrainian|urdu|uyghur|uzbek|"
    "vahcuengh|venda|vietnamese|volapük|walloon|walon|welsh|western frisian|wolof|xhosa|xitsonga|"
    "yiddish|yoruba|zhuang|zulu|èdè yorùbá|íslenska|čeština|ελληνικά|аԥсшәа|башҡорт|беларуская|"
    "български|ирон|кыргызча|македонски|монгол|нохчийн|русский|српски|татар|тоҷикӣ|українська|"
    "церковнослове́нскїй|чӑваш чӗлхи|қазақ тілі|հայերեն|ייִדיש|עברית|ئۇيغۇرچە|اردو|العربية|سنڌي|"
    "فارسی|پښتو|کٲشُر|ދިވެހިބަސް|नेपाली|मराठी|संस्कृत भाषा|हिन्दी|অসমীয়া|বাংলা|ਪੰਜਾਬੀ|ગુજરાતી|"
    "ଓଡ଼ିଆ|தமிழ்|తెలుగు|ಕನ್ನಡ|മലയാളം|සිංහල|ไทย|ລາວ|བོད་སྐད་|རྫོང་ཁ|မြန်မာ|ქართული|ትግርኛ|አማርኛ|"
    "ᐃᓄᒃᑎᑐᑦ|ខ្មែរ|中文|日本語|ꆈꌠꉙ|한국어"
)
"Languages of ISO 639-1 in English and in themselves, as CLDR has them; a test holds it to Babel."
OTHERS = (
    "alemán|allemand|anglais|bengali|englisch|französisch|inglese|inglés|mandarin|slovene|"
    "spanisch|tedesco"
)
"Other usual names, and English and German by those of their neighbours."
REGION = re.compile(r"[-_][a-z]{2,4}$")


def is_language(name: str) -> bool:
    """Whether a column is called after a language: English, deutsch, pt, zh-Hans, en_GB."""
    lower = unicodedata.normalize("NFC", name.strip().lower())
    return (
        lower in listed(NAMES) or lower in listed(OTHERS) or REGION.sub("", lower) in listed(CODES)
    )


@cache
def listed(names: str) -> frozenset[str]:
    """The names in a text that has bars between them."""
    return frozenset(names.split("|"))
