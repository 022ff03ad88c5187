"""The catalogue of complaints: what is wrong and what to do, in both languages.

Departments read these lines in their receipts, so each says what the person
who keeps the record can do. A code is never renamed: it stands in the log.
"""

from collections.abc import Mapping
from typing import NamedTuple

from hub.errors import RejectedError


class Reason(NamedTuple):
    """One entry: what is wrong, and what to do about it."""

    zh: str
    en: str
    todo_zh: str
    todo_en: str

    @property
    def why(self) -> str:
        """What is wrong, in both languages."""
        return f"{self.zh} {self.en}"

    @property
    def todo(self) -> str:
        """What to do, in both languages."""
        return f"{self.todo_zh} {self.todo_en}"


class CellError(RejectedError):
    """A cell does not fit its kind; the value is what may be kept beside a mere warning."""

    def __init__(self, code: str, value: object = None) -> None:
        super().__init__(code)
        self.code = code
        self.value = value


# About one cell or one row.
ROW_REASONS: Mapping[str, Reason] = {
    "missing-key": Reason("缺少主键", "the record has no key",
                          "补填主键后重新报送", "fill in the key and publish the row again"),
    "missing-required": Reason("缺少必填项", "a required field is empty", "补填该项", "fill in the field"),
    "bad-date": Reason("日期格式错误", "not a date as the contract writes it",
                       "按约定格式填写，默认YYYY-MM-DD或YYYYMMDD",
                       "write the date as the contract says; unless it names a format, YYYY-MM-DD or YYYYMMDD"),
    "two-digit-year": Reason("年份为两位", "the year has two digits",
                             "年份写四位", "write the year with four digits"),
    "impossible-date": Reason("日期不存在", "no such day",
                              "对照原件核对年月日", "check day and month against the paper"),
    "bad-code": Reason("代码不在代码表", "not in the code list",
                       "使用约定代码表中的代码", "use a code that the contract lists"),
    "forbidden-value": Reason("本系统拒绝保存的内容", "the cell says what the hub refuses to hold; it was not kept",
                              "请从该列中去除此类内容", "keep such things out of this column"),
    "bad-number": Reason("号码校验错误", "the number fails its check",
                         "对照证件核对号码", "compare the number with the document"),
    "number-disagrees": Reason("号码与出生日期或性别不符", "the number says another birth date or sex than the row",
                               "对照证件核对号码、出生日期和性别", "compare number, birth date and sex with the document"),
    "dates-out-of-order": Reason("日期先后矛盾", "a day lies before the one it has to follow",
                                 "核对各日期先后", "check which of the days is wrong"),
    "bad-place-code": Reason("地址代码错误", "not a 12-digit division code",
                             "使用12位统计用区划代码", "use the statistical division code"),
    "place-not-valid": Reason("区划代码在该日期无效", "the division code was not valid on the day beside it",
                              "使用该日期有效的代码，或核对日期",
                              "use the code that was valid on that day, or check the day"),
    "bad-integer": Reason("不是整数", "not a whole number", "只填数字", "write digits only"),
    "full-width": Reason("全角字符", "typed full-width; read as half-width",
                         "改用半角输入", "switch to half-width input"),
    "too-long": Reason("内容过长", "longer than 4,096 characters", "缩短内容", "shorten the text"),
    "cell-too-large": Reason("单元格过大", "a cell of more than 1 MiB",
                             "该单元格不是字段内容，请清除", "the cell holds something else than a field: remove it"),
    "formula-cell": Reason("单元格为公式", "the cell holds a formula",
                           "粘贴为数值", "paste the value instead of the formula"),
    "control-character": Reason("含控制字符", "a control character in the text",
                                "重新输入该文字", "type the text again"),
    "binary-cell": Reason("单元格不是文本", "the cell holds bytes that are not text",
                          "以UTF-8文本报送", "publish the text in UTF-8"),
    "duplicate-key": Reason("主键重复且内容不同", "the key stands twice with different content",
                            "保留正确的一行后重新报送", "keep the right row and publish it in a new file"),
    "superseded": Reason("已有更新的版本", "a later day's version of the record is known already",
                         "如以本行为准，请在新文件中重新报送",
                         "if this row is the right one, publish it again in a new file"),
    "held-behind": Reason("同一记录的较早一行尚在隔离", "an earlier row of the record is in quarantine",
                          "先处理较早的一行，再重试", "repair or discard the earlier row, then retry both"),
    "ragged-row": Reason("列数不符", "more or fewer cells than headings",
                         "给含分隔符的单元格加引号", "quote cells that contain the separator"),
    "no-envelope": Reason("不是变更消息", "the message is no change event in Debezium's form",
                          "检查连接器的输出格式（JSON）", "let its connector write change events as JSON"),
    "value-not-sent": Reason("数据库未提供该值", "the database did not say what this column holds",
                             "将该表设为REPLICA IDENTITY FULL后重新报送该记录",
                             "set the table to REPLICA IDENTITY FULL, and publish the record again"),
    "mass-deletion": Reason("一次删除过多，尚未执行", "too many records deleted at once: none of them was taken back",
                            "如确需删除，请重试；否则放弃", "if it was meant, retry these rows; if not, discard them"),
    "table-truncated": Reason("表被清空，未执行", "the table was emptied: no record was taken back",
                              "如确需删除，请逐条删除；否则放弃", "delete the records one by one if it was meant, and discard this row"),
    "messages-lost": Reason("消息在读取前已被清除", "the brokers dropped messages that were never read",
                            "重新做一次快照并延长保留时间", "take a new snapshot, and let the topic keep messages longer"),
    "bad-json": Reason("JSON格式错误", "the line is no JSON object of plain values",
                       "每行一个JSON对象", "write one JSON object a line"),
}  # fmt: skip

