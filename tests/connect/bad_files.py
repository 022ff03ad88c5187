"""Five hundred bad files as offices, disks and enemies make them, each from its number alone.

A maker returns the bytes of a file and how many rows a receipt must count of it:
None where only the balance can be said.
"""

import gzip
import io
import json
import random
import sqlite3
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from openpyxl import Workbook

HEAD = ["id", "given_name", "surname", "dob"]
Made = tuple[bytes, int | None]
REFUSED = 1
"""A drop nobody can read is one refused unit."""


class BadFile(NamedTuple):
    """One file: what is wrong with it, its ending, its bytes, its rows."""

    kind: str
    suffix: str
    content: bytes
    rows: int | None


def rows_of(chance: random.Random, count: int = 6) -> list[list[str]]:
    return [
        [f"m{chance.randrange(10**9)}", "Anna", "Berg", f"19{chance.randrange(10, 99)}-01-0{1 + n % 9}"]
        for n in range(count)
    ]


def text_of(rows, head=HEAD, end="\n", delimiter=",") -> str:
    return end.join(delimiter.join(row) for row in [head, *rows]) + end


# --- delimited ---------------------------------------------------------------------------------


def other_encoding(chance: random.Random) -> Made:
    rows = [[*row[:2], "王伟娜", row[3]] for row in rows_of(chance)]
    return text_of(rows).encode(chance.choice(["gb18030", "utf-16", "utf-16-be", "gbk", "utf-32"])), REFUSED


def broken_utf8(chance: random.Random) -> Made:
    content = bytearray(text_of(rows_of(chance)).encode())
    content[chance.randrange(30, len(content))] = chance.choice([0x80, 0xC0, 0xFF, 0xF8])
    return bytes(content), REFUSED


def noise(chance: random.Random) -> Made:
    return b"\xff" + chance.randbytes(chance.randrange(1, 5_000)), REFUSED


def ragged(chance: random.Random) -> Made:
    rows = [
        row[: chance.randrange(1, 4)] if chance.random() < 0.5 else [*row, "x"] for row in rows_of(chance)
    ]
    return text_of(rows).encode(), len(rows)


def open_quote(chance: random.Random) -> Made:
    rows = rows_of(chance)
    rows[2][1] = '"never closed'
    return text_of(rows).encode(), 3


def control_characters(chance: random.Random) -> Made:
    rows = rows_of(chance)
    rows[1][1] = f"a{chr(chance.choice([0, 1, 7, 11, 27, 127, 0x2028]))}b"
    return text_of(rows).encode(), len(rows)


def large_cell(chance: random.Random) -> Made:
    rows = rows_of(chance)
    rows[chance.randrange(6)][chance.randrange(1, 3)] = "x" * chance.choice(
        [5_000, 1 << 20, (1 << 20) + 1, 5 << 20]
    )
    return text_of(rows).encode(), len(rows)


def large_cells_together(chance: random.Random) -> Made:
    rows = [[row[0], "王" * 900_000, "李" * 900_000, row[3]] for row in rows_of(chance, 3)]
    return text_of(rows).encode(), len(rows)


def no_heading(chance: random.Random) -> Made:
    return text_of(rows_of(chance), rows_of(chance, 1)[0]).encode(), REFUSED


def heading_twice(chance: random.Random) -> Made:
    name = chance.choice(HEAD)
    return text_of([[*row, "x"] for row in rows_of(chance)], [*HEAD, name]).encode(), REFUSED


def heading_lost(chance: random.Random) -> Made:
    return text_of(rows_of(chance), ["no", *HEAD[1:]]).encode(), REFUSED


def other_delimiter(chance: random.Random) -> Made:
    return text_of(rows_of(chance), delimiter=chance.choice(";\t|")).encode(), REFUSED


def odd_line_ends(chance: random.Random) -> Made:
    return text_of(rows_of(chance), end=chance.choice(["\r", "\r\n", "\n\n", "\r\r\n"])).encode(), None


def bad_dates(chance: random.Random) -> Made:
    rows = [
        [*row[:3], chance.choice(["31/02/1990", "1990-13-01", "90-1-1", "99999999", "0", "-1", "1e9"])]
        for row in rows_of(chance)
    ]
    return text_of(rows).encode(), len(rows)


def keys_twice(chance: random.Random) -> Made:
    rows = rows_of(chance)
    return text_of([*rows, *[[row[0], "Other", *row[2:]] for row in rows]]).encode(), 12


def drift(chance: random.Random) -> Made:
    added = [[*row, "x", "y"] for row in rows_of(chance)]
    return text_of(added, [*HEAD, "避孕措施", f"new_{chance.randrange(99)}"]).encode(), 6


def empty(chance: random.Random) -> Made:
    return chance.choice(
        [(b"", REFUSED), (b"\n", None), (b"\xef\xbb\xbf", None), (b"  \n \n", None), (b"\x00" * 99, None)]
    )


def many_columns(chance: random.Random) -> Made:
    more = [f"c{n}" for n in range(5_000)]
    return text_of([[*row, *more] for row in rows_of(chance, 2)], [*HEAD, *more]).encode(), 2


