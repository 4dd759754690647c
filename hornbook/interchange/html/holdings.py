"""What a page holds of the data that its model was trained on, said plainly, in its languages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from hornbook.interchange.html.bloom import Bloom
from hornbook.runs import Run
from hornbook.text.conditions import Conditions
from hornbook.text.models.contract import LanguageModel
from hornbook.text.models.mixture import Mixture
from hornbook.text.models.ngram import NGram
from hornbook.tokenizers.byte_pairs import BytePairTokenizer
from hornbook.tokenizers.contract import Tokenizer
from hornbook.tokenizers.hugging_face import HuggingFaceTokenizer

__all__ = ["Said", "holdings", "members", "tokens_held", "values_held"]

Said = Mapping[str, str]
"A sentence by language: `en`, `zh`."

PIECES: Said = {
    "en": "Its vocabulary: {count} tokens, which, if they were learned from the training text, "
    "are words and parts of it.",
    "zh": "词表：{count} 个词元；如果是从训练文本学来的，就是其中的词和片段。",
}
TOKENS: Mapping[str, Said] = {
    "characters": {
        "en": "Its vocabulary: the {count} different characters of the data.",
        "zh": "词表：数据中的 {count} 个不同字符。",
    },
    "graphemes": {
        "en": "Its vocabulary: the {count} different graphemes of the data.",
        "zh": "词表：数据中的 {count} 个不同字素。",
    },
    "bytes": {
        "en": "Its tokens are the 256 bytes, which say nothing of the data.",
        "zh": "词元是 256 个字节，与数据无关。",
    },
    "words": {
        "en": "Its vocabulary: {count} words of the training text.",
        "zh": "词表：训练文本中的 {count} 个词。",
    },
    BytePairTokenizer.kind: PIECES,
    HuggingFaceTokenizer.kind: PIECES,
}
COUNTS: Said = {
    "en": "The tables of the n-grams are counts of the data: every sequence of up to {order} "
    "tokens{rare}, with how often it occurs. Much of the training text can be read "
    "from them word for word.",
    "zh": "n 元表是对数据的计数：每个长度不超过 {order} 的词元序列{rare}及其次数。"
    "训练文本的很大部分可以从中逐字读出。",
}
RARE: Said = {"en": " that is not too rare to be kept", "zh": "（过于罕见的除外）"}
VALUES: Said = {
    "en": "The values of its conditions, as they are in the data: {names}.",
    "zh": "各条件的取值，与数据中一致：{names}。",
}
WEIGHTS: Said = {
    "en": "No training text. The weights may have memorised parts of it, as those of any net.",
    "zh": "没有训练文本。和任何网络一样，权重可能记住了其中的片段。",
}
FILTER: Said = {
    "en": "A Bloom filter of the {count} training examples: of any text that somebody guesses, it "
    "tells whether it is one of them. {wrong} of other texts are taken for one.",
    "zh": "{count} 个训练样本的布隆过滤器：任何人猜出的文本，它都能说出是否在其中。"
    "其他文本有 {wrong} 会被误认。",
}


def holdings(run: Run, bloom: Bloom | None, examples: int) -> list[Said]:
    """What a page of a run holds of its training data.

    Args:
        run: on text.
        bloom: the filter of its examples, if it has one.
        examples: how many those are.
    """
    found = [tokens_held(run.data.tokenizer)]
    if run.data.conditions is not None:
        found.append(values_held(run.data.conditions))
    models = list(members(run.model))
    for model in models:
        if isinstance(model, NGram):
            pruned = any(model.settings.prune)
            rare = {language: text if pruned else "" for language, text in RARE.items()}
            found.append(filled(COUNTS, {"order": str(model.settings.order)}, rare))
    if not all(isinstance(model, NGram) for model in models):
        found.append(WEIGHTS)
    if bloom is not None:
        wrong = f"{100 * bloom.wrong:.2g}%"
        found.append(filled(FILTER, {"count": f"{examples:,}", "wrong": wrong}))
    return found


def tokens_held(tokenizer: Tokenizer) -> Said:
    """What the vocabulary tells."""
    apart = (tokenizer.boundary is not None) + (tokenizer.unknown is not None)
    count = f"{tokenizer.vocab_size - apart:,}"
    return filled(TOKENS[tokenizer.kind], {"count": count})


def values_held(conditions: Conditions) -> Said:
    """What the conditions tell."""
    pairs = zip(conditions.names, conditions.values, strict=True)
    return filled(VALUES, {"names": ", ".join(f"{name} ({len(own):,})" for name, own in pairs)})


def members(model: LanguageModel) -> Iterator[LanguageModel]:
    """A model, or those that it is a mixture of."""
    if isinstance(model, Mixture):
        for member in model.members:
            yield from members(member)
    else:
        yield model


def filled(said: Said, values: Mapping[str, str], rare: Said | None = None) -> Said:
    """A sentence with its figures."""
    return {
        language: text.format(**values, rare=(rare or {}).get(language, ""))
        for language, text in said.items()
    }
