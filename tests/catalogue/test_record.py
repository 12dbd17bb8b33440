"""The record proves itself: whatever is changed in it by hand is noticed and named."""

import json
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sumida_data.catalogue.record import Approval, PublicationLine, TargetRecord
from sumida_data.catalogue.target import TargetError
from tests.catalogue.office import Office, make_catalogue, make_cells, make_dataset, make_values

VALUES = make_values(("x", "FY2022Q3", 1, "5"))
FIRST = make_catalogue(
    make_dataset("a", "1.0.0", data__csv="1\n", indicator_value__parquet=VALUES), sample=True
)
SECOND = make_catalogue(
    make_dataset("a", "1.1.0", data__csv="1\n2\n", indicator_value__parquet=VALUES), sample=True
)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An office that has published twice and taken the second back."""
    office = Office(tmp_path_factory.mktemp("office"))
    office.lineage = make_cells(("x", "FY2022Q3", 1, "5"), "B2")
    office.approve_and_publish(FIRST)
    office.approve_and_publish(SECOND)
    office.undo()
    assert list(office.record.find_faults()) == []
    return office.path


@pytest.fixture
def folder(whole: Path, tmp_path: Path) -> Path:
    shutil.copytree(whole, tmp_path / "office", symlinks=True)
    return tmp_path / "office/record/folder"


def faults(folder: Path) -> list[str]:
    return list(TargetRecord(folder).find_faults())


def change(value: object) -> object:
    """Return a value of the same kind that says something else."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, (str, int)):
        return f"{value}x"
    return {"x": "x"} if isinstance(value, dict) else [*(value if value else ()), "x"]


def test_an_approval_that_names_a_text_of_two_columns_twice_is_read_for_good(
    tmp_path: Path,
) -> None:
    record = Office(tmp_path).record
    said = dict.fromkeys(Approval.model_fields, "x") | {"accepted_gaps": (), "changes": ()}
    said |= {"findings": {}, "files": {}, "failed_checks": (), "blocked": ("a", "a")}
    said |= {"pending_revisions": (), "new_texts": ("ab12", "ab12")}
    record.add(Approval.model_validate(said))
    assert record.approvals[-1].new_texts == ("ab12", "ab12")


FIELDS = [
    *(("approvals.jsonl", name) for name in Approval.model_fields),
    *(("publications.jsonl", name) for name in PublicationLine.model_fields),
]


@pytest.mark.parametrize(("name", "field"), FIELDS)
@pytest.mark.parametrize("number", [0, -1], ids=["first", "last"])
def test_every_field_of_every_line_is_proven(
    folder: Path, name: str, field: str, number: int
) -> None:
    path = folder / name
    lines = path.read_text("utf-8").splitlines()
    line = json.loads(lines[number])
    line[field] = change(line[field])
    lines[number] = json.dumps(line, ensure_ascii=False)
    path.write_text("\n".join([*lines, ""]), "utf-8")
    place = len(lines) if number else 1
    assert faults(folder)[0].startswith(f"{name} の{place}行目：")


def drop(number: int) -> Callable[[str], str]:
    def edit(text: str) -> str:
        lines = text.splitlines(keepends=True)
        del lines[number]
        return "".join(lines)

    return edit


@pytest.mark.parametrize(
    ("name", "edit", "told"),
    [
        ("approvals.jsonl", drop(0), "approvals.jsonl の1行目：前の行が"),
        ("approvals.jsonl", drop(-1), "publications.jsonl の P0002：承認がありません"),
        ("publications.jsonl", drop(0), "publications.jsonl の1行目：前の行が"),
        ("publications.jsonl", drop(1), "publications.jsonl の2行目：前の行が"),
        ("publications.jsonl", lambda text: text.replace(", ", ",", 1), "1行目：書いた後で"),
        ("publications.jsonl", lambda text: f"{text}{{\n", "4行目：読めません"),
        ("publications.jsonl", lambda text: f"{text}{{}}\n", "4行目：ハッシュがありません"),
        ("publications/P0001.json", lambda text: text.replace("題", "副題"), "P0001.json：記録"),
        ("publications/P0002.json", lambda text: text.replace("true", "false"), "P0002.json：記録"),
        ("releases/1.json", lambda text: text.replace("1.0.0", "1.0.1"), "releases/1.json：記録"),
    ],
)
def test_what_was_added_left_out_or_put_otherwise_is_named(
    folder: Path, name: str, edit: Callable[[str], str], told: str
) -> None:
    path = folder / name
    path.write_text(edit(path.read_text("utf-8")), "utf-8")
    assert told in faults(folder)[0]


