"""Statistics as files: SDMX-CSV 2.0, CSV, an Excel workbook, Parquet; the same bytes for the same figures."""

import csv
import io
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from openpyxl import Workbook
from openpyxl.utils import get_column_letter
from openpyxl.writer.excel import ExcelWriter

from hub.audit.aggregates import Statistics
from hub.errors import SettingsError
from hub.reports.codes import Code, codes_of
from hub.reports.observations import STATUS_TEXT, basis_of, frequency_of, row_of, sdmx_period, text_of
from hub.reports.places import NAMELESS, Places
from hub.statistics.publication import Publication

try:
    import pyarrow
    from pyarrow import parquet
except ImportError:
    # Parquet is an extra that the other formats do without.
    pyarrow = None

AGENCY, VERSION = "COUNTY_HUB", "1.0.0"
COLUMNS = ("FREQ", "REF_AREA", "TIME_PERIOD", "SEX", "INDICATOR", "BREAKDOWN", "OBS_VALUE", "LOWER", "UPPER",
           "UNIT_MEASURE", "OBS_STATUS", "CONF_STATUS")  # fmt: skip
HEADS = ("频率", "地区", "时期", "性别", "指标", "分组", "值", "下限", "上限", "单位", "状态", "保密")
"""What people call the columns; beside them stand the codes."""
WIDTHS = (10, 13, 14, 8, 24, 24, 12, 12, 12, 16, 12, 12)
CODE_COLUMNS, CODE_HEADS, CODE_WIDTHS = (
    ("COLUMN", "CODE", "ZH", "EN"),
    ("列", "代码", "中文", "英文"),
    (16, 30, 36, 48),
)
CODE_SHEET = "代码 codes"
LONG_AGO = datetime(2000, 1, 1)
"""Files do not say when they were made: the same figures are the same bytes on any day."""


def write_statistics(folder: Path, found: Statistics, format_: str, places: Places = NAMELESS) -> list[str]:
    """Write every table, what its codes mean and what it rests on; the names of the files."""
    files = FORMATS[format_](found, places)
    write_files(folder, files)
    return list(files)


