"""What would change in a target, found by hashes; the page that shows it; broken links."""

import json
import re

import pytest

from sumida_data.catalogue.approval import FigureChange, Proposal, count_actions, propose
from sumida_data.catalogue.folder import find_broken_links
from sumida_data.catalogue.preview import gather_catalogue, render_changes
from sumida_data.catalogue.target import (
    TargetChange,
    TargetState,
    compare,
    hash_content,
)
from tests.catalogue.office import DAY, GAP, PROPOSAL, make_catalogue, make_dataset

DATASET = make_dataset("a", "1.0.0", data__csv="1\n", README__md="a")


def state_of(*datasets, pages=None) -> TargetState:
    held = {one.name: one.state for one in datasets}
    return TargetState("test", accepts_sample=True, observed_on=DAY, datasets=held, pages=pages)


def actions(catalogue, state) -> dict[tuple[str, str | None], str]:
    return {(one.dataset, one.file): one.action for one in compare(catalogue, state)}


class TestCompare:
    def test_a_new_dataset_is_created_with_all_its_files(self):
        assert actions(make_catalogue(DATASET), state_of()) == {
            ("a", None): "create",
            ("a", "data.csv"): "create",
            ("a", "README.md"): "create",
        }

    def test_the_same_dataset_is_kept(self):
        found = actions(make_catalogue(DATASET), state_of(DATASET))
        assert set(found.values()) == {"keep"}

    def test_only_the_changed_file_is_updated(self):
        changed = make_dataset("a", "1.0.0", data__csv="2\n", README__md="a")
        assert actions(make_catalogue(changed), state_of(DATASET)) == {
            ("a", None): "update",
            ("a", "data.csv"): "update",
            ("a", "README.md"): "keep",
        }

    def test_another_description_updates_the_dataset_alone(self):
        described = make_dataset("a", "1.1.0", data__csv="1\n", README__md="a")
        found = actions(make_catalogue(described), state_of(DATASET))
        assert found == {
            ("a", None): "update",
            ("a", "data.csv"): "keep",
            ("a", "README.md"): "keep",
        }

    def test_a_file_that_is_gone_is_removed(self):
        less = make_dataset("a", "1.0.0", data__csv="1\n")
        found = actions(make_catalogue(less), state_of(DATASET))
        assert found["a", "README.md"] == "remove"
        assert found["a", None] == "update"

    def test_a_dataset_that_is_gone_is_removed_but_a_blocked_one_is_kept(self):
        assert set(actions(make_catalogue(), state_of(DATASET)).values()) == {"remove"}
        blocked = actions(make_catalogue(blocked=("a",)), state_of(DATASET))
        assert set(blocked.values()) == {"keep"}

    def test_pages_are_compared_where_the_target_has_pages(self):
        catalogue = make_catalogue()
        index = hash_content(catalogue.pages["index.html"])
        pages = {"index.html": index, "old.html": "0", "api/3/action/package_search": "0"}
        assert compare(catalogue, state_of(pages=pages)) == (
            TargetChange("update", "", "api/3/action/package_search"),
            TargetChange("keep", "", "index.html"),
            TargetChange("remove", "", "old.html"),
        )
        assert TargetChange("create", "", "index.html") in compare(catalogue, state_of(pages={}))
        assert compare(catalogue, state_of(pages=None)) == ()


class TestHashes:
    def test_content_depends_on_bytes_descriptions_pages_and_what_is_blocked(self):
        catalogues = [
            make_catalogue(DATASET),
            make_catalogue(make_dataset("a", "1.0.0", data__csv="2\n", README__md="a")),
            make_catalogue(make_dataset("a", "1.0.1", data__csv="1\n", README__md="a")),
            make_catalogue(DATASET, blocked=("b",)),
            make_catalogue(),
        ]
        assert len({one.sha256 for one in catalogues}) == len(catalogues)
        assert make_catalogue(DATASET).sha256 == catalogues[0].sha256

    def test_a_state_is_the_same_on_another_day(self):
        one, other = state_of(DATASET), state_of(DATASET)
        assert one.sha256 == other.sha256
        assert one.sha256 != state_of().sha256
        assert state_of(pages={"a": "1"}).sha256 != state_of(pages={"a": "2"}).sha256


