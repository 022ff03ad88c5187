"""A batch is translated column by column, and the log it gives is the one that row by row gave."""

import hashlib
import json
from contextlib import closing

from hypothesis import given
from hypothesis import strategies as st

from hub.app import Hub
from hub.connect.columns import REMEMBERED_CHARACTERS_MAX, Remembered
from hub.connect.odcs import load_contract
from hub.connect.rows import Row
from hub.connect.translator import Translator
from hub.domain.events import (
    RECORDS,
    BatchReceived,
    RecordPublished,
    RecordQuarantined,
    RecordWithdrawn,
    RowReplaced,
)
from hub.log import Partition
from hub.settings import load
from tests.connect.samples import ingest

CONTRACT = """
apiVersion: v3.1.0
kind: DataContract
id: town.everything
version: 1.0.0
status: active
schema:
- name: everything
  properties:
  - {name: no, required: true, primaryKey: true, classification: internal}
  - {name: op, classification: internal, customProperties: [{property: kind, value: operation}, {property: codes, value: {新增: publish, D: withdraw}}]}
  - {name: name, required: true, classification: personal, customProperties: [{property: kind, value: name}, {property: attribute, value: name}, {property: severity, value: warn}]}
  - {name: sex, classification: personal, customProperties: [{property: kind, value: code}, {property: codes, value: {男: male, "2": female}}]}
  - {name: born, logicalType: date, classification: personal, customProperties: [{property: attribute, value: birth_date}]}
  - {name: number, classification: sensitive, customProperties: [{property: kind, value: identity_number}, {property: attribute, value: number}, {property: severity, value: warn}]}
  - {name: unit, classification: internal, customProperties: [{property: kind, value: credit_code}, {property: severity, value: warn}]}
  - {name: place, classification: personal, customProperties: [{property: kind, value: place_code}]}
  - {name: month, classification: internal, customProperties: [{property: kind, value: month}]}
  - {name: phone, classification: personal, customProperties: [{property: kind, value: phone}]}
  - {name: count, logicalType: integer, classification: internal}
  - {name: note, classification: internal}
"""
HEADINGS = ["no", "op", "name", "sex", "born", "number", "unit", "place", "month", "phone", "count", "note"]
ROWS = [
    ["1", "新增", "王伟", "男", "1990-01-02", "990101199001020014", "", "990101101201", "202401", "139", "7", "a"],
    ["2", "新增", " 李娜 ", "２", "1991年3月4日", "990101900101001", "91990101ABCDEFGHJK", "990101101202", "2024-02", "１３9", "-3", ""],
    ["3", "", "", "x", "1985-13-01", "990101198507080025", "", "99", "202413", "none", "1.5", "\x07"],
    ["4", "D", "", "x", "1985-02-30", "1", "1", "x", "x", "", "", ""],
    ["", "新增", "刘静", "男", "19791112", "", "", "", "", "", "", ""],
    ["5", "?", "陈芳", "男", "88-05-06", "", "", "", "", "", "", "结扎"],
    ["6", "新增", "A", "女", "２０００-01-01", "９９０１０１１９９００１０２００１４", "", "", "", "", "+９", "Ａ"],
    ["7", "新增", "twice", "男", "", "", "", "", "", "", "", ""],
    ["7", "新增", "twice", "男", "", "", "", "", "", "", "", ""],
    ["8", "新增", "this", "男", "", "", "", "", "", "", "", ""],
    ["8", "新增", "that", "男", "", "", "", "", "", "", "", ""],
    ["9", "新增", "x" * 4_097, "男", "", "", "", "", "", "", "", ""],
    ["10", "新增", "short", "男"],
]  # fmt: skip
ENTERED = (RecordPublished, RecordWithdrawn, RecordQuarantined, RowReplaced, BatchReceived)
GOLDEN = "897b6752d63d759c27e70e32bd1efb1f6c361335d5ead9739716a84b6bf79e7b"
"""SHA-256 of all that these rows put into the log; found by the release that took rows one by one."""


def feed(folder):
    path = folder / "everything.yaml"
    path.write_text(CONTRACT, encoding="utf-8")
    return load_contract(path)


def test_the_log_is_byte_for_byte_what_it_was(tmp_path):
    feed(tmp_path)
    lines = [",".join(row) for row in (HEADINGS, *ROWS)]
    (tmp_path / "rows.csv").write_text("\n".join(lines), encoding="utf-8")
    (tmp_path / "hub.toml").write_text(
        '[feeds."town.everything"]\ncontract = "everything.yaml"\npath = "rows.csv"\n[hub]\ndata = "data"\n'
    )
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "pseudonym.key").write_bytes(b"k" * 32)
    digest = hashlib.sha256()
    with closing(Hub(load(tmp_path / "hub.toml", {}))) as hub:
        for _ in range(2):
            ingest(hub, None, "town.everything")
            with (tmp_path / "rows.csv").open("a", encoding="utf-8") as stream:
                stream.write("\n1,新增,王伟,男,1990-01-03,,,,,,,later\n4,新增,周杰,男,,,,,,,,back")
        for recorded in hub.log.read(Partition(RECORDS, 0), -1, 1_000):
            envelope = recorded.envelope
            if isinstance(envelope.event, ENTERED):
                digest.update(json.dumps(envelope[1:]).encode())
                digest.update(hub.codec.encode(envelope.event))
    assert digest.hexdigest() == GOLDEN


CELLS = st.none() | st.integers() | st.booleans() | st.floats() | st.dates() | st.text(max_size=8)
CELLS |= st.sampled_from(sorted({cell for row in ROWS for cell in row}))


@given(
    cells=st.lists(st.dictionaries(st.sampled_from(HEADINGS), CELLS), max_size=12),
    problem=st.sampled_from(["", "", "ragged-row"]),
)
def test_a_row_is_translated_alike_alone_and_among_others(tmp_path_factory, cells, problem):
    found = feed(tmp_path_factory.mktemp("contract"))
    rows = [Row(n, kept, problem if n % 3 else "") for n, kept in enumerate(cells)]
    together = Translator(found).translate_all(rows)
    assert [(t.key, t.operation, t.fields, list(t.problems)) for t in together] == [
        (t.key, t.operation, t.fields, list(t.problems)) for t in map(Translator(found).translate, rows)
    ]
    # What was remembered of the first time changes nothing.
    again = Translator(found)
    again.translate_all(rows)
    assert again.translate_all(rows) == together


def test_what_is_remembered_has_bounds():
    read = []
    memory = Remembered(lambda text: read.append(text) or text)
    long = "x" * (REMEMBERED_CHARACTERS_MAX + 1)
    assert [memory["a"], memory["a"], memory[long], memory[long]] == ["a", "a", long, long]
    assert read == ["a", long, long]
