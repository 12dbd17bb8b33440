"""Publishing into a folder: whole or not at all, resumable, repeatable, reversible."""

import errno
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from random import Random

import pytest

from sumida_data.base import disk
from sumida_data.catalogue import folder as folder_module
from sumida_data.catalogue import history
from sumida_data.catalogue.approval import FreeWords, RefusedError, find_new_texts, write_approval
from sumida_data.catalogue.history import read_histories
from sumida_data.catalogue.publication import publish
from sumida_data.catalogue.record import TargetRecord
from sumida_data.catalogue.target import TargetChange, TargetError, hash_content
from tests.catalogue.office import (
    GAP,
    Office,
    make_catalogue,
    make_cells,
    make_dataset,
    make_values,
)

FIRST = make_catalogue(
    make_dataset("a", "1.0.0", data__csv="1\n", README__md="a"),
    make_dataset("b", "1.0.0", data__csv="b\n"),
)
SECOND = make_catalogue(
    make_dataset("a", "1.1.0", data__csv="1\n2\n", README__md="a"),
    make_dataset("b", "1.0.0", data__csv="b\n"),
)
THIRD = make_catalogue(
    make_dataset("a", "1.2.0", data__csv="3\n", README__md="a"),
    make_dataset("b", "1.0.0", data__csv="b\n"),
)

FOURTH = make_catalogue(
    make_dataset("a", "1.3.0", data__csv="4\n", README__md="a"),
    make_dataset("b", "1.0.0", data__csv="b\n"),
)


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


@pytest.fixture
def published(office: Office) -> Office:
    office.approve_and_publish(FIRST)
    return office


class TestWhole:
    def test_every_dataset_stands_at_latest_and_at_its_version(self, published):
        shown = published.show()
        assert shown["dataset/a/latest/data.csv"] == shown["dataset/a/1.0.0/data.csv"] == b"1\n"
        assert shown["index.html"] == FIRST.pages["index.html"]
        assert published.faults() == []

    def test_versions_stay_at_their_addresses(self, published):
        published.approve_and_publish(SECOND)
        shown = published.show()
        assert shown["dataset/a/1.0.0/data.csv"] == b"1\n"
        assert shown["dataset/a/1.1.0/data.csv"] == shown["dataset/a/latest/data.csv"] == b"1\n2\n"

    def test_a_cited_address_shows_its_version(self, published):
        published.approve_and_publish(SECOND)
        for version in ("1.0.0", "1.1.0"):
            page = published.show()[f"dataset/a/{version}/index.html"].decode()
            assert f"<h1>題 a 版 {version}</h1>" in page
            assert '<a href="data.csv">' in page
            assert "この版の中身は変わりません" in page
        latest = published.show()["dataset/a/latest/index.html"].decode()
        assert "<h1>題 a 版 1.1.0</h1>" in latest
        assert "いちばん新しい版です" in latest

    def test_an_unchanged_repeat_writes_nothing(self, published):
        before = published.everything()
        published.publish(FIRST)
        assert published.everything() == before
        assert len(published.record.publications) == 1

    def test_a_published_version_never_changes_its_bytes(self, published):
        changed = make_catalogue(make_dataset("a", "1.0.0", data__csv="9\n"), FIRST.datasets[1])
        before = published.show()
        published.approve(changed)
        with pytest.raises(TargetError, match=r"a の版 1\.0\.0 は公開済み"):
            published.publish(changed)
        assert published.show() == before

    def test_real_data_do_not_continue_what_invented_data_began(self, office):
        office.approve_and_publish(make_catalogue(*SECOND.datasets, sample=True))
        real = make_catalogue(make_dataset("a", "1.1.0", data__csv="7\n"))
        office.approve_and_publish(real)
        shown = office.show()
        assert shown["dataset/a/1.1.0/data.csv"] == b"7\n"
        assert not any(path.startswith("dataset/b/") for path in shown)

    def test_a_link_to_nowhere_is_not_published(self, office):
        broken = make_catalogue(make_dataset("a", "1.0.0", data__csv="1\n"))
        broken.pages["index.html"] = b'<a href="dataset/a/latest/gone.csv">x</a>'
        office.approve(broken)
        with pytest.raises(TargetError, match=r"index\.html: リンク先 dataset/a/latest/gone\.csv"):
            office.publish(broken)
        assert not office.public.exists()

    def test_a_withdrawn_dataset_leaves_a_page_that_says_so(self, published):
        published.approve_and_publish(make_catalogue(FIRST.datasets[1]))
        shown = published.show()
        assert "題 a" in shown["dataset/a/index.html"].decode()
        assert "公開を終えました" in shown["dataset/a/index.html"].decode()
        assert "dataset/a/latest/data.csv" not in shown
        assert shown["dataset/a/1.0.0/data.csv"] == b"1\n"
        published.approve_and_publish(SECOND)
        assert "dataset/a/index.html" not in published.show()

    def test_a_blocked_dataset_stays_as_it_was(self, published):
        published.approve_and_publish(
            make_catalogue(make_dataset("b", "1.1.0", data__csv="c\n"), blocked=("a",))
        )
        shown = published.show()
        assert shown["dataset/a/latest/data.csv"] == b"1\n"
        assert shown["dataset/b/latest/data.csv"] == b"c\n"
        assert published.packages()["a/data.csv"] == b"1\n"
        names = [one.name for one in published.record.publications[-1].datasets]
        assert sorted(names) == ["a", "b"]

    def test_where_links_are_not_possible_folders_are_swapped(self, office, monkeypatch):
        def refuse(*_: object, **__: object) -> None:
            raise PermissionError("no links")

        monkeypatch.setattr(Path, "symlink_to", refuse)
        office.approve_and_publish(FIRST)
        office.approve_and_publish(SECOND)
        assert not office.public.is_symlink()
        assert office.show()["dataset/a/latest/data.csv"] == b"1\n2\n"
        office.undo()
        assert office.show()["dataset/a/latest/data.csv"] == b"1\n"
        assert office.faults() == []

    def test_a_real_folder_makes_room_for_the_link(self, office):
        office.public.mkdir()
        office.approve_and_publish(FIRST)
        assert office.public.is_symlink()

    def test_what_others_put_there_is_not_removed_by_the_first_publication(self, office, tmp_path):
        root = tmp_path / "html"
        root.mkdir()
        (root / "note.txt").write_text("by hand")
        office.public.symlink_to(root)
        with pytest.raises(RefusedError, match=r"html に、ここから公開したものではない note\.txt"):
            office.approve(FIRST)
        (root / "note.txt").unlink()
        office.approve_and_publish(FIRST)
        # What somebody puts beside it afterwards goes, as was shown to who approved.
        (root / "note.txt").write_text("by hand")
        office.approve_and_publish(SECOND)
        assert "note.txt" not in office.show()

    def test_a_file_in_the_place_of_the_folder_is_left_alone(self, office):
        office.public.write_text("by hand")
        with pytest.raises(RefusedError, match="空のフォルダにしてください"):
            office.approve(FIRST)

    def test_two_releases_stay_and_every_content_once(self, published):
        for number in range(1, 5):
            text = "".join(f"{row}\n" for row in range(number + 1))
            changed = make_dataset("a", f"1.{number}.0", data__csv=text)
            published.approve_and_publish(make_catalogue(changed))
        releases = published.record.folder / "releases"
        assert {path.name for path in releases.iterdir() if path.is_dir()} == {"4", "5"}
        contents = [path.read_bytes() for path in (published.record.folder / "content").iterdir()]
        assert len(contents) == len(set(contents))
        for number in range(1, 6):
            kept = published.record.load_catalogue(f"P{number:04}")
            assert kept.datasets[0].version == f"1.{number - 1}.0"

    def test_files_that_stay_are_shared_with_the_release_before(self, published):
        published.approve_and_publish(SECOND)
        one, other = (published.record.folder / f"releases/{number}" for number in "12")
        same = "dataset/b/latest/data.csv"
        assert (one / same).stat().st_ino == (other / same).stat().st_ino
        kept = published.record.locate_content(SECOND.datasets[1].files[0].sha256)
        assert kept.stat().st_ino != (other / same).stat().st_ino

    def test_a_copied_folder_still_shows_every_version(self, published):
        shown = published.show()
        published.public.unlink()
        for path, content in shown.items():
            (published.public / path).parent.mkdir(parents=True, exist_ok=True)
            (published.public / path).write_bytes(content)
        assert published.faults() == []
        published.approve_and_publish(SECOND)
        assert published.show()["dataset/a/1.0.0/data.csv"] == b"1\n"