def without(*names: str) -> Callable[[str], str]:
    """Return an edit that leaves out of every line some of what proves it."""

    def edit(text: str) -> str:
        lines = map(json.loads, text.replace("2023-02-01", "2023-02-02").splitlines())
        left = [{key: line[key] for key in line if key not in names} for line in lines]
        return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in left)

    return edit


@pytest.mark.parametrize(
    "left_out",
    [("sha256",), ("sha256", "signature"), ("sha256", "previous_sha256", "signature", "files")],
)
def test_lines_without_their_hashes_are_not_taken_for_older_ones(
    folder: Path, left_out: tuple[str, ...]
) -> None:
    for name in ("approvals.jsonl", "publications.jsonl"):
        path = folder / name
        path.write_text(without(*left_out)(path.read_text("utf-8")), "utf-8")
    assert faults(folder) == ["approvals.jsonl の1行目：ハッシュがありません。"]


@pytest.mark.parametrize("lines", [1, 2])
def test_lines_that_are_gone_from_the_end_are_missed(folder: Path, lines: int) -> None:
    Office(folder.parents[1]).undo()
    path = folder / "publications.jsonl"
    # Undone and undone again shows the same; what each of the two made is still there.
    path.write_text("".join(path.read_text("utf-8").splitlines(keepends=True)[:-lines]), "utf-8")
    assert [one.partition("：")[0] for one in faults(folder)] == [
        f"releases/{number}.json" for number in range(5 - lines, 5)
    ]


def test_a_publication_that_is_in_no_line_is_named(folder: Path) -> None:
    shutil.copy(folder / "publications/P0001.json", folder / "publications/P0007.json")
    assert faults(folder)[0].startswith("publications/P0007.json：記録にないファイル")


@pytest.mark.parametrize("mark", ["\u2028", "\u2029", "\x85", "\x0c", "\n"])
def test_what_a_person_pastes_parts_no_line(tmp_path: Path, mark: str) -> None:
    office = Office(tmp_path)
    office.approve(FIRST)
    approval = office.record.approvals[-1].model_copy(update={"approved_by": f"見本{mark}部長"})
    office.record.add(approval)
    assert office.record.approvals[-1].approved_by == f"見本{mark}部長"
    assert list(office.record.find_faults()) == []


@pytest.mark.parametrize("name", ["values.parquet", "lineage.parquet", "releases/2.json"])
def test_a_file_that_was_replaced_or_is_gone_is_named(folder: Path, name: str) -> None:
    path = folder / name
    content = path.read_bytes()
    path.write_bytes(content + b"x")
    assert faults(folder) == [f"{name}：記録した後で変えられたか、なくなっています。"]
    path.unlink()
    assert faults(folder) == [f"{name}：記録した後で変えられたか、なくなっています。"]


def test_nothing_is_published_upon_a_record_that_was_changed(folder: Path) -> None:
    office = Office(folder.parents[1])
    path = folder / "approvals.jsonl"
    path.write_text(path.read_text("utf-8").replace("見本 部長", "見本 課長"), "utf-8")
    with pytest.raises(TargetError, match=r"変えられている.*\napprovals\.jsonl の1行目"):
        office.decide(SECOND)


