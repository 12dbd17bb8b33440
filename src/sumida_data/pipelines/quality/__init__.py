"""The second opinion of Great Expectations and frictionless on what is about to be public."""

from sumida_data.base.metadata import DataDictionary
from sumida_data.packages.models import Packages
from sumida_data.pipelines.wiring import EVERY_TABLE, Files, Frame, Summary, join_nodes, makes
from sumida_data.quality.rules import QualityRules, SecondOpinion
from sumida_data.quality.second_opinion import ask_second_opinion


@makes("second_opinion", tables=EVERY_TABLE)
def get_second_opinion(
    rules: QualityRules,
    packages: Packages,
    dictionary: DataDictionary,
    preview_catalogue: Files,
    **tables: Frame,
) -> SecondOpinion:
    """Hold the tables behind the packages, and their files on disk, to the rules once more."""
    behind = {resource.table for one in packages.packages for resource in one.resources}
    frames = {name: frame for name, frame in tables.items() if name in behind}
    read = {
        name: file.read()
        for name, file in preview_catalogue.items()
        if name.endswith((".csv", ".json"))
    }
    return ask_second_opinion(rules, dictionary, frames, read)


@makes("quality_summary")
def summarise_second_opinion(second_opinion: SecondOpinion) -> Summary:
    """Say what the engines found."""
    looked_at = (
        f"Great Expectations と frictionless で、公開の元になる{second_opinion.tables}個の表と、"
        f"公開するファイル{second_opinion.files}個({second_opinion.rows:,}行)を、{second_opinion.rules}件の検査で"
        "もう一度確かめました。"
    )
    if not second_opinion.objections:
        return {"lines": [looked_at, "SQLの結果と同じで、重い不合格はありません。"], "exit_code": 0}
    advice = "次にすること：上の行を直し、もう一度 kedro run を実行してください。"
    return {"lines": [looked_at, *second_opinion.objections, advice], "exit_code": 2}


create_pipeline = join_nodes(__name__)