class TestApproval:
    def test_nothing_goes_out_without_one(self, office):
        with pytest.raises(RefusedError, match="承認されていません"):
            office.publish(FIRST)

    def test_is_void_when_the_content_has_changed(self, office):
        office.approve(FIRST)
        with pytest.raises(RefusedError, match="公開する内容が変わったため、承認は無効"):
            office.publish(SECOND)

    def test_is_void_when_the_target_has_changed(self, published):
        published.approve(SECOND)
        (published.public / "dataset/b/latest/data.csv").write_text("by hand")
        with pytest.raises(RefusedError, match="公開先が変わったため、承認は無効"):
            published.publish(SECOND)

    def test_a_clock_before_the_last_publication_is_refused(self, office: Office) -> None:
        office.approve_and_publish(FIRST)
        office.day -= timedelta(days=1)
        office.approve(SECOND)
        with pytest.raises(RefusedError, match="時計を直してください"):
            office.publish(SECOND)

    def test_is_used_up_by_one_publication(self, published):
        published.approve_and_publish(SECOND)
        published.undo()
        with pytest.raises(RefusedError, match="A0002 による公開は済んでいます"):
            published.publish(SECOND)

    def test_gaps_beyond_the_quota_must_be_accepted(self, office):
        office.gaps = (GAP,)
        with pytest.raises(RefusedError, match="未回答の課が基準を超えています"):
            office.approve(FIRST)
        office.approve(FIRST, accepts_gaps=True)
        office.publish(FIRST)
        [approval] = office.record.approvals
        assert approval.accepted_gaps == (GAP,)

    def test_gaps_that_grew_since_are_not_accepted(self, office):
        office.approve(FIRST)
        office.gaps = (GAP,)
        with pytest.raises(RefusedError, match="受け入れられていません"):
            office.publish(FIRST)

    def test_covers_the_new_texts_that_were_shown_and_remembers_them(self, office):
        catalogue = make_catalogue(make_dataset("a", "1.0.0", a__csv="1"))
        words = [{"text": text, "table": "手続", "field": "手続名", "place": "", "cells": 1}
                 for text in ("窓口の予約", "緒方様の件")]  # fmt: skip
        one, both = map(FreeWords.model_validate, (words[:1], words))
        shown = find_new_texts(one, office.record)
        assert [one.text for one in shown] == ["窓口の予約"]
        office.approve(catalogue, new_texts=shown)
        record = office.record
        assert record.approvals[0].new_texts == (shown[0].sha256,)
        assert [one.text for one in find_new_texts(both, record)] == ["緒方様の件"]
        unseen = office.propose(catalogue).model_copy(
            update={"new_texts": find_new_texts(both, record)}
        )
        with pytest.raises(RefusedError, match="示していない新しい文が1件"):
            office.decide(catalogue, unseen)
        office.publish(catalogue)

    def test_names_the_person_and_the_number(self, office):
        proposal = office.propose(FIRST)
        for name, number, told in (("", "1", "承認者の名前"), ("部長", " ", "決裁番号")):
            with pytest.raises(RefusedError, match=told):
                write_approval(
                    proposal,
                    [],
                    approved_by=name,
                    decision_number=number,
                    approved_on=office.day,
                    accepts_gaps=False,
                )

    def test_sample_data_are_refused_where_the_target_refuses_them(self, office, monkeypatch):
        sample = make_catalogue(*FIRST.datasets, sample=True)
        office.approve_and_publish(sample)
        monkeypatch.setattr(folder_module.FolderTarget, "accepts_sample", False)
        with pytest.raises(RefusedError, match="見本データは、公開先 folder に公開できません"):
            office.publish(sample)

    def test_a_preview_other_than_that_of_the_last_run_is_refused(self, office):
        proposal = office.propose(FIRST)
        office.approve(FIRST)
        with pytest.raises(RefusedError, match="最後の kedro run と違います"):
            office.decide(SECOND, proposal)

    def test_tables_of_a_run_that_did_not_finish_are_refused(self, office):
        proposal = office.propose(FIRST)
        office.approve(FIRST)
        office.lineage = make_cells(("x", "FY2022Q3", 1, "5"), "F20")
        with pytest.raises(RefusedError, match="途中で終わったため、表が下見と合いません"):
            office.decide(FIRST, proposal)