@pytest.mark.parametrize("name", ["publications/P0001.json", "publications.jsonl"])
def test_no_line_is_added_that_would_prove_a_change(folder: Path, name: str) -> None:
    office = Office(folder.parents[1])
    path = folder / name
    path.write_text(path.read_text("utf-8").replace("1.0.0", "1.0.1"), "utf-8")
    told = rf"変えられている.*\n{name}"
    for add in (office.undo, office.abandon, partial(office.withdraw, SECOND)):
        with pytest.raises(TargetError, match=told):
            add()
    assert name in faults(folder)[0]


def test_a_line_that_is_none_is_told(folder: Path) -> None:
    (folder / "approvals.jsonl").write_text("{\n", "utf-8")
    with pytest.raises(TargetError, match=r"approvals\.jsonl の1行目：読めません"):
        _ = TargetRecord(folder).approvals


def test_a_journal_made_by_hand_hides_no_change(folder: Path) -> None:
    record = TargetRecord(folder)
    record.begin(record.publications[-1])
    path = folder / "publications/P0001.json"
    path.write_text(path.read_text("utf-8").replace("題", "副題"), "utf-8")
    assert faults(folder) == [
        f"{path.parent.name}/{path.name}：記録した後で変えられたか、なくなっています。"
    ]


def test_lines_from_before_the_chain_are_covered_by_the_next(folder: Path) -> None:
    office = Office(folder.parents[1])
    for name in ("approvals.jsonl", "publications.jsonl"):
        path = folder / name
        lines = [json.loads(text) for text in path.read_text("utf-8").splitlines()]
        proofs = ("account", "machine", "files", "previous_sha256", "sha256", "signature")
        bare = [{key: line[key] for key in line if key not in proofs} for line in lines]
        path.write_text("".join(json.dumps(one) + "\n" for one in bare), "utf-8")
    assert faults(folder) == []
    office.approve_and_publish(SECOND)
    assert faults(folder) == []
    path.write_text(path.read_text("utf-8").replace("2023-02-01", "2023-02-02", 1), "utf-8")
    assert "publications.jsonl の4行目：前の行が" in faults(folder)[0]


def test_who_did_it_and_where_is_written_down(folder: Path) -> None:
    for line in TargetRecord(folder).publications:
        assert line.account
        assert line.machine


class TestKey:
    @pytest.fixture
    def key(self, tmp_path: Path) -> Path:
        return self.write(tmp_path / "key.pem", Ed25519PrivateKey.generate())

    def write(self, path: Path, key: Ed25519PrivateKey) -> Path:
        pem = serialization.Encoding.PEM
        private = key.private_bytes(
            pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        public = key.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo)
        path.write_bytes(private)
        path.with_suffix(".pub").write_bytes(public)
        return path

    def test_signs_what_the_public_half_verifies(
        self, key: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        office = Office(tmp_path)
        monkeypatch.setenv("SUMIDA_RECORD_KEY", str(key))
        office.approve_and_publish(FIRST)
        assert list(office.record.find_faults()) == []
        monkeypatch.setenv("SUMIDA_RECORD_KEY", str(key.with_suffix(".pub")))
        assert list(office.record.find_faults()) == []
        other = self.write(tmp_path / "other.pem", Ed25519PrivateKey.generate())
        monkeypatch.setenv("SUMIDA_RECORD_KEY", str(other))
        assert list(office.record.find_faults()) == [
            "approvals.jsonl の1行目：署名が課の鍵によるものではありません。"
        ]

    def test_a_chain_made_anew_without_the_key_is_noticed(
        self, key: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        office = Office(tmp_path)
        office.approve_and_publish(FIRST)
        monkeypatch.setenv("SUMIDA_RECORD_KEY", str(key))
        assert "署名が課の鍵" in next(office.record.find_faults())

    def test_a_key_that_is_none_is_told(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SUMIDA_RECORD_KEY", str(tmp_path / "none"))
        with pytest.raises(TargetError, match="署名の鍵"):
            Office(tmp_path).approve(FIRST)
