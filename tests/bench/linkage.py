"""Identity resolution on a set with known truth, beside Splink in the same run.

    python tests/bench/linkage.py --set records.csv --truth truth.csv \
        --map first_name=given_name --map surname=family_name --map dob=birth_date [--splink] [--online]

The records are learnt from in the default way, without the truth, and placed in
the order of the file in batches; the truth only measures. Splink, if asked for,
gets the same normalised values, so that it gains from the same cleaning. Files
may be gzipped; columns mapped to one attribute are joined with a blank.
"""

import argparse
import csv
import gc
import gzip
import json
import statistics
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from hub.matching.blocking import candidates
from hub.matching.columns import Columns
from hub.matching.linker import Linker
from hub.matching.model import Model
from hub.matching.profile import Profile, profile_of
from hub.matching.quality import bcubed, pairwise
from hub.matching.training import train

USUAL_THRESHOLD = 0.95
RULE_PAIRS_MAX = 1_000_000
ORACLE_THRESHOLDS = (0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.95, 0.99, 0.999, 0.9999, 0.99999, 0.999999, 0.9999999)


class Set(NamedTuple):
    """Records in order of arrival, and who they are about."""

    ids: list[str]
    profiles: list[Profile]
    truth: dict[str, str]


def rows_of(path: Path) -> Iterable[dict[str, str]]:
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8", newline="") as stream:
        yield from csv.DictReader(stream)


def load(records: Path, truth: Path, mapping: Sequence[str]) -> Set:
    """A set by its files and a mapping of headings to attributes."""
    pairs = [entry.split("=") for entry in mapping]
    ids, profiles = [], []
    for row in rows_of(records):
        stated: dict[str, str] = {}
        for heading, attribute in pairs:
            if row[heading]:
                stated[attribute] = (
                    f"{stated[attribute]} {row[heading]}" if attribute in stated else row[heading]
                )
        ids.append(row["record_id"])
        profiles.append(profile_of(stated))
    return Set(ids, profiles, {row["record_id"]: row["entity_id"] for row in rows_of(truth)})


def report(tool: str, data: Set, people: Sequence[Any], seconds: float, **more: Any) -> None:
    """One line of results."""
    said = {record: str(person) for record, person in zip(data.ids, people, strict=True)}
    pairs, cubed = pairwise(data.truth, said), bcubed(data.truth, said)
    line = {
        "tool": tool, "precision": round(pairs.precision, 4), "recall": round(pairs.recall, 4),
        "f1": round(pairs.f1, 4), "bcubed_f1": round(cubed.f1, 4), "link_seconds": round(seconds, 2),
        "records_per_second": round(len(data.ids) / seconds), **more,
    }  # fmt: skip
    print(json.dumps(line), flush=True)


def ours(data: Set, batch: int) -> tuple[Model, float]:
    """Train in the default way, place in order of arrival, and measure."""
    started = time.perf_counter()
    model = Model(train(data.profiles, "bench"))
    trained = time.perf_counter()
    linker = Linker(model)
    gc.set_threshold(200_000, 50, 1_000)  # as the hub's runner does: what is kept holds no cycles
    for start in range(0, len(data.profiles), batch):
        linker.add(data.profiles[start : start + batch])
    linked = time.perf_counter() - trained
    people = linker.people()
    learnt = model.document["learnt"]
    report(
        "hub", data, [people[p.id] for p in data.profiles], linked, train_seconds=round(trained - started, 1),
        rounds=learnt["rounds"], converged=learnt["converged"], relatives=round(learnt["relatives"]),
        twins=round(learnt["twins"]), link_bits=round(model.link, 2), **blocking_loss(data, model),
    )  # fmt: skip
    return model, linked


def blocking_loss(data: Set, model: Model) -> dict[str, Any]:
    """Which part of the true pairs of profiles shares no block, and pairs compared per profile."""
    columns = Columns()
    columns.add(data.profiles)
    left, right = candidates(columns, np.arange(len(columns)), model.plan, 1_000)
    found = set((left * len(columns) + right).tolist())
    groups: dict[str, set[int]] = {}
    for record, profile in zip(data.ids, data.profiles, strict=True):
        groups.setdefault(data.truth[record], set()).add(columns.rows[profile.id])
    true = [a * len(columns) + b for rows in groups.values() for a in rows for b in rows if a < b]
    lost = sum(pair not in found for pair in true)
    return {
        "blocking_loss": round(lost / max(1, len(true)), 5),
        "pairs_per_profile": round(len(left) / len(columns), 1),
    }