class Killed(BaseException):
    """Stands for a kill: nothing may catch it."""


# What is done one after the other, and where.
STEPS: dict[str, tuple[object, str]] = {
    "begun": (TargetRecord, "begin"),
    "content kept": (TargetRecord, "keep_publication"),
    "release built": (folder_module, "replace_folder"),
    "release shown": (folder_module.FolderTarget, "_move_link"),
    "applied": (folder_module.FolderTarget, "apply"),
    "verified": (folder_module.FolderTarget, "verify"),
    "values kept": (history, "keep_values"),
    "written down": (TargetRecord, "add"),
    "finished": (TargetRecord, "finish"),
}


class TestKill:
    @pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
    @pytest.mark.parametrize("step", STEPS)
    def test_at_each_step_readers_see_old_or_new_and_a_repeat_completes_it(
        self, published, monkeypatch, step, before
    ):
        old = published.show()
        published.approve(SECOND)
        with monkeypatch.context() as patched:
            kill_at(patched, step, before=before)
            with pytest.raises(Killed):
                published.publish(SECOND)
        seen = published.show()
        assert seen == old or seen["dataset/a/latest/data.csv"] == b"1\n2\n"
        assert seen["index.html"] in (FIRST.pages["index.html"], SECOND.pages["index.html"])
        published.publish(SECOND)
        assert published.show()["dataset/a/latest/data.csv"] == b"1\n2\n"
        assert published.faults() == []
        assert published.record.journal is None
        lines = published.record.publications
        assert [line.approval_id for line in lines] == ["A0001", "A0002"]
        assert published.undo() == "P0001"
        assert published.show() == old

    def test_the_steps_are_done_in_this_order(self, published, monkeypatch):
        published.approve(SECOND)
        done = note_steps(monkeypatch, STEPS)
        published.publish(SECOND)
        assert done == [*STEPS]

    @pytest.mark.parametrize("step", ["release built", "release shown", "applied", "verified"])
    def test_an_undo_is_completed_by_a_repeat(self, published, monkeypatch, step):
        published.approve_and_publish(SECOND)
        with monkeypatch.context() as patched:
            kill_at(patched, step)
            with pytest.raises(Killed):
                published.undo()
        with pytest.raises(RefusedError, match="取消しが途中"):
            published.publish(SECOND)
        assert published.undo() == "P0001"
        assert published.show()["dataset/a/latest/data.csv"] == b"1\n"
        assert len(published.record.publications) == 3

    @pytest.mark.parametrize("step", ["applied", "verified", "values kept"])
    def test_another_approval_completes_what_was_under_way_first(
        self, published, monkeypatch, step
    ):
        published.lineage = make_cells(("x", "FY2022Q3", 1, "5"), "B2")
        published.approve(SECOND)
        with monkeypatch.context() as patched:
            kill_at(patched, step)
            with pytest.raises(Killed):
                published.publish(SECOND)
        published.lineage = make_cells(("x", "FY2022Q3", 1, "7"), "C9")
        published.approve(THIRD)
        decided = published.decide(THIRD)
        assert decided.resumed
        assert decided.lineage == make_cells(("x", "FY2022Q3", 1, "5"), "B2")
        publish(published.target, published.record, decided)
        assert published.show()["dataset/a/latest/data.csv"] == b"1\n2\n"
        assert published.faults() == []
        published.approve_and_publish(THIRD)
        assert published.show()["dataset/a/latest/data.csv"] == b"3\n"
        lines = published.record.publications
        assert [line.approval_id for line in lines] == ["A0001", "A0002", "A0004"]
        assert published.undo() == "P0002"
        assert published.show()["dataset/a/latest/data.csv"] == b"1\n2\n"

    def test_what_had_changed_nothing_yet_gives_way(self, published, monkeypatch):
        published.approve(SECOND)
        with monkeypatch.context() as patched:
            kill_at(patched, "release built")
            with pytest.raises(Killed):
                published.publish(SECOND)
        published.approve_and_publish(THIRD)
        assert published.show()["dataset/a/latest/data.csv"] == b"3\n"
        assert len(published.record.publications) == 2
        assert published.undo() == "P0001"

    def test_an_undo_waits_for_a_publication_under_way(self, published, monkeypatch):
        published.approve(SECOND)
        with monkeypatch.context() as patched:
            kill_at(patched, "applied")
            with pytest.raises(Killed):
                published.publish(SECOND)
        with pytest.raises(TargetError, match="公開が途中です"):
            published.undo()

    def test_what_others_changed_in_between_is_not_taken_for_our_own(self, published, monkeypatch):
        published.approve(SECOND)
        with monkeypatch.context() as patched:
            kill_at(patched, "begun")
            with pytest.raises(Killed):
                published.publish(SECOND)
        (published.public / "dataset/b/latest/data.csv").write_text("by hand")
        with pytest.raises(RefusedError, match="公開先が変わったため"):
            published.publish(SECOND)

    @pytest.mark.parametrize("step", ["release built", "release shown", "values kept"])
    def test_a_real_kill_holds_no_lock_and_is_completed(self, published, step):
        published.approve(SECOND)
        script = (
            "import os, signal, sys\n"
            "from pathlib import Path\n"
            "from tests.catalogue.office import Office\n"
            "from tests.catalogue.test_publication import SECOND, STEPS\n"
            f"owner, name = STEPS[{step!r}]\n"
            "original = getattr(owner, name)\n"
            "def kill(*given, **more):\n"
            "    original(*given, **more)\n"
            "    os.kill(os.getpid(), signal.SIGKILL)\n"
            "setattr(owner, name, kill)\n"
            "Office(Path(sys.argv[1])).publish(SECOND)\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", script, str(published.path)],
            cwd=Path(__file__).parents[2],
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
            check=False,
        )
        assert done.returncode == -signal.SIGKILL
        assert published.record.journal is not None
        published.publish(SECOND)
        assert published.faults() == []
        assert published.show()["dataset/a/latest/data.csv"] == b"1\n2\n"