# About a file or table as a whole.
DROP_REASONS: Mapping[str, Reason] = {
    "missing-column": Reason("缺少列", "a required column is missing",
                             "恢复约定的列名", "restore the heading; the contract lists it"),
    "absent-column": Reason("列不存在，其内容视为空", "an optional column is missing, so its field is empty everywhere",
                            "恢复约定的列名", "restore the heading, or drop the field from the contract"),
    "duplicate-column": Reason("列名重复", "a heading stands twice",
                               "同名列只保留一列", "keep one column of that name"),
    "empty-file": Reason("文件为空", "the file is empty",
                         "重新导出；无数据时不必报送", "export it again; with nothing to say, send no file"),
    "wrong-encoding": Reason("文件编码错误", "the file is not in the agreed encoding",
                             "按约定编码另存", "save the file in the contract's encoding"),
    "encoding-detected": Reason("编码自动识别", "read in the encoding that its bytes show",
                                "如需固定编码请在约定中写明", "to have files held to it, name it in the contract"),
    "wrong-delimiter": Reason("分隔符错误", "the columns are not separated as agreed",
                              "按约定分隔符导出，或在约定中写明",
                              "export with the agreed delimiter, or name this one in the contract or settings"),
    "not-a-workbook": Reason("工作簿损坏", "the workbook cannot be opened",
                             "重新保存后报送", "save the workbook again and publish it"),
    "source-unreadable": Reason("无法读取", "the source cannot be read",
                                "检查文件是否完整", "check that the file is complete"),
    "unzips-too-large": Reason("压缩内容过大", "the file unpacks to more than is allowed",
                               "拆分文件", "split the file"),
    "stray-file": Reason("不是报送文件", "not a drop of this feed, so it was not read",
                         "按YYYY-MM-DD命名并使用约定格式，或移走",
                         "name it YYYY-MM-DD and save it in the feed's format, or take it away"),
    "incomplete-drop": Reason("尚未传完", "not complete yet, so it was not read",
                              "传完后放入完成标记文件", "put its marker beside it once all of it is there"),
    "wrong-checksum": Reason("校验和不符", "the file is not what its checksum says",
                             "重新传送文件", "send the file again"),
    "passed-over": Reason("无关消息", "messages about no record", "无需处理", "nothing to do"),
    "changes-folded": Reason("同一记录的较早变更", "of several changes to one record the last was taken",
                             "无需处理", "nothing to do"),
    "offsets": Reason("消息位置", "where the messages lie", "按位置查找消息", "look the messages up there"),
    "no-agreement": Reason("没有有效的共享协议", "no agreement about the feed is in force, so it was not read",
                           "续签共享协议", "sign its next version: hub agreements sign"),
    "vanished-proposed": Reason("有记录不再出现在全量文件中，已提出撤销建议，待人工确认",
                                "records are not in the full snapshot any more: their withdrawal is proposed, "
                                "and a person decides",
                                "核对后确认或驳回", "look at them: hub feeds vanished show, then confirm or reject"),
    "vanished-refused": Reason("不再出现的记录过多，可能是导出不完整，未予采纳",
                               "more records are missing from the full snapshot than the contract expects, "
                               "as when an export was cut off",
                               "检查导出是否完整并重新报送；确属清理的请联系枢纽管理员确认",
                               "check the export and publish it again; if the records are truly gone, have it confirmed"),
    "contract-changed": Reason("数据约定已改变，尚未确认", "the contract changed in a way that breaks who receives it, and nobody has accepted that",
                               "核对改动，主版本号加一后确认", "see what breaks: hub feeds change FILE; step the major version, then add --accept"),
    "day-ahead": Reason("日期在未来", "its name is more than a year ahead, so it was not read",
                        "核对文件名中的日期", "correct the day in the file's name"),
}  # fmt: skip

BY_SOURCE = frozenset((
    "ragged-row", "bad-json", "formula-cell", "cell-too-large", "binary-cell", "wrong-encoding",
    "no-envelope", "value-not-sent", "table-truncated", "messages-lost",
))  # fmt: skip
"""What the source of a row complains of, before its contract is asked."""

REASONS: Mapping[str, Reason] = {**ROW_REASONS, **DROP_REASONS}
