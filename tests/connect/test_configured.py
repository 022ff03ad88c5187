"""Feeds by configuration alone, through the command line, as a newcomer adds them."""

import csv
import gzip
import json
import random
import re
import sqlite3
from contextlib import closing
from dataclasses import fields
from pathlib import Path

import pytest
from openpyxl import Workbook

from hub.app import Hub
from hub.connect.contracts import CODED, EVIDENCE, FORMATS
from hub.connect.fields import KINDS
from hub.domain.days import iso
from hub.domain.events import RecordPublished
from hub.errors import SettingsError
from hub.matching.profile import ATTRIBUTES
from hub.settings import FeedSettings, load
from tests.connect.samples import CONTRACT, command, events, ingest

ROWS = [["1", "Anna", "Berg", "19900102"], ["2", "Ana", "Berg", "19900102"], ["3", "Jon", "Holm", "19700305"]]
HEADINGS = ["id", "given_name", "surname", "dob"]


def configure(folder: Path, said: str, contract: str = CONTRACT) -> Path:
    (folder / "members.yaml").write_text(contract)
    path = folder / "hub.toml"
    path.write_text(f'[hub]\ndata = "data"\n[feeds."town.members"]\ncontract = "members.yaml"\n{said}\n')
    return path


def published(folder: Path) -> list[tuple]:
    """What the feed's records say, after reading it twice: the second time there is nothing new."""
    made = Hub(load(folder / "hub.toml", {}))
    ingest(made, None, "town.members")
    assert ingest(made, None, "town.members") == []
    found = [event.fields for event in events(made, RecordPublished)]
    made.close()
    return [(f["member_no"], f["given_name"], f["family_name"], iso(f["born"])) for f in found]


EXPECTED = [
    ("1", "Anna", "Berg", "1990-01-02"),
    ("2", "Ana", "Berg", "1990-01-02"),
    ("3", "Jon", "Holm", "1970-03-05"),
]


def as_text(rows, delimiter=",") -> str:
    return "\n".join(delimiter.join(row) for row in [HEADINGS, *rows]) + "\n"


def as_table(path: Path) -> None:
    with sqlite3.connect(path) as db:
        # The database's own type would stumble over this column; the contract decides what it means.
        db.execute("CREATE TABLE person (id INTEGER, given_name TEXT, surname TEXT, dob DATE, note TEXT)")
        db.executemany("INSERT INTO person VALUES (?, ?, ?, ?, 'canary')", reversed(ROWS))
        db.execute("CREATE VIEW members AS SELECT * FROM person")
    db.close()


def delimited(folder: Path) -> str:
    (folder / "members.txt").write_text(as_text(ROWS, ";"), encoding="utf-16")
    return 'path = "members.txt"\ndelimiter = ";"\nencoding = "utf-16"'


def packed(folder: Path) -> str:
    with gzip.open(folder / "members.csv.gz", "wt") as stream:
        stream.write(as_text(ROWS))
    return 'path = "members.csv.gz"'


def excel(folder: Path) -> str:
    book = Workbook()
    for row in [HEADINGS, *ROWS]:
        book.worksheets[0].append(row)
    book.save(folder / "members.xlsx")
    return 'path = "members.xlsx"\nformat = "excel"'


def lines(folder: Path) -> str:
    text = "\n".join(json.dumps(dict(zip(HEADINGS, row, strict=True))) for row in ROWS)
    (folder / "members.jsonl").write_text(text)
    return 'path = "members.jsonl"\nformat = "jsonl"'


def dated_folder(folder: Path) -> str:
    (folder / "drops").mkdir()
    (folder / "drops/2024-01-01.csv").write_text(as_text(ROWS[:2]))
    (folder / "drops/2024-01-02.csv").write_text(as_text(ROWS[2:]))
    return 'path = "drops"'


def sqlite_file(folder: Path) -> str:
    as_table(folder / "members.sqlite")
    return 'path = "members.sqlite"\nformat = "sql"\ntable = "members"'


def address(folder: Path) -> str:
    as_table(folder / "members.sqlite")
    return f'url = "sqlite:///{folder}/members.sqlite"\ntable = "main.members"'