def kill_at(
    patched: pytest.MonkeyPatch,
    step: str,
    steps: dict[str, tuple[object, str]] = STEPS,
    *,
    before: bool = False,
) -> None:
    """Kill the process just before a step is done, or when it has just been done."""
    owner, name = steps[step]
    original = getattr(owner, name)

    def kill(*given: object, **more: object) -> None:
        if not before:
            original(*given, **more)
        raise Killed

    patched.setattr(owner, name, kill)


def note_steps(patched: pytest.MonkeyPatch, steps: dict[str, tuple[object, str]]) -> list[str]:
    """Return a list to which each step is added when it has been done."""
    done: list[str] = []

    def wrap(step: str, original: Callable[..., object]) -> Callable[..., object]:
        def note(*given: object, **more: object) -> object:
            result = original(*given, **more)
            done.append(step)
            return result

        return note

    for step, (owner, name) in steps.items():
        patched.setattr(owner, name, wrap(step, getattr(owner, name)))
    return done


class TestBadDays:
    def test_a_full_disk_leaves_the_old_state_and_says_so(self, published, monkeypatch):
        before = published.show()
        published.approve(SECOND)
        written = []
        write = Path.write_bytes

        def fill(path: Path, content: bytes) -> int:
            written.append(path)
            if len(written) > 3:
                raise OSError(errno.ENOSPC, "No space left on device")
            return write(path, content)

        with monkeypatch.context() as patched:
            patched.setattr(Path, "write_bytes", fill)
            with pytest.raises(
                TargetError, match="ディスクの空きが足りません。公開されている内容は前"
            ):
                published.publish(SECOND)
        assert published.show() == before
        published.publish(SECOND)
        assert published.faults() == []

    def test_a_disk_that_is_too_small_is_noticed_before_a_release_is_written(
        self, published, monkeypatch
    ):
        published.approve(SECOND)
        before = set(published.everything())
        usage = type("Usage", (), {"free": 10})()
        with monkeypatch.context() as patched:
            patched.setattr(folder_module.shutil, "disk_usage", lambda _: usage)
            with pytest.raises(TargetError, match="ディスクの空きが足りません"):
                published.publish(SECOND)
        record = published.record.folder
        new = set(published.everything()) - before
        kept = {path for path in new if path.startswith((record / "content").as_posix())}
        assert len(kept) == 2
        names = ("journal.json", "publications/P0002.json", "under_way.parquet")
        assert new - kept == {(record / name).as_posix() for name in names}

    def test_a_folder_that_may_not_be_written_is_told(self, published, monkeypatch):
        published.approve(SECOND)

        def refuse(*_: object, **__: object) -> None:
            raise PermissionError(errno.EACCES, "Permission denied")

        monkeypatch.setattr(folder_module, "replace_folder", refuse)
        with pytest.raises(TargetError, match="書き込めません"):
            published.publish(SECOND)

    def test_two_publishers_at_once(self, published):
        published.approve(SECOND)
        other = TargetRecord(published.record.folder)
        with other.lock(), pytest.raises(TargetError, match="ほかの人が公開の作業"):
            published.publish(SECOND)
        published.publish(SECOND)
        assert published.faults() == []

    def test_a_target_that_changed_after_the_decision_is_left_alone(self, published):
        published.approve(SECOND)
        decided = published.decide(SECOND)
        (published.public / "index.html").write_text("by hand")
        with pytest.raises(TargetError, match="確かめた後に変わった"):
            publish(published.target, published.record, decided)

    @pytest.mark.parametrize(
        ("path", "content", "told"),
        [
            ("dataset/a/latest/data.csv", b"9\n", "中身が公開したものと違います"),
            ("dataset/a/1.0.0/data.csv", b"9\n", "中身が公開したものと違います"),
            ("index.html", None, "ファイルがありません"),
            ("dataset/a/latest/more.csv", b"9\n", "公開していないファイルです"),
        ],
    )
    def test_an_edit_by_hand_is_found_and_put_right_by_the_next_publication(
        self, published, path, content, told
    ):
        before = published.show()
        edited = published.public / path
        edited.unlink() if content is None else edited.write_bytes(content)
        assert published.faults() == [f"{path}: {told}。"]
        published.publish(FIRST)
        assert published.show() == before
        assert published.faults() == []
        assert [line.kind for line in published.record.publications] == ["publish", "repair"]

    def test_what_was_put_right_does_not_stand_in_the_way_of_an_undo(self, published):
        old = published.show()
        published.approve_and_publish(SECOND)
        (published.public / "index.html").write_text("by hand")
        published.publish(SECOND)
        assert published.undo() == "P0001"
        assert published.show() == old

    def test_a_target_that_does_not_hold_what_it_should_is_told(self, office, monkeypatch):
        def apply(*_: object) -> None:
            """Claim to have done it."""

        monkeypatch.setattr(folder_module.FolderTarget, "apply", apply)
        office.approve(FIRST)
        with pytest.raises(TargetError, match="読み返すと、公開した内容と違います"):
            office.publish(FIRST)
        assert office.record.publications == []

    def test_a_kept_version_that_was_changed_is_not_published_again(self, published):
        kept = published.record.locate_content(FIRST.datasets[0].files[0].sha256)
        kept.write_text("9\n")
        published.approve(SECOND)
        with pytest.raises(TargetError, match="公開した内容の控え"):
            published.publish(SECOND)


