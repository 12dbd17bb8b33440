"""What the office reads when a publication has been made."""

from dataclasses import replace
from pathlib import Path

from sumida_data.catalogue.target import observe
from sumida_data.pipelines.publish.nodes import summarise_publication
from tests.catalogue.office import DAY, Office, make_catalogue, make_dataset


def test_a_completed_publication_says_so_and_what_to_do(tmp_path: Path) -> None:
    office = Office(tmp_path)
    catalogue = make_catalogue(make_dataset("a", "1.0.0", data__csv="1\n"))
    office.approve(catalogue)
    publication = office.decide(catalogue)
    state = observe(office.target, DAY)
    made = summarise_publication(publication, state)
    assert made["lines"][0] == "公開先 folder に、承認 A0001 の内容を公開しました。"
    assert made["exit_code"] == 0
    resumed = summarise_publication(replace(publication, resumed=True), state)
    assert resumed["lines"][0] == (
        "公開先 folder に、途中で止まっていた承認 A0001 の公開を終わらせました。"
    )
    assert "もう一度 kedro run を実行し" in resumed["lines"][-1]
    assert resumed["exit_code"] == 2