def check_folder(folder: Path) -> None:
    """Make a folder ready before long work; SettingsError where files cannot be written into it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=folder, prefix=".check-"):
            pass
    except OSError as error:
        raise SettingsError(f"{folder} cannot be written to: {error.strerror}") from error


def write_files(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files into a folder that is made if need be; SettingsError where that cannot be done."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (folder / name).write_bytes(content)
    except OSError as error:
        raise SettingsError(f"{folder} cannot be written to: {error.strerror}") from error


def _texts(table: Publication) -> Iterator[tuple[str, ...]]:
    """The rows of a table in the order of `COLUMNS`."""
    for one in table.observations:
        key = one.key
        yield (frequency_of(key.period), key.area, key.period, key.sex, key.indicator, key.by, *text_of(one),
               one.unit, one.obs_status, one.conf_status)  # fmt: skip


def _codes(found: Statistics, places: Places) -> list[Code]:
    return codes_of((one for table in found.tables for one in table.observations), places)


def codes_csv(found: Statistics, places: Places) -> bytes:
    """What the codes in all tables mean, in Chinese and English."""
    return _csv(CODE_COLUMNS, iter(_codes(found, places)))


def sdmx_csv(found: Statistics, places: Places = NAMELESS) -> dict[str, bytes]:
    """SDMX-CSV 2.0: each row names its dataflow and that it replaces what was there."""
    when = COLUMNS.index("TIME_PERIOD")
    files = {}
    for table in found.tables:
        flow = f"{AGENCY}:{table.name.upper().replace('-', '_')}({VERSION})"
        rows = (
            ("dataflow", flow, "R", *row[:when], sdmx_period(row[when]), *row[when + 1 :])
            for row in _texts(table)
        )
        files[f"{table.name}.csv"] = _csv(("STRUCTURE", "STRUCTURE_ID", "ACTION", *COLUMNS), rows)
    return files | _beside(found, places)


def _beside(found: Statistics, places: Places) -> dict[str, bytes]:
    return {"codes.csv": codes_csv(found, places), "README.txt": readme(found)}


def plain_csv(found: Statistics, places: Places = NAMELESS) -> dict[str, bytes]:
    """One CSV a table."""
    tables = {f"{table.name}.csv": _csv(COLUMNS, _texts(table)) for table in found.tables}
    return tables | _beside(found, places)


def _csv(headings: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(headings)
    writer.writerows(rows)
    return text.getvalue().encode()


def workbook(found: Statistics, places: Places = NAMELESS) -> dict[str, bytes]:
    """One workbook: what it rests on, a sheet for each table with its notes, and what the codes mean."""
    book = Workbook()
    first = book.active
    assert first is not None, "a new workbook has a sheet"
    first.title = "说明 basis"
    for line in readme(found).decode().splitlines():
        first.append([line])
    for table in found.tables:
        sheet = book.create_sheet(table.name)
        sheet.append([f"{head} {code}" for head, code in zip(HEADS, COLUMNS, strict=True)])
        for one in table.observations:
            sheet.append(list(row_of(one).values()))
        for number, width in enumerate(WIDTHS, 1):
            sheet.column_dimensions[get_column_letter(number)].width = width
        sheet.freeze_panes = "A2"
        sheet.auto_filter.ref = sheet.dimensions
        sheet.append([])
        for line in (f"{table.zh} {table.en}", *(f"{zh}。{en}." for zh, en in table.notes)):
            sheet.append([line])
    _code_sheet(book, _codes(found, places))
    book.properties.created = book.properties.modified = LONG_AGO
    return {"statistics.xlsx": _fixed(book)}


def _code_sheet(book: Workbook, codes: Sequence[Code]) -> None:
    sheet = book.create_sheet(CODE_SHEET)
    sheet.append([f"{head} {code}" for head, code in zip(CODE_HEADS, CODE_COLUMNS, strict=True)])
    for one in codes:
        sheet.append(list(one))
    for number, width in enumerate(CODE_WIDTHS, 1):
        sheet.column_dimensions[get_column_letter(number)].width = width
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = sheet.dimensions


def _fixed(book: Workbook) -> bytes:
    """A workbook without the time it was saved at."""
    packed, fixed = io.BytesIO(), io.BytesIO()
    # The workbook's own way of saving puts down the time.
    with zipfile.ZipFile(packed, "w") as archive:
        ExcelWriter(book, archive).write_data()
    with zipfile.ZipFile(packed) as source, zipfile.ZipFile(fixed, "w") as target:
        for name in sorted(source.namelist()):
            info = zipfile.ZipInfo(name, LONG_AGO.timetuple()[:6])
            target.writestr(info, source.read(name), zipfile.ZIP_DEFLATED)
    return fixed.getvalue()


def parquet_files(found: Statistics, places: Places = NAMELESS) -> dict[str, bytes]:
    """One Parquet file a table; what it rests on is in its metadata."""
    if pyarrow is None:
        raise SettingsError("Parquet needs an extra: pip install 'county-hub[parquet]'")
    basis = {key: str(value) for key, value in basis_of(found.basis).items()}
    numbers = {"OBS_VALUE", "LOWER", "UPPER"}
    fields = [(name, pyarrow.float64() if name in numbers else pyarrow.string()) for name in COLUMNS]
    schema = pyarrow.schema(fields, metadata=basis)
    files = {}
    for table in found.tables:
        rows = [row_of(one) for one in table.observations]
        columns: dict[str, list[Any]] = {name: [row[name] for row in rows] for name in COLUMNS}
        packed = io.BytesIO()
        parquet.write_table(pyarrow.table(columns, schema=schema), packed, compression="zstd")
        files[f"{table.name}.parquet"] = packed.getvalue()
    return files | _beside(found, places)


def readme(found: Statistics) -> bytes:
    """What the tables are, rest on and assume."""
    lines = [
        "统计表 Statistics",
        "各代码的含义见 codes.csv（工作簿中为“代码 codes”）。What the codes mean: codes.csv (in a workbook: its last sheet).",
        "",
    ]
    lines += [f"{name}: {value}" for name, value in basis_of(found.basis).items()]
    lines += ["", *(f"{code}: {text}" for code, text in STATUS_TEXT.items())]
    for table in found.tables:
        lines += ["", f"{table.name}: {table.zh} {table.en}"]
        lines += [f"- {zh}。{en}." for zh, en in table.notes]
    return ("\n".join(lines) + "\n").encode()


FORMATS: Mapping[str, Callable[[Statistics, Places], dict[str, bytes]]] = {
    "sdmx-csv": sdmx_csv, "csv": plain_csv, "xlsx": workbook, "parquet": parquet_files,
}  # fmt: skip