class TestAbandon:
    def test_a_refused_publication_gives_way_to_another(self, published, monkeypatch):
        old = published.show()
        published.approve(SECOND)
        with monkeypatch.context() as patched:
            kill_at(patched, "applied")
            with pytest.raises(Killed):
                published.publish(SECOND)
        line = published.abandon()
        assert (line.kind, line.content_of, line.abandoned) == ("abandon", "P0001", "A0002")
        assert published.show() == old
        assert published.faults() == []
        with pytest.raises(RefusedError, match="A0002 による公開は済んでいます"):
            published.publish(SECOND)
        published.approve_and_publish(THIRD)
        assert published.show()["dataset/a/latest/data.csv"] == b"3\n"
        assert published.undo() == "P0001"
        assert list(published.record.find_faults()) == []

    def test_before_the_first_there_was_nothing(self, office, monkeypatch):
        office.approve(FIRST)
        with monkeypatch.context() as patched:
            kill_at(patched, "applied")
            with pytest.raises(Killed):
                office.publish(FIRST)
        assert office.abandon().content_of == ""
        assert office.show() == {}
        assert read_histories(office.path / "record")[0].public_values == []
        with pytest.raises(TargetError, match="取り消せる公開がありません"):
            office.undo()
        office.approve_and_publish(FIRST)
        assert office.faults() == []

    def test_the_target_may_be_left_as_it_is(self, published, monkeypatch):
        published.approve(SECOND)
        with monkeypatch.context() as patched:
            kill_at(patched, "applied")
            with pytest.raises(Killed):
                published.publish(SECOND)
        published.abandon(leave=True)
        assert published.show()["dataset/a/latest/data.csv"] == b"1\n2\n"
        published.approve_and_publish(SECOND)
        assert published.faults() == []

    def test_nothing_under_way_is_nothing_to_give_up(self, published):
        with pytest.raises(TargetError, match="やめる公開がありません"):
            published.abandon()


class TestTakenDownByHand:
    def test_is_not_reversed_without_an_approval(self, published):
        shutil.rmtree(published.public / "dataset/a/latest")
        with pytest.raises(RefusedError, match="公開を止められたデータセット a"):
            published.publish(FIRST)
        published.approve_and_publish(FIRST)
        assert published.show()["dataset/a/latest/data.csv"] == b"1\n"

    def test_a_folder_that_was_lost_comes_back(self, published):
        old = published.show()
        published.public.unlink()
        published.publish(FIRST)
        assert published.show() == old