def address_in_a_file(folder: Path) -> str:
    as_table(folder / "members.sqlite")
    (folder / "secret-url").write_text(f"sqlite:///{folder}/members.sqlite\n")
    return 'url_file = "secret-url"\ntable = "members"'


@pytest.mark.parametrize(
    "source",
    [delimited, packed, excel, lines, dated_folder, sqlite_file, address, address_in_a_file],
    ids=lambda source: source.__name__,
)
def test_every_format_is_read_by_configuration_alone(tmp_path, source):
    configure(tmp_path, source(tmp_path))
    assert published(tmp_path) == EXPECTED


def test_headings_are_mapped_and_dates_read_in_the_contracts_format(tmp_path):
    (tmp_path / "m.csv").write_text("No,First,Last,Birth\n1,Anna,Berg,1/2/1990\n")
    contract = CONTRACT.replace("date, class", "date, logicalTypeOptions: {format: M/d/yyyy}, class")
    mapping = '{No = "member_no", First = "given_name", Last = "family_name", Birth = "born"}'
    configure(tmp_path, f'path = "m.csv"\nmapping = {mapping}', contract)
    assert published(tmp_path) == EXPECTED[:1]


def test_a_table_that_has_changed_is_read_again(tmp_path):
    configure(tmp_path, address(tmp_path))
    published(tmp_path)
    with sqlite3.connect(tmp_path / "members.sqlite") as db:
        db.execute("UPDATE person SET surname = 'Bergh' WHERE id = 2")
    db.close()
    assert published(tmp_path) == [*EXPECTED, ("2", "Ana", "Bergh", "1990-01-02")]


@pytest.mark.parametrize(
    ("said", "refusal"),
    [
        ("", "name one of path, url, url_file, topic and secrets_file"),
        (
            'path = "m.csv"\nurl = "sqlite://"\ntable = "t"',
            "name one of path, url, url_file, topic and secrets_file",
        ),
        ('path = "nowhere.csv"', "path: there is no"),
        ('path = "."\nformat = "xml"', "format is one of delimited, excel, jsonl, sql"),
        ('path = "."\nencoding = "utf-99"', "nobody knows the encoding utf-99"),
        ('path = "."\ndelimiter = "||"', "delimiter is one character"),
        ('path = "."\nformat = "sql"', "needs the table"),
        ('path = "hub.toml"\nday = "1.1.2024"', "day: write it as in 2024-01-31"),
        ('path = "."\nmapping = {x = "nothing"}', "the mapping names nothing, which is no field"),
        ('path = "."\nmapping = {x = 1}', "x is no heading = field"),
        ('path = "."\ncolour = "red"', "unknown colour; known: brokers, ca_file, contract, cursor"),
        ('url = "postgresql://me:secret@db/x"\ntable = "t"', "keep an address with a password in a url_file"),
        ('url = "nonsense"\ntable = "t"', "no database address"),
        ('url_file = "nowhere"\ntable = "t"', "url_file: nowhere cannot be read"),
    ],
)
def test_a_setting_that_cannot_be_followed_says_which(tmp_path, said, refusal):
    path = configure(tmp_path, said)
    with pytest.raises(SettingsError) as refused, closing(Hub(load(path, {}))) as made:
        made.connectors(None, ())
    assert refusal in str(refused.value) and ":secret" not in str(refused.value)


def test_a_name_without_quotes_is_read_as_it_was_meant(tmp_path):
    path = tmp_path / "hub.toml"
    path.write_text('[feeds.town.members]\ncontract = "members.yaml"\npath = "members.csv"\n')
    assert list(load(path, {}).feeds) == ["town.members"]
    path.write_text('[feeds.town.members]\npath = "members.csv"\n')
    with pytest.raises(SettingsError, match=r"feeds.town.members: contract is missing"):
        load(path, {})


