"""Why a request on a case was refused, in words for people: what is wrong, and what to do."""

from collections.abc import Mapping

REASONS: Mapping[str, tuple[str, str]] = {
    "no-such-case": ("没有此案件，请核对案件号", "there is no such case: check its id"),
    "unknown-action": ("没有此操作", "there is no such action"),
    "case-changed-meanwhile": (
        "案件在您查看后已有变化，请重新查看后再提交",
        "the case changed after you saw it: look at it again, then ask again",
    ),
    "not-in-this-state": ("案件当前状态不允许此操作", "the case's state does not allow this"),
    "not-the-holder": (
        "案件不由您的部门或辖区办理",
        "your department or area does not hold the case: its holder may hand it over",
    ),
    "not-yours": ("此事项不是向您的部门或辖区提出的", "this was not put to your department or area"),
    "outcome-missing": ("办结须填写结果", "settling needs an outcome"),
    "unknown-outcome": ("没有此办结结果", "there is no such outcome"),
    "already-offered": ("案件已在移交中", "the case is on offer already: take it back first"),
    "not-offered": ("案件不在移交中", "the case is not on offer"),
    "already-there": ("案件已由该部门、该地办理", "that department and place hold the case already"),
    "unknown-place": ("移交地须为本县或本县乡镇代码", "the place must be this county or a town of it"),
    "no-such-town": (
        "移交地在当日的区划表中不存在或已撤销，请用现行乡镇代码",
        "the table of divisions has no such town on that day: name one that is in force",
    ),
    "unknown-department": ("部门不明或仍为原部门", "the department is missing, or is the same again"),
    "no-such-record": ("该记录不属于此不一致", "the discrepancy is not about this record"),
    "field-missing": ("须写明询问的字段", "name the field that is asked about"),
    "no-such-field": (
        "该记录的数据源没有此字段，字段见 hub feeds spec",
        "the record's feed has no such field: `hub feeds spec` lists those it has",
    ),
    "question-missing": ("须写明询问内容（500字以内）", "say what is asked, in 500 characters"),
    "until-not-ahead": ("答复期限须为一年以内的日期", "the day to answer by must lie ahead, within a year"),
    "too-many-requests": ("未答复的询问过多", "too many questions are open: wait for answers"),
    "too-many-entries": ("案件记载过多", "too much is on record of this case"),
    "no-such-request": ("没有此询问", "there is no request of this number"),
    "case-moved-on": ("案件已办结，答复过时", "the case was settled: the answer is stale"),
    "stale-request": ("该询问已被答复或已被新的询问取代", "the request was answered, or a newer one took its place"),
    "not-a-new-version": (
        "更正须指明比所询问版本更新的版本号",
        "a correction points at a later version of the record than the one asked about",
    ),
    "unknown-record-version": ("记录版本号须为数字", "the version of a record is a number"),
    "reason-missing": ("答复无误须说明理由", "say why the record is right as it is"),
    "unknown-answer": ("答复须为 corrected、right 或 not-ours", "an answer is corrected, right or not-ours"),
    "text-missing": ("须填写内容（500字以内）", "say something, in 500 characters"),
}  # fmt: skip