def test_a_lost_record_does_not_begin_anew(published):
    shutil.copytree(published.public, published.path / "copy")
    shutil.rmtree(published.record.folder)
    published.public.unlink()
    (published.path / "copy").rename(published.public)
    proposal = published.propose(SECOND)
    published.approve(SECOND)
    with pytest.raises(RefusedError, match="公開の記録がありません"):
        published.decide(SECOND, proposal)
    # So it is where somebody has taken from view, on a CKAN, all that was published.
    hidden = {"changes": (), "hidden": ("a",)}
    with pytest.raises(RefusedError, match="公開先には a がありますが、公開の記録がありません"):
        published.decide(SECOND, proposal.model_copy(update=hidden))


class TestOtherFolders:
    def test_a_link_to_a_web_root_stays_and_leads_to_what_is_public(self, office):
        root = office.path / "www/8"
        root.mkdir(parents=True)
        office.public.symlink_to(root)
        for catalogue in (FIRST, SECOND):
            office.approve_and_publish(catalogue)
            assert office.public.readlink() == root
            assert office.faults() == []
        assert (root / "dataset/a/1.0.0/data.csv").read_bytes() == b"1\n"
        assert (root / "dataset/a/latest/data.csv").read_bytes() == b"1\n2\n"
        assert office.undo() == "P0001"
        assert (root / "dataset/a/latest/data.csv").read_bytes() == b"1\n"

    @pytest.mark.parametrize("number", [errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL, errno.EPERM])
    def test_systems_that_know_no_links_say_so_in_many_ways(self, office, monkeypatch, number):
        def refuse(*_: object, **__: object) -> None:
            raise OSError(number, os.strerror(number))

        monkeypatch.setattr(Path, "symlink_to", refuse)
        office.approve_and_publish(FIRST)
        office.approve_and_publish(SECOND)
        assert not office.public.is_symlink()
        assert office.show()["dataset/a/1.0.0/data.csv"] == b"1\n"
        assert office.faults() == []

    def test_a_folder_that_is_mounted_itself_is_refused_in_words(self, office, monkeypatch):
        office.public.mkdir()

        def refuse(*_: object, **__: object) -> None:
            raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))

        monkeypatch.setattr(folder_module, "remove_folder", refuse)
        office.approve(FIRST)
        with pytest.raises(TargetError, match="その上のフォルダをマウントしてください"):
            office.publish(FIRST)

    def test_versions_are_not_lost_with_what_was_noted_of_a_release(self, published):
        shutil.copytree(published.public, published.path / "copy")
        published.public.unlink()
        (published.path / "copy").rename(published.public)
        for path in (published.record.folder / "releases").glob("*.json"):
            path.unlink()
        published.approve(SECOND)
        with pytest.raises(TargetError, match=r"releases/1\.json"):
            published.publish(SECOND)
        published.target.apply(FIRST, "P0001")
        assert published.show()["dataset/a/1.0.0/data.csv"] == b"1\n"
        (published.record.folder / "publications/P0001.json").unlink()
        with pytest.raises(TargetError, match=r"公開 P0001 の控え .* がありません"):
            published.target.apply(FIRST, "P0001")

    def test_a_copied_folder_needs_no_note_of_what_is_shown(self, published):
        shutil.copytree(published.public, published.path / "copy")
        published.public.unlink()
        (published.path / "copy").rename(published.public)
        (published.record.folder / "releases/shown").unlink()
        published.approve_and_publish(SECOND)
        assert published.show()["dataset/a/1.0.0/data.csv"] == b"1\n"


