"""Which encoding is proposed for what is not UTF-8: by its words, however few."""

from __future__ import annotations

import pytest

from hornbook.errors import EncodingError
from hornbook.sources.encoding import decode
from hornbook.sources.guessing import guessed

PLAIN = "Ort,Wert\n" + "".join(f"Ort{n},{n}\n" for n in range(300))
TEXTS = {
    "cp1252": [
        "stadt,preis\nKöln,5\nMünchen,6\nBerlin,7\n" * 9,
        f"{PLAIN}Tübingen,5\n",
        "ÖBB,5\nÄRZTE,6\n",
        "name,wohnung\nMüller,3\nSchmidt,4\n",
        "temperatur\n5 °C\n7 °C\n",
        "preis\n5 €\n7 €\n",
        "fläche\n75 m²\n80 m²\n",
        "größe,preis\n5,4\n",
        "ville,prix\nOrléans,5\nBesançon,6\nParis,7\n",
        f"{PLAIN}été,2\n",
        "prénom,âge\nZoé,4\n",
        "Où est l'élève ? À la forêt, près du château ; ça va.\n",
        "ciudad,precio\nMálaga,5\nLogroño,6\nMadrid,7\n",
        "año,b\n2020,4\n2021,5\n",
        "El niño comió piña mañana; ¿dónde está el jamón?\n",
        "città,b\nForlì,3\nperché,4\n",
        "cidade,preço\nSão Paulo,5\nBrasília,6\nMaceió,7\n",
        "by,pris\nKøbenhavn,5\nÅrhus,6\n",
    ],
    "cp1250": [
        "miasto,cena\nŁódź,5\nKraków,6\nGdańsk,7\n",
        f"{PLAIN}Gdańsk,2\n",
        f"{PLAIN}Poznań,2\n",
        "Zażółć gęślą jaźń, proszę państwa, w Łodzi.\n",
        "město,cena\nPlzeň,5\nČeské Budějovice,6\n",
        "város,ár\nGyőr,5\nPécs,4\nSzőlő,6\n",
    ],
    "cp1251": [
        "город,цена\nМосква,5\nТула,6\nКазань,7\n",
        f"{PLAIN}Москва,2\n",
        "имя,b\nИван,4\nОльга,5\n",
        "Съешь же ещё этих мягких французских булок, да выпей чаю.\n",
    ],
    "koi8-r": ["город,цена\nМосква,5\nТула,6\nКазань,7\n"],
    "cp1253": [
        "πόλη,τιμή\nΑθήνα,5\nΠάτρα,6\nΒόλος,7\n",
        f"{PLAIN}Αθήνα,2\n",
        "όνομα,b\nΓιώργος,4\nΜαρία,5\n",
        "Ξεσκεπάζω την ψυχοφθόρα βδελυγμία. Η γλώσσα είναι ελληνική.\n",
    ],
    "cp1254": ["şehir,fiyat\nİstanbul,5\nMuğla,6\nIğdır,4\n"],
    "cp1257": ["miestas,b\nŠiauliai,5\nPanevėžys,6\nKėdainiai,5\n"],
    "cp1255": ["עיר,מחיר\nתל אביב,5\nירושלים,6\n" * 8],
    "gb18030": ["城市,价格\n北京,5\n上海,6\n广州,7\n" * 10],
    "shift_jis": ["都市,価格\n東京,5\n大阪,6\nこれは日本語です,7\n" * 10],
    "euc_kr": ["도시,가격\n서울,5\n부산,6\n" * 8],
    "cp850": ["Der Weg über die Brücke führt zum Schloß. Äpfel und Öl.\n" * 5],
}


@pytest.mark.parametrize(
    ("codec", "text"), [(codec, text) for codec, texts in TEXTS.items() for text in texts]
)
def test_what_is_proposed_reads_the_text(codec: str, text: str) -> None:
    data = text.encode(codec)
    at = next(place for place, byte in enumerate(data) if byte > 127)
    found = guessed(data, "utf-8", at)
    assert data.decode(found) == text
    if codec in ("cp1252", "cp1250", "cp1251", "cp1253"):
        assert found == codec
    with pytest.raises(EncodingError) as caught:
        decode(data, "a.csv")
    assert f"`encoding={found}`" in (caught.value.hint or "")


def test_what_was_refused_is_not_proposed() -> None:
    data = "Köln\n".encode("cp1252")
    assert guessed(data, "cp1252", 1) not in ("", "cp1252")