class TestProposal:
    @pytest.fixture
    def proposal(self) -> Proposal:
        return propose(
            make_catalogue(DATASET, sample=True, blocked=("b",)),
            state_of(),
            gaps=(GAP,),
            findings={"error": 2},
            pending_revisions=("値 23→24 <b>",),
        )

    def test_survives_being_written_down(self, proposal):
        assert Proposal.model_validate(json.loads(proposal.model_dump_json())) == proposal

    def test_names_gaps_versions_and_what_is_blocked(self, proposal):
        assert proposal.gaps_to_accept == (GAP,)
        assert proposal.versions == {"a": "1.0.0"}
        assert proposal.blocked == ("b",)
        assert count_actions(proposal.changes) == "新しく公開 1データセット・2ファイル・0ページ"
        assert count_actions(()) == "何もありません"

    def test_what_stays_is_no_real_change(self):
        changes = (TargetChange("keep", "a"), TargetChange("update", "b"))
        proposal = PROPOSAL.model_copy(update={"changes": changes})
        assert [one.dataset for one in proposal.real_changes] == ["b"]

    def test_the_page_shows_it_and_takes_no_text_for_markup(self, proposal):
        page = render_changes(proposal)["changes.html"].decode()
        for words in (
            "見本データ",
            proposal.content_sha256,
            "README.md",
            "新しく公開",
            "未回答の課",
            "要る",
            "要修正 2件",
            "<b>a</b> 1.0.0：新しく公開、新しく公開 2",
            "公開できないデータセット",
            "値 23→24 &lt;b&gt;",
        ):
            assert words in page
        assert "23→24 <b>" not in page
        assert "不合格の確認" not in page

    def test_the_sheet_to_sign_shows_each_figure_as_it_is_and_as_it_will_be(self, proposal):
        one = FigureChange(title="申請<数>", period="FY2022Q3", before="23手続", after="24手続")
        decided = {"決めた改訂": ("桁の誤り",), "値の変わらない違い": ()}
        changed = {"figures": (one,), "decisions": decided, "period": "FY2022Q3"}
        signed = proposal.model_copy(update=changed)
        sheet = render_changes(signed)["decision_sheet.html"].decode()
        cells = re.findall(r"<td[^>]*>(.*?)</td>", sheet)
        assert {"申請&lt;数&gt;", "23手続", "24手続", proposal.content_sha256} <= {
            re.sub("</?code>", "", cell) for cell in cells
        }
        assert "公開の決裁　令和4年度第3四半期" in sheet
        assert "<h2>決めた改訂</h2>" in sheet
        assert "<h2>値の変わらない違い</h2>" not in sheet
        assert signed.remarks["公表する数の変わるもの"] == ("申請<数> FY2022Q3：23手続 → 24手続",)


class TestCatalogue:
    def test_is_gathered_from_the_preview_as_it_was_written(self, show, built, packages):
        preview = show(built)
        shown = preview | {"changes.html": b"", "dataset/dx-indicators/0.9.0/x.csv": b""}
        names = tuple(one.name for one in packages.packages)
        catalogue = gather_catalogue(shown, (*names, "withheld"))
        assert [one.name for one in catalogue.datasets] == list(names)
        assert catalogue.blocked == ("withheld",)
        assert set(catalogue.pages) == {path for path in preview if "/latest/" not in path}
        files = {
            f"{one.name}/{file.key}": file.content
            for one in catalogue.datasets
            for file in one.files
        }
        assert files == dict(built)
        assert not catalogue.sample

    def test_descriptions_hold_neither_ids_nor_what_follows_from_the_bytes(self, show, built):
        dataset = gather_catalogue(show(built), ()).datasets[0]
        assert {"title", "notes", "tags", "version"} <= dataset.metadata.keys()
        assert {"id", "resources"}.isdisjoint(dataset.metadata)
        assert {"name", "format", "mimetype"} <= dataset.files[0].metadata.keys()
        assert {"id", "url", "hash", "size"}.isdisjoint(dataset.files[0].metadata)


class TestLinks:
    def test_every_link_and_address_leads_to_a_file(self):
        catalogue = make_catalogue(DATASET)
        files = dict(catalogue.pages) | {
            f"dataset/a/latest/{file.key}": file.content for file in DATASET.files
        }
        assert find_broken_links(files) == []
        del files["dataset/a/latest/data.csv"]
        assert [line.partition(":")[0] for line in find_broken_links(files)] == [
            "index.html",
            "api/3/action/package_search",
        ]

    def test_a_stated_size_must_be_that_of_the_file(self):
        files = dict(make_catalogue(DATASET).pages) | {
            f"dataset/a/latest/{file.key}": file.content + b"x" for file in DATASET.files
        }
        assert all("大きさ" in line for line in find_broken_links(files))
        assert len(find_broken_links(files)) == 2

    @pytest.mark.parametrize(
        "link",
        [
            "https://example.jp/x",
            "#top",
            "data:,",
            "mailto:a@b",
            "page.html#x",
            "./",
            "folder/",
            "日本.html",
        ],
    )
    def test_good_links(self, link):
        files = {
            "index.html": f'<a href="{link}">x</a>'.encode(),
            "page.html": b"",
            "folder/index.html": b'<a href="../page.html">x</a><a href="/index.html">y</a>',
            "日本.html": b"",
        }
        assert find_broken_links(files) == []

    @pytest.mark.parametrize("link", ["gone.html", "folder/gone", "../outside.html"])
    def test_bad_links(self, link):
        files = {"index.html": f'<img src="{link}">'.encode(), "folder/index.html": b""}
        assert len(find_broken_links(files)) == 1