class TestWithdraw:
    """What is withdrawn is in nothing that is public or kept any more."""

    @pytest.fixture
    def leaked(self, published):
        published.approve_and_publish(SECOND)
        return published

    def test_a_version_goes_and_its_address_says_so(self, leaked):
        line = leaked.withdraw(replace(SECOND, withdrawn={"a": ["1.0.0"]}))
        assert (line.kind, line.withdrawn, line.reason) == ("withdraw", {"a": ("1.0.0",)}, "誤り")
        shown = leaked.show()
        assert "dataset/a/1.0.0/data.csv" not in shown
        assert "この版は取り下げました" in shown["dataset/a/1.0.0/index.html"].decode()
        assert shown["dataset/a/1.1.0/data.csv"] == b"1\n2\n"
        assert leaked.faults() == []
        self.assert_forgotten(leaked, b"1\n")
        leaked.approve_and_publish(THIRD)
        assert "この版は取り下げました" in leaked.show()["dataset/a/1.0.0/index.html"].decode()
        assert list(leaked.record.find_faults()) == []

    def test_a_dataset_goes_with_all_its_versions_and_comes_back_by_no_undo(self, leaked):
        left = make_catalogue(SECOND.datasets[1])
        leaked.withdraw(replace(left, withdrawn={"a": ["1.0.0", "1.1.0"]}))
        shown = leaked.show()
        assert {path for path in shown if path.startswith("dataset/a/")} == {
            f"dataset/a/{address}index.html" for address in ("", "1.0.0/", "1.1.0/")
        }
        assert shown["dataset/b/1.0.0/data.csv"] == b"b\n"
        self.assert_forgotten(leaked, b"1\n")
        self.assert_forgotten(leaked, b"1\n2\n")
        with pytest.raises(TargetError, match="取り下げたものがあり、控えからも消した"):
            leaked.undo()
        leaked.approve_and_publish(THIRD)
        assert leaked.undo() == "P0003"

    def assert_forgotten(self, office, content):
        kept = [path for path in office.path.rglob("*") if path.is_file()]
        assert not [path for path in kept if path.read_bytes() == content]

    @pytest.mark.parametrize("written", ["氏名", "氏 名"])
    def test_words_go_from_the_cells_too(self, office, written):
        row = ("x", "FY2022Q3", 1, "5")
        values = make_dataset("a", "1.0.0", indicator_value__parquet=make_values(row))
        other = make_dataset("b", "1.0.0", data__csv="氏名\n")
        office.lineage = make_cells(row, f"{written} B2")
        office.approve_and_publish(make_catalogue(values, other))
        left = make_catalogue(values)
        office.withdraw(replace(left, withdrawn={"b": ["1.0.0"]}), "氏名")
        [history] = read_histories(office.path / "record")
        assert history.lineage["cell"].to_pylist() == [None]
        assert [one["value"] for one in history.public_values] == [5]
        assert list(office.record.find_faults()) == []

    def test_every_text_is_shown_again_afterwards(self, leaked):
        words = [
            {"text": "緒方様の件", "table": "手続", "field": "手続名", "place": "", "cells": 1}
        ]
        found = FreeWords.model_validate(words)
        shown = find_new_texts(found, leaked.record)
        leaked.approve(THIRD, new_texts=shown)
        assert find_new_texts(found, leaked.record) == ()
        leaked.withdraw(replace(SECOND, withdrawn={"a": ["1.0.0"]}))
        assert find_new_texts(found, leaked.record) == shown

    def test_a_kill_is_completed_by_a_repeat(self, leaked, monkeypatch):
        gone = replace(SECOND, withdrawn={"a": ["1.0.0"]})
        with monkeypatch.context() as patched:
            kill_at(patched, "verified")
            with pytest.raises(Killed):
                leaked.withdraw(gone)
        with pytest.raises(RefusedError, match="取下げが途中"):
            leaked.publish(SECOND)
        leaked.withdraw(gone)
        self.assert_forgotten(leaked, b"1\n")
        assert leaked.faults() == []

    def test_a_record_that_was_changed_gives_way_to_a_copy_of_it(self, published):
        folder, copy = published.record.folder, published.path / "copy"
        shutil.copytree(folder, copy)
        published.approve_and_publish(SECOND)
        lines = folder / "approvals.jsonl"
        lines.write_text(lines.read_text("utf-8").replace("見本 部長", "見本 課長"), "utf-8")
        gone = replace(make_catalogue(SECOND.datasets[1]), withdrawn={"a": ["1.0.0"]})
        with pytest.raises(TargetError, match="変えられているため、何もしません"):
            published.withdraw(gone)
        folder.rename(published.path / "changed")
        copy.rename(folder)
        published.withdraw(gone)
        shown = published.show()
        assert [path for path in shown if path.endswith(".csv")] == [
            "dataset/b/1.0.0/data.csv",
            "dataset/b/latest/data.csv",
        ]
        assert published.faults() == []

    def test_waits_for_a_publication_under_way(self, leaked, monkeypatch):
        leaked.approve(THIRD)
        with monkeypatch.context() as patched:
            kill_at(patched, "applied")
            with pytest.raises(Killed):
                leaked.publish(THIRD)
        with pytest.raises(TargetError, match="公開か取消しが途中"):
            leaked.withdraw(SECOND)


class TestTwoPeople:
    @pytest.fixture
    def strict(self, office):
        office.approve(FIRST)
        return office.propose(FIRST).model_copy(update={"two_people": True})

    def test_the_one_who_runs_may_not_approve(self, office, strict):
        with pytest.raises(RefusedError, match="同じ人"):
            office.decide(FIRST, strict)

    def test_another_may(self, office, strict, monkeypatch):
        monkeypatch.setattr("sumida_data.catalogue.record.getpass.getuser", lambda: "bucho")
        office.approve(FIRST)
        monkeypatch.undo()
        assert office.decide(FIRST, strict).approval.account == "bucho"


