"""The main points of a quarter in sentences, with which every report begins."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from sumida_data.base.metadata import Row
from sumida_data.plan.models import Indicator
from sumida_data.present.language import Language
from sumida_data.present.words import VERDICT_SYMBOLS


class Standing(NamedTuple):
    """An indicator in a quarter.

    Attributes:
        value: Its row of ``indicator_value``.
        before: That of the quarter before; None where there is none.
        progress: Its row of ``indicator_progress`` by the primary method.
        note: Its row of ``progress_note``; None where nobody has said anything.
    """

    indicator: Indicator
    value: Row
    before: Row | None
    progress: Row
    note: Row | None

    @property
    def verdict(self) -> str:
        """The verdict by the primary method."""
        return str(self.progress["verdict"])

    @property
    def reasons(self) -> tuple[str, str]:
        """The first sentence of the reason of the verdict, and what it adds."""
        first, _, rest = (self.progress["reason"] or "").partition("。")
        return f"{first}。", rest


def list_main_points(language: Language, standings: Sequence[Standing]) -> list[str]:
    """Say how many indicators have which verdict, which are behind, moved, new or to be doubted."""
    if not standings:
        return []
    points = [_count_verdicts(language, standings)]
    points += [_tell_behind(language, one) for one in standings if "behind" in one.verdict]
    for words, tell in _GROUPS.items():
        found = [text for one in standings if (text := tell(language, one))]
        if tell is _tell_unconfirmed and len(found) == len(standings):
            found = [language.say("すべての指標", "those of all indicators")]
        if found:
            points.append(
                language.say(
                    f"{words[0]}：{'、'.join(found)}。", f"{words[1]}: {', '.join(found)}."
                )
            )
    return points


def _tell_move(language: Language, one: Standing) -> str | None:
    before: Decimal | None = one.before["value"] if one.before else None
    now = one.value["value"]
    if before is None or now in (None, before):
        return None
    unit = language.say(one.indicator.unit, one.indicator.unit_en)
    old = _write(language, one, before).removesuffix(unit).rstrip()
    return f"{language.title(one.indicator)} {old}→{_write(language, one, now)}"


def _tell_new(language: Language, one: Standing) -> str | None:
    is_new = one.before and one.before["value"] is None is not one.value["value"]
    return language.title(one.indicator) if is_new else None


def _tell_unknown(language: Language, one: Standing) -> str | None:
    return _explain(language, one, one.reasons[0]) if one.verdict == "cannot_say" else None


def _tell_doubtful(language: Language, one: Standing) -> str | None:
    """Tell what is far beyond its target: it may count something else than the target does."""
    doubt = one.reasons[1] if one.verdict in ("achieved", "kept") else ""
    return _explain(language, one, doubt) if doubt else None


def _tell_unconfirmed(language: Language, one: Standing) -> str | None:
    return None if one.indicator.confirmed else language.title(one.indicator)


_GROUPS: Mapping[tuple[str, str], Callable[[Language, Standing], str | None]] = {
    ("前の四半期から動いたもの", "Moved since the quarter before"): _tell_move,
    ("初めて値が出たもの", "Measured for the first time"): _tell_new,
    ("判定できないもの", "No verdict"): _tell_unknown,
    ("数え方を確かめる必要があるもの", "To be checked before use"): _tell_doubtful,
    ("まだ確認を受けていない定義", "Definitions not yet confirmed"): _tell_unconfirmed,
}


def _write(language: Language, one: Standing, amount: Decimal | None) -> str:
    return language.amount(one.indicator, amount, one.indicator.decimals)


def _explain(language: Language, one: Standing, reason: str) -> str:
    words = language.translate(reason).rstrip("。.")
    return f"{language.title(one.indicator)}{language.say('', ' ')}({words})"


def _count_verdicts(language: Language, standings: Sequence[Standing]) -> str:
    counts, say = Counter(one.verdict for one in standings), language.say
    told = [
        language.word("indicator_progress.verdict", verdict) + say("", " ") + str(counts[verdict])
        for verdict in VERDICT_SYMBOLS
        if counts[verdict]
    ]
    return say(
        f"指標{len(standings)}のうち、{'、'.join(told)}。",
        f"Of {len(standings)} indicators: {', '.join(told)}.",
    )


def _tell_behind(language: Language, one: Standing) -> str:
    """Say that an indicator is behind, by how much, and what was said about it."""
    indicator, day, value = one.indicator, language.day(one.value["as_of"]), one.value
    verdict = language.word("indicator_progress.verdict", one.verdict)
    target = language.amount(indicator, indicator.target.value)
    amounts = _write(language, one, value["value"]), target
    texts = [
        language.say(
            f"{verdict}：{indicator.title}は{day}現在で{amounts[0]}、目標は{amounts[1]}。",
            f"{verdict}: {indicator.title_en}, {amounts[0]} as of {day}, target {amounts[1]}.",
        ),
        language.translate(one.reasons[0]),
    ]
    if one.note:
        texts += [
            language.say("理由：", "Why: ") + language.translate(one.note["cause"]),
            language.say("次にすること：", "Next: ") + language.translate(one.note["next_step"]),
        ]
    return language.say("", " ").join(texts)
