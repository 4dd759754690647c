"""Nets of ratings and clicks that are killed and resumed, or begin with the weights of others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hornbook
from hornbook.errors import RunError
from hornbook.ratings.models.families import CLICKS, RATINGS
from hornbook.runs import Run, strip
from hornbook.runs.events import Event, Noted
from hornbook.training.trainer import Trainer
from tests.ratings_made import write_made
from tests.stopping import stopped_at
from tests.test_ratings_contract import QUICK
from tests.test_runs import same_end

NETS = [
    (task, name)
    for task, families in (("ratings", RATINGS), ("clicks", CLICKS))
    for name, line in families.items()
    if line.trained
]
every_net = pytest.mark.parametrize(("task", "family"), NETS, ids=lambda one: one)


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_made(tmp_path_factory.mktemp("resuming") / "films.csv")


def trained(table: Path, out: Path, **more: Any) -> Run:
    training = {**QUICK, "evaluate_every": 2, **more.pop("training", {})}
    return hornbook.train(table, out=out, training=training, baseline=False, **more)


@every_net
def test_a_killed_net_goes_on_to_the_same_end(
    task: str, family: str, table: Path, tmp_path: Path
) -> None:
    how = {"task": task, "model": family, "settings": {"n_factors": 4}}
    whole = trained(table, tmp_path / "whole", **how)

    def kill(trainer: Trainer) -> None:
        raise RuntimeError("killed")

    with stopped_at(5, by=kill), pytest.raises(RuntimeError, match="killed"):
        trained(table, tmp_path / "killed", **how)
    same_end(hornbook.resume(tmp_path / "killed").path, whole.path)


@every_net
def test_on_the_same_data_in_another_order_it_begins_where_the_ancestor_ended(
    task: str, family: str, table: Path, tmp_path: Path
) -> None:
    first = trained(table, tmp_path / "first", task=task, model=family, split="100/0")
    head, *rows = table.read_text(encoding="utf-8").splitlines()
    turned = tmp_path / "turned.csv"
    turned.write_text("\n".join([head, *rows[::-1]]) + "\n", encoding="utf-8")
    told: list[Event] = []
    second = trained(turned, tmp_path / "second", task=task, init_from=first.path, split="100/0",
                     listen=told.append, training={"steps": 0})  # fmt: skip
    assert first.data.users != second.data.users
    there = [second.data.user_number(user) for user in first.data.users]
    items = [second.data.items.index(item) for item in first.data.items]
    before = first.model.scores(np.arange(len(there), dtype=np.int32))
    after = second.model.scores(np.array(there, np.int32))[:, items]
    np.testing.assert_allclose(after, before, atol=1e-4)
    (said,) = [event.message for event in told if isinstance(event, Noted)]
    users, items_too = len(first.data.users), len(first.data.items)
    assert f"{users} of {users} users and {items_too} of {items_too} items keep" in said


def test_new_users_and_items_start_untrained_and_are_counted(table: Path, tmp_path: Path) -> None:
    first = trained(table, tmp_path / "first", model="dot-bias")
    other = tmp_path / "other.csv"
    lines = table.read_text(encoding="utf-8").splitlines()[:60]
    other.write_text("\n".join([*lines, "newcomer,i1,Film of 1 (1951),4,1000000000",
                                "newcomer,i999,Another,2,1000000000"]) + "\n")  # fmt: skip
    told: list[Event] = []
    run = trained(other, tmp_path / "second", init_from=first.path, listen=told.append,
                  training={"steps": 0})  # fmt: skip
    (said,) = [event.message for event in told if isinstance(event, Noted)]
    assert "1 new user and 1 new item start untrained" in said
    assert "of that run do not occur in this data" in said
    assert run.record.start.kind == "run"
    untrained = trained(other, tmp_path / "third", model="dot-bias", training={"steps": 0})
    for name, index in (("users.weight", run.data.user_number("newcomer")),
                        ("items.weight", run.data.items.index("i999"))):  # fmt: skip
        np.testing.assert_array_equal(
            run.model.arrays()[name][index], untrained.model.arrays()[name][index]
        )
    strip(first.path)
    trained(other, tmp_path / "fourth", init_from=first.path, listen=told.append,
            training={"steps": 0})  # fmt: skip
    said = [event.message for event in told if isinstance(event, Noted)][-1]
    assert "that run is without its data, so its users are not known" in said


def test_weights_of_another_shape_are_refused(table: Path, tmp_path: Path) -> None:
    from hornbook.tensor_files import read_tensors, write_tensors

    first = trained(table, tmp_path / "first", model="dot", training={"steps": 1})
    path = first.directory.model
    arrays, about = read_tensors(path)
    write_tensors(path, {**arrays, "users.weight": arrays["users.weight"][:3]}, about)
    with pytest.raises(RunError, match=r"users\.weight has shape"):
        trained(table, tmp_path / "second", init_from=first.path)


def test_genres_keep_their_vectors_by_name(table: Path, tmp_path: Path) -> None:
    films = [f"i{n}" for n in range(20)]

    def titles(name: str, *genres: str) -> dict[str, str]:
        rows = [f"{film},Film {film},{genres[n % len(genres)]}" for n, film in enumerate(films)]
        path = tmp_path / name
        path.write_text("\n".join(["movieId,title,genres", *rows]) + "\n", encoding="utf-8")
        return {"titles": str(path)}

    def started(out: str, ancestor: Run, **options: Any) -> Any:
        return trained(table, tmp_path / out, init_from=ancestor.path, training={"steps": 0},
                       **options)  # fmt: skip

    first = trained(table, tmp_path / "first", model="dot-bias", **titles("a", "Drama", "War|Noir"))
    learned = first.model.arrays()["described.bag.weight"]
    run = started("second", first, **titles("b", "War", "Comedy", "Drama"))
    names = {name: number for number, name in enumerate(run.data.features.names)}
    found = run.model.arrays()["described.bag.weight"]
    before = first.data.features.names
    for name in ("Drama", "War"):
        np.testing.assert_array_equal(found[names[name]], learned[before.index(name)])
    # What few things are known of, or none, fits either way.
    plain = started("third", first)
    assert "described.bag.weight" not in plain.model.arrays()
    np.testing.assert_array_equal(
        plain.model.arrays()["users.weight"], first.model.arrays()["users.weight"]
    )
    assert len(
        started("fourth", plain, **titles("c", "War")).model.arrays()["described.bag.weight"]
    )
    strip(first.path)
    stripped, user = hornbook.Run(first.path), np.array([0], np.int32)
    np.testing.assert_allclose(stripped.model.scores(user), first.model.scores(user), rtol=1e-5)


def test_new_users_of_a_frozen_table_stay_untrained_and_that_is_said(
    table: Path, tmp_path: Path
) -> None:
    first = trained(table, tmp_path / "first", model="dot-bias")
    other = tmp_path / "other.csv"
    lines = table.read_text(encoding="utf-8").splitlines()[:60]
    other.write_text("\n".join([*lines, "newcomer,i1,Film of 1 (1951),4,1000000000", ""]))
    told: list[Event] = []
    trained(other, tmp_path / "second", init_from=first.path, listen=told.append,
            training={"steps": 0, "rates": ["users.*=0"]})  # fmt: skip
    (said,) = [event.message for event in told if isinstance(event, Noted)]
    assert "Frozen, so untrained for new users: users.weight." in said