class TestUndo:
    def test_puts_the_version_before_back_byte_for_byte(self, published):
        old = published.show()
        published.approve_and_publish(SECOND)
        assert published.undo() == "P0001"
        assert published.show() == old
        assert published.faults() == []
        assert published.packages()["a/data.csv"] == b"1\n"
        last = published.record.publications[-1]
        assert (last.kind, last.publication_id, last.content_of) == ("undo", "P0003", "P0001")

    def test_a_second_undo_puts_the_last_back(self, published):
        published.approve_and_publish(SECOND)
        new = published.show()
        assert [published.undo(), published.undo()] == ["P0001", "P0002"]
        assert published.show() == new
        assert published.faults() == []

    def test_a_version_taken_back_may_come_again_with_other_bytes(self, published):
        published.approve_and_publish(SECOND)
        published.undo()
        third = make_catalogue(make_dataset("a", "1.1.0", data__csv="3\n"), FIRST.datasets[1])
        published.approve_and_publish(third)
        assert published.show()["dataset/a/1.1.0/data.csv"] == b"3\n"
        assert published.undo() == "P0001"

    def test_the_first_publication_cannot_be_undone(self, published):
        with pytest.raises(TargetError, match="取り消せる公開がありません"):
            published.undo()
        assert published.record.journal is None

    def test_nothing_published_is_nothing_to_undo(self, office):
        with pytest.raises(TargetError, match="取り消せる公開がありません"):
            office.undo()

    def test_a_release_that_was_changed_is_built_anew(self, published):
        old = published.show()
        published.approve_and_publish(SECOND)
        other = published.record.folder / "releases/1/index.html"
        other.write_text("by hand")
        published.undo()
        assert published.show() == old

    def test_a_kept_content_that_was_changed_is_not_shown(self, published):
        published.approve_and_publish(SECOND)
        page = hash_content(FIRST.pages["index.html"])
        published.record.locate_content(page).write_text("by hand")
        with pytest.raises(TargetError, match="がないか、変えられています"):
            published.undo()
        assert published.show()["dataset/a/latest/data.csv"] == b"1\n2\n"

    def test_a_release_of_which_nothing_is_known_is_built_anew(self, published):
        old = published.show()
        published.approve_and_publish(SECOND)
        (published.record.folder / "releases/1.json").unlink()
        with pytest.raises(TargetError, match=r"releases/1\.json：記録した後で"):
            published.undo()
        published.target.apply(FIRST, "P0001")
        assert published.show() == old

    def test_what_was_withdrawn_stays_away_from_the_version_before(self, published):
        published.approve_and_publish(SECOND)
        published.approve_and_publish(THIRD)
        published.withdraw(replace(THIRD, withdrawn={"a": ["1.0.0"]}))
        published.approve_and_publish(FOURTH)
        assert published.undo() == "P0004"
        shown = published.show()
        assert "dataset/a/1.0.0/data.csv" not in shown
        assert "この版は取り下げました" in shown["dataset/a/1.0.0/index.html"].decode()
        assert shown["dataset/a/1.1.0/data.csv"] == b"1\n2\n"
        assert published.faults() == []


def test_ten_quarters_keep_addresses(office):
    addresses: set[str] = set()
    for quarter in range(10):
        office.day = date(2023 + quarter // 4, 1 + 3 * (quarter % 4), 15)
        text = "".join(f"{number}\n" for number in range(quarter + 1))
        office.approve_and_publish(
            make_catalogue(
                make_dataset("a", f"1.{quarter}.0", data__csv=text),
                make_dataset("b", "1.0.0", data__csv="b\n"),
            )
        )
        assert addresses <= office.show().keys()
        addresses |= office.show().keys()
        assert office.faults() == []
    for quarter in range(10):
        assert {
            f"dataset/a/1.{quarter}.0/{name}" for name in ("data.csv", "index.html")
        } <= addresses


def test_one_changed_dataset_is_one_change(published):
    published.approve(SECOND)
    changes = [change for change in published.decide(SECOND).changes if change.action != "keep"]
    assert changes == [
        TargetChange("update", "a"),
        TargetChange("update", "a", "data.csv"),
        TargetChange("update", "", "api/3/action/package_search"),
    ]


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "file"
    disk.replace_file(path, b"old")

    def fail(_: int) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(disk.os, "fsync", fail)
    with suppress(OSError):
        disk.replace_file(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", ["/etc/x", "../x", "a/../../x", "a\\x"])
def test_no_file_leaves_its_folder(tmp_path, name):
    with pytest.raises(disk.OutsideFolderError, match="leads out"):
        disk.replace_folder(tmp_path / "folder", {name: b""})


def test_values_of_a_killed_publication_do_not_count(office, monkeypatch):
    catalogue = make_catalogue(
        make_dataset("a", "1.0.0", indicator_value__parquet=make_values(("x", "FY2022Q3", 1, "5")))
    )
    office.approve(catalogue)
    with monkeypatch.context() as patched:
        kill_at(patched, "values kept")
        with pytest.raises(Killed):
            office.publish(catalogue)
    assert read_histories(office.path / "record") == []
    office.publish(catalogue)
    [history] = read_histories(office.path / "record")
    assert [row["value"] for row in history.public_values] == [5]


@pytest.mark.long
def test_a_hundred_kills_show_no_reader_two_publications(published):
    chance = Random(18)

    def look() -> set[bytes]:
        # What a reader has opened stays there until two publications later.
        shown = published.public.resolve()
        return {(shown / f"dataset/{name}/latest/data.csv").read_bytes() for name in "ab"}

    for number in range(100):
        text = f"{number}\n" * 2000
        files = (make_dataset(name, f"1.{number + 1}.0", data__csv=text) for name in "ab")
        catalogue = make_catalogue(*files)
        published.approve(catalogue)
        before = {one for one in look() if number} or None
        child = os.fork()
        if not child:
            with suppress(BaseException):
                published.publish(catalogue)
            os._exit(0)
        until = time.monotonic() + chance.uniform(0, 0.2)
        views = []
        while time.monotonic() < until:
            views.append(look())
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        views.append(look())
        new = {text.encode()}
        assert all(view in (before, new) or before is None for view in views)
        published.publish(catalogue)
        assert look() == new
    assert published.faults() == []
    assert list(published.record.find_faults()) == []