def one_long_line(chance: random.Random) -> Made:
    return b"x" * (65 << 20), REFUSED


# --- packed ------------------------------------------------------------------------------------


def cut_gzip(chance: random.Random) -> Made:
    packed = gzip.compress(text_of(rows_of(chance, 500)).encode())
    return packed[: chance.randrange(10, len(packed) - 8)], REFUSED


def no_gzip(chance: random.Random) -> Made:
    return text_of(rows_of(chance)).encode(), REFUSED


def bomb_gzip(chance: random.Random) -> Made:
    return gzip.compress(b"0" * (80 << 20), 9), REFUSED


# --- workbooks ---------------------------------------------------------------------------------


def workbook(rows, head=HEAD) -> bytes:
    book, stream = Workbook(), io.BytesIO()
    for row in [head, *rows]:
        book.worksheets[0].append(row)
    book.save(stream)
    return stream.getvalue()


def repacked(content: bytes, change: Callable[[str, bytes], bytes | None]) -> bytes:
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as source,
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for name in source.namelist():
            part = change(name, source.read(name))
            if part is not None:
                target.writestr(name, part)
    return stream.getvalue()


def cut_workbook(chance: random.Random) -> Made:
    content = workbook(rows_of(chance))
    return content[: chance.randrange(1, len(content) - 30)], REFUSED


def part_lost(chance: random.Random) -> Made:
    lost = chance.choice(["xl/workbook.xml", "xl/worksheets/sheet1.xml", "[Content_Types].xml"])
    return repacked(workbook(rows_of(chance)), lambda name, part: None if name == lost else part), REFUSED


def part_garbled(chance: random.Random) -> Made:
    def change(name: str, part: bytes) -> bytes:
        if name != "xl/worksheets/sheet1.xml":
            return part
        at = chance.randrange(len(part))
        return part[:at] + chance.randbytes(3) + part[at + 3 :]

    return repacked(workbook(rows_of(chance)), change), None


def entities(chance: random.Random) -> Made:
    laughs = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'

    def change(name: str, part: bytes) -> bytes:
        return (
            laughs + part.partition(b"?>")[2]
            if name == "xl/worksheets/sheet1.xml" and b"?>" in part[:60]
            else laughs + part
            if name.endswith("sheet1.xml")
            else part
        )

    return repacked(workbook(rows_of(chance)), change), None


def lying_extent(chance: random.Random) -> Made:
    def change(name: str, part: bytes) -> bytes:
        return part.replace(
            b'ref="A1:D7"', chance.choice([b'ref="A1:A1"', b'ref="A1:XFD1048576"', b'ref="Z9"'])
        )

    return repacked(workbook(rows_of(chance)), change), 6


def bomb_workbook(chance: random.Random) -> Made:
    return repacked(
        workbook(rows_of(chance)),
        lambda name, part: part + b" " * (90 << 20) if name.endswith("sheet1.xml") else part,
    ), REFUSED


def formulas(chance: random.Random) -> Made:
    return workbook([[row[0], "=A1", *row[2:]] for row in rows_of(chance)]), 6


def odd_cells(chance: random.Random) -> Made:
    odd = [True, 1e300, -5, 3.7, "#REF!", "x" * 32_000, None]
    return workbook(
        [[row[0], chance.choice(odd), chance.choice(odd), chance.choice(odd)] for row in rows_of(chance)]
    ), 6


def no_workbook(chance: random.Random) -> Made:
    return chance.choice(
        [
            b"\xd0\xcf\x11\xe0" + chance.randbytes(500),
            b"PK\x03\x04" + chance.randbytes(99),
            b"<html>",
            text_of(rows_of(chance)).encode(),
        ]
    ), REFUSED


def far_row(chance: random.Random) -> Made:
    def change(name: str, part: bytes) -> bytes:
        return (
            part.replace(b'r="7"', b'r="1048576"').replace(b'7"', b'1048576"')
            if name.endswith("sheet1.xml")
            else part
        )

    return repacked(workbook(rows_of(chance)), change), 6


# --- lines -------------------------------------------------------------------------------------


def lines(rows) -> list[str]:
    return [json.dumps(dict(zip(HEAD, row, strict=True))) for row in rows]


def odd_lines(chance: random.Random) -> Made:
    odd = [
        "[]",
        "null",
        "1",
        '"x"',
        "{",
        "}",
        '{"id": }',
        '{"id": NaN}',
        '{"id": 1e999}',
        "{'id': 1}",
        '{"id": "\\ud800"}',
        "\x00",
        '{"id": {"a": 1}}',
        '{"id": [1]}',
    ]
    found = [
        line
        for pair in zip(lines(rows_of(chance)), (chance.choice(odd) for _ in range(6)), strict=True)
        for line in pair
    ]
    return "\n".join(found).encode(), 12


def deep_line(chance: random.Random) -> Made:
    deep = chance.choice([100, 1_000, 100_000])
    return ("\n".join(lines(rows_of(chance))) + "\n" + '{"id":' * deep + "1" + "}" * deep).encode(), 7


