"""What the office reads when a publication has been made."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from sumida_data.catalogue.approval import RefusedError
from sumida_data.packages.models import Packages
from sumida_data.pipelines.publish import decide_publication, summarise_publication
from sumida_data.pipelines.quality import summarise_second_opinion
from sumida_data.quality.rules import SecondOpinion
from sumida_data.survey.files import SourceFile
from tests.catalogue.office import DAY, Office, make_catalogue, make_dataset


def test_a_completed_publication_says_so_and_what_to_do(tmp_path: Path) -> None:
    office = Office(tmp_path)
    catalogue = make_catalogue(make_dataset("a", "1.0.0", data__csv="1\n"))
    office.approve(catalogue)
    publication = office.decide(catalogue)
    state = office.target.observe(DAY)
    made = summarise_publication(publication, state)
    assert made["lines"][0] == "公開先 folder に、承認 A0001 の内容を公開しました。"
    assert made["exit_code"] == 0
    resumed = summarise_publication(replace(publication, resumed=True), state)
    assert resumed["lines"][0] == (
        "公開先 folder に、途中で止まっていた承認 A0001 の公開を終わらせました。"
    )
    assert "もう一度 kedro run を実行し" in resumed["lines"][-1]
    assert resumed["exit_code"] == 2


def test_an_objection_of_another_engine_stops_the_publication(
    tmp_path: Path, raw_parameters: dict[str, object]
) -> None:
    office = Office(tmp_path)
    page = tmp_path / "index.html"
    page.write_bytes(b"page")
    opinion = SecondOpinion(tables=1, files=1, rules=2, rows=3, objections=("表 手続：Q203",))
    with pytest.raises(RefusedError, match="何も公開していません。\n表 手続：Q203"):
        decide_publication(
            {"index.html": SourceFile("index.html", page)},
            Packages.model_validate(raw_parameters["packages"]),
            {},
            office.target.observe(DAY),
            office.record,
            pd.DataFrame(),
            opinion,
        )
    told = summarise_second_opinion(opinion)
    assert told["exit_code"] == 2
    assert "表 手続：Q203" in told["lines"]