def test_a_made_up_latin_set_goes_from_a_file_to_links(tmp_path):
    contract = (
        CONTRACT
        + """\
  - {name: street_number, classification: personal}
  - {name: street, classification: personal, customProperties: [{property: attribute, value: address}]}
  - {name: zipcode, classification: personal, customProperties: [{property: attribute, value: postcode}]}
  - {name: state, classification: personal}
  - {name: ssn, classification: sensitive, customProperties: [{property: attribute, value: number}]}
"""
    )
    contract = contract.replace("logicalType: date, ", "")  # a date with a slip still tells people apart
    truth = people(tmp_path / "people.csv", random.Random(7))
    configure(tmp_path, 'path = "people.csv"', contract)
    told = json.loads(command(tmp_path, "ingest", "--json", expect=1).stdout)
    assert [(r["accepted"], r["quarantined"]) for r in told] == [(len(truth), 0)]
    assert (told[0]["ignored_columns"], told[0]["refused_columns"]) == (["remark"], ["race", "wages"])
    command(tmp_path, "run", "--until-caught-up")
    command(tmp_path, "export", "links", "links.csv", "--feed", "town.members")
    with (tmp_path / "links.csv").open(newline="") as stream:
        links = {row["record_id"]: row["person_id"] for row in csv.DictReader(stream)}
    assert links.keys() == truth.keys()
    assert len(set(links.values())) == len(set(truth.values()))
    stored = b"".join(path.read_bytes() for path in (tmp_path / "data").rglob("*") if path.is_file())
    assert b"canary" not in stored
    configure(tmp_path, 'path = "people.csv"', contract + "  - {name: wages, classification: x}\n")
    assert "refuses to hold: wages (wages)" in command(tmp_path, "ingest", expect=2).stderr


def word(chance: random.Random) -> str:
    return "".join(chance.choice("bdfklmnprstvz") + chance.choice("aeiou") for _ in range(4)).title()


def people(path: Path, chance: random.Random) -> dict[str, str]:
    """Sixty people twice, the second time with a slip; record to person."""
    truth = {}
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(
            [*HEADINGS, "street_number", "street", "zipcode", "state", "ssn", "race", "wages", "remark"]
        )
        for n in range(60):
            born = f"19{chance.randrange(30, 99)}{chance.randrange(1, 13):02d}{chance.randrange(1, 29):02d}"
            who = [chance.choice(["Anna", "Jon", "Mia", "Tom", "Eva"]), word(chance)]
            lives = [
                str(n),
                f"{word(chance)} Lane",
                f"{chance.randrange(10**5):05d}",
                "WA",
                f"{chance.randrange(10**9):09d}",
            ]
            for copy in range(2):
                slip = born[:4] + "98" + born[6:] if copy and n % 3 == 0 else born
                truth[f"r{n}-{copy}"] = str(n)
                writer.writerow(
                    [f"r{n}-{copy}", *who, slip, *lives, "race-canary", "wage-canary", "remark-canary"]
                )
    return truth


README = (Path(__file__).parents[2] / "connectors/README.md").read_text("utf-8")


def test_the_readmes_feed_can_be_copied(tmp_path):
    blocks = dict(re.findall(r"```(\w+)\n(.*?)```", README, re.DOTALL))
    for name, language in (("members.csv", "csv"), ("members.yaml", "yaml"), ("hub.toml", "toml")):
        (tmp_path / name).write_text(blocks[language])
    ingest, *others = [line[6:].split() for line in blocks["console"].splitlines()]
    assert "wage: 本系统拒绝保存的列" in command(tmp_path, *ingest, expect=1).stdout
    for arguments in others:
        command(tmp_path, *arguments)
    links = [line.split(",") for line in (tmp_path / "links.csv").read_text().splitlines()]
    assert [record for record, _ in links] == ["record_id", "m1", "m2", "m3"]
    assert links[1][1] == links[2][1] != links[3][1]


def test_the_readme_knows_every_attribute_kind_and_setting():
    words = set(re.findall(r"`([\w.]+)`", README))
    assert set(ATTRIBUTES) <= words
    assert {*KINDS, *CODED} <= words
    assert {*EVIDENCE, *FORMATS} <= words
    assert {field.name for field in fields(FeedSettings)} - {"contract", "mapping"} <= words