def large_line(chance: random.Random) -> Made:
    size = chance.choice([1 << 20, 3 << 20])
    return "\n".join([*lines(rows_of(chance)), json.dumps({"id": "m", "given_name": "x" * size})]).encode(), 7


def large_number(chance: random.Random) -> Made:
    return "\n".join(
        [*lines(rows_of(chance)), '{"id": ' + "9" * chance.choice([30, 5_000]) + "}"]
    ).encode(), 7


def many_names(chance: random.Random) -> Made:
    return "\n".join(json.dumps({"id": f"m{n}", f"n{n}": 1}) for n in range(1_200)).encode(), REFUSED


def bytes_in_lines(chance: random.Random) -> Made:
    return "\n".join(lines(rows_of(chance))).encode() + b'\n{"id": "\xff\xfe"}\n', 7


# --- databases ---------------------------------------------------------------------------------


def database(statements: list[str], rows=()) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.sqlite"
        db = sqlite3.connect(path)
        for statement in statements:
            db.execute(statement)
        if rows:
            db.executemany("INSERT INTO members VALUES (?, ?, ?, ?)", rows)
        db.commit()
        db.close()
        return path.read_bytes()


TABLE = f"CREATE TABLE members ({', '.join(HEAD)})"


def cut_database(chance: random.Random) -> Made:
    content = database([TABLE], rows_of(chance, 2_000))
    return content[: chance.randrange(100, len(content) // 2)], None


def garbled_database(chance: random.Random) -> Made:
    content = bytearray(database([TABLE], rows_of(chance, 300)))
    for _ in range(20):
        content[chance.randrange(100, len(content))] = chance.randrange(256)
    return bytes(content), None


def no_table(chance: random.Random) -> Made:
    return database(["CREATE TABLE other (x)"]), REFUSED


def blobs(chance: random.Random) -> Made:
    return database([TABLE], [[row[0], chance.randbytes(40), *row[2:]] for row in rows_of(chance)]), 6


def odd_types(chance: random.Random) -> Made:
    odd = [None, 1.5, 2**62, -1, "", "x" * 5_000, 1e308]
    return database(
        [TABLE],
        [[row[0], chance.choice(odd), chance.choice(odd), chance.choice(odd)] for row in rows_of(chance)],
    ), 6


def endless_view(chance: random.Random) -> Made:
    return database(["CREATE VIEW members AS SELECT * FROM nowhere"]), REFUSED


MAKERS: dict[str, list[Callable[[random.Random], Made]]] = {
    ".csv": [other_encoding, broken_utf8, noise, ragged, open_quote, control_characters, large_cell, no_heading,
             heading_twice, heading_lost, other_delimiter, odd_line_ends, bad_dates, keys_twice, drift, empty],
    ".csv.gz": [cut_gzip, no_gzip],
    ".xlsx": [cut_workbook, part_lost, part_garbled, entities, lying_extent, formulas, odd_cells, no_workbook, far_row, empty],
    ".jsonl": [odd_lines, deep_line, large_line, large_number, bytes_in_lines, empty],
    ".sqlite": [cut_database, garbled_database, no_table, blobs, odd_types, endless_view, empty],
}  # fmt: skip
ONCE: dict[str, list[Callable[[random.Random], Made]]] = {
    ".csv": [one_long_line, large_cells_together, many_columns], ".csv.gz": [bomb_gzip], ".xlsx": [bomb_workbook],
    ".jsonl": [many_names],
}  # fmt: skip


def bad_files(count: int) -> Iterator[BadFile]:
    """So many files: the costly ones once, the others in turn."""
    once = [(suffix, maker) for suffix, makers in ONCE.items() for maker in makers]
    turns = [(suffix, maker) for suffix, makers in MAKERS.items() for maker in makers]
    for number in range(count):
        suffix, maker = once[number] if number < len(once) else turns[number % len(turns)]
        content, rows = maker(random.Random(number))
        yield BadFile(
            maker.__name__, suffix, content, rows if maker is not empty or suffix == ".csv" else None
        )


def good_file(suffix: str) -> bytes:
    """A file with nothing wrong, for others to mutate."""
    rows = rows_of(random.Random(1), 30)
    if suffix == ".xlsx":
        return workbook(rows)
    if suffix == ".jsonl":
        return "\n".join(lines(rows)).encode()
    return database([TABLE], rows) if suffix == ".sqlite" else text_of(rows).encode()


def mutated(content: bytes, chance: random.Random) -> bytes:
    """The same file after some bytes were changed, lost, doubled or moved."""
    made = bytearray(content)
    for _ in range(chance.choice([1, 2, 5, 30])):
        at = chance.randrange(len(made) or 1)
        size = chance.choice([1, 1, 1, 4, 64])
        match chance.randrange(5):
            case 0:
                made[at : at + size] = chance.randbytes(size)
            case 1:
                del made[at : at + size]
            case 2:
                made[at:at] = made[at : at + size] * 2
            case 3:
                made[at : at + 1] = chance.choice([b"\x00", b"\xff", b'"', b"\n", b",", b"{", b"<", b"\x80"])
            case 4:
                made += made[at : at + size]
    return bytes(made)