def online(data: Set, model: Model, store: int, singles: int) -> float:
    """One record at a time against a store: seconds each, at the 99th percentile and in the middle."""
    linker = Linker(model)
    for start in range(0, store, 1_000):
        linker.add(data.profiles[start : min(start + 1_000, store)])
    times = []
    for profile in data.profiles[store : store + singles]:
        started = time.perf_counter()
        linker.add([profile])
        times.append(time.perf_counter() - started)
    times.sort()
    middle = statistics.median(times)
    line = {"tool": "hub", "one_at_a_time_against": store, "records": len(times),
            "per_second": round(1 / statistics.mean(times)), "p50_ms": round(middle * 1000, 2),
            "p99_ms": round(times[int(len(times) * 0.99)] * 1000, 2)}  # fmt: skip
    print(json.dumps(line), flush=True)
    return statistics.mean(times)


def splink_rules(table: Any) -> list[Any]:
    """Many blocking rules, each narrow enough, as Splink's guide to choosing them says.

    None joins a household: with such a rule Splink took families for one person.
    """
    from splink import block_on

    wanted = (
        ("number",), ("email",), ("phone",), ("birth_date",), ("family_name",), ("given_name",), ("postcode",),
        ("given_name", "family_name"), ("birth_date", "given_name"), ("birth_date", "family_name"),
        ("address", "given_name"), ("birth_date", "postcode"), ("birth_date", "city"),
        ("family_name", "city"), ("given_name", "city"), ("family_name", "postcode"), ("given_name", "postcode"),
    )  # fmt: skip
    rules = []
    for fields in wanted:
        if set(fields) <= set(table.column_names):
            columns = (table.column(field).to_pylist() for field in fields)
            sizes = Counter(values for values in zip(*columns, strict=True) if None not in values)
            if sum(n * (n - 1) // 2 for n in sizes.values()) <= RULE_PAIRS_MAX:
                rules.append(block_on(*fields))
    return rules


def splink_settings(table: Any) -> tuple[Any, list[Any], list[Any]]:
    """Settings, training rules and deterministic rules, as Splink's documentation advises."""
    import splink.comparison_library as cl
    from splink import SettingsCreator, block_on

    present = set(table.column_names)
    frequent = {"term_frequency_adjustments": True}
    comparisons: list[Any] = []
    if {"given_name", "family_name"} <= present:
        comparisons.append(
            cl.ForenameSurnameComparison(
                "given_name", "family_name", forename_surname_concat_col_name="both_names"
            ).configure(**frequent)
        )
    library = {
        "middle_initial": lambda: cl.ExactMatch("middle_initial").configure(**frequent),
        "birth_date": lambda: cl.DateOfBirthComparison("birth_date", input_is_string=True),
        "number": lambda: cl.DamerauLevenshteinAtThresholds("number", [1, 2]).configure(**frequent),
        "address": lambda: cl.JaroWinklerAtThresholds("address", [0.9, 0.7]).configure(**frequent),
        "postcode": lambda: cl.DamerauLevenshteinAtThresholds("postcode", [1]).configure(**frequent),
        "city": lambda: cl.JaroWinklerAtThresholds("city", [0.88]).configure(**frequent),
        "email": lambda: cl.EmailComparison("email").configure(**frequent),
        "sex": lambda: cl.ExactMatch("sex"), "region": lambda: cl.ExactMatch("region"),
        "phone": lambda: cl.DamerauLevenshteinAtThresholds("phone", [1]),
    }  # fmt: skip
    comparisons += [make() for name, make in library.items() if name in present]
    sessions = [("given_name", "family_name"), ("birth_date",), ("number",), ("email",)]
    training = [block_on(*fields) for fields in sessions if present.issuperset(fields)]
    certain = [("given_name", "birth_date"), ("family_name", "birth_date"), ("email",), ("number",)]
    deterministic = [block_on(*fields) for fields in certain if present.issuperset(fields)]
    settings = SettingsCreator(
        link_type="dedupe_only", comparisons=comparisons, blocking_rules_to_generate_predictions=splink_rules(table),
        retain_matching_columns=False, unique_id_column_name="record_id",
    )  # fmt: skip
    return settings, training, deterministic


def splink_table(data: Set) -> Any:
    """The normalised values as a table, only the columns that say anything."""
    import pyarrow

    columns: dict[str, list[str | None]] = {"record_id": list(data.ids)}
    for name in Profile._fields[1:-1]:
        values = [getattr(profile, name) or None for profile in data.profiles]
        counts = Counter(value for value in values if value)
        # A column that says the same of nearly all tells nobody apart and upsets the training.
        if counts and counts.most_common(1)[0][1] < 0.9 * counts.total():
            columns[name] = values
    if "middle_name" in columns:
        columns["middle_initial"] = [name[:1] if name else None for name in columns.pop("middle_name")]
    if "birth_date" in columns:
        days = [b if b and len(b) == 8 and b.isdigit() else None for b in columns["birth_date"]]
        columns["birth_date"] = [f"{b[:4]}-{b[4:6]}-{b[6:]}" if b else None for b in days]
    if {"given_name", "family_name"} <= columns.keys():
        names = zip(columns["given_name"], columns["family_name"], strict=True)
        columns["both_names"] = [f"{given} {family}" if given and family else None for given, family in names]
    return pyarrow.table(columns)


def splink(data: Set) -> tuple[Any, Any, Any]:
    """Splink tuned as its documentation recommends, at the usual threshold and at the one an oracle picks."""
    from splink import Linker as SplinkLinker
    from splink.internals.duckdb.database_api import DuckDBAPI

    started = time.perf_counter()
    table = splink_table(data)
    settings, training, deterministic = splink_settings(table)
    api = DuckDBAPI()
    api.duckdb_con.execute("set threads to 1")
    linker = SplinkLinker(api.register(table, table_name="records"), settings, log_level=40)
    linker.training.estimate_probability_two_random_records_match(deterministic, recall=0.7)
    linker.training.estimate_u_using_random_sampling(max_pairs=5e6, seed=1)
    for rule in training:
        linker.training.estimate_parameters_using_expectation_maximisation(rule)
    trained = time.perf_counter()
    predicted = linker.inference.predict(threshold_match_probability=0.005)
    best: tuple[float, float] = (0.0, 0.0)
    for threshold in (USUAL_THRESHOLD, *ORACLE_THRESHOLDS):
        clusters = linker.clustering.cluster_pairwise_predictions_at_threshold(predicted, threshold)
        found = {row["record_id"]: str(row["cluster_id"]) for row in clusters.as_record_list()}
        if threshold == USUAL_THRESHOLD and best == (0.0, 0.0):
            report("splink", data, [found[record] for record in data.ids], time.perf_counter() - trained,
                   train_seconds=round(trained - started, 1))  # fmt: skip
        best = max(best, (pairwise(data.truth, found).f1, threshold))
    print(json.dumps({"tool": "splink", "oracle_f1": round(best[0], 4), "at": best[1]}), flush=True)
    return linker, api, table


def splink_online(linker: Any, api: Any, table: Any, store: int, singles: int) -> float:
    """Splink's way of adding one record to a store, `predict_between`: seconds a record."""
    held = api.register(table.slice(0, store), table_name="held")
    started = time.perf_counter()
    for step in range(singles):
        new = api.register(table.slice(store + step, 1), table_name=f"new_{step}")
        linker.inference.predict_between(held, new, threshold_match_probability=0.5)
    seconds = (time.perf_counter() - started) / singles
    line = {"tool": "splink", "one_at_a_time_against": store, "per_second": round(1 / seconds, 1)}
    print(json.dumps(line), flush=True)
    return seconds


def splink_replay(linker: Any, api: Any, table: Any, batch: int) -> float:
    """Splink over the whole stream in batches: each against what came before and within itself; seconds.

    Its clusters would have to be found anew after each batch; that is left out, in its favour.
    """
    started = time.perf_counter()
    for start in range(0, table.num_rows, batch):
        new = api.register(table.slice(start, batch), table_name=f"batch_{start}")
        linker.inference.predict_within(new, threshold_match_probability=0.5)
        if start:
            held = api.register(table.slice(0, start), table_name=f"before_{start}")
            linker.inference.predict_between(held, new, threshold_match_probability=0.5)
    seconds = time.perf_counter() - started
    line = {
        "tool": "splink",
        "replay_in_batches_of": batch,
        "records_per_second": round(table.num_rows / seconds),
    }
    print(json.dumps(line), flush=True)
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--set", type=Path, required=True, help="records as CSV, with record_id")
    parser.add_argument("--truth", type=Path, required=True, help="record_id,entity_id")
    parser.add_argument("--map", action="append", default=[], metavar="HEADING=ATTRIBUTE")
    parser.add_argument("--batch", type=int, default=1_000)
    parser.add_argument("--splink", action="store_true", help="run Splink as well")
    parser.add_argument(
        "--online", type=int, default=0, metavar="STORE", help="time single records against a store"
    )
    asked = parser.parse_args()
    data = load(asked.set, asked.truth, asked.map)
    model, linked = ours(data, asked.batch)
    own = online(data, model, asked.online, 2_000) if asked.online else 0.0
    if asked.splink:
        linker, api, table = splink(data)
        if asked.online:
            for name in {c for c in table.column_names if c != "record_id"}:
                linker.table_management.compute_tf_table(name)
            single = splink_online(linker, api, table, asked.online, 10)
            replay = splink_replay(linker, api, table, asked.batch)
            print(json.dumps({"one_at_a_time_times_as_fast": round(single / own),
                              "in_batches_times_as_fast": round(replay / linked, 1)}), flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
