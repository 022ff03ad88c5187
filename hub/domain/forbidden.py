"""What the hub refuses to hold, by name: the line this project does not cross.

A contract that asks for such a field is refused; a column with such a name
never leaves its source. False friends, in which a forbidden word stands by
chance, are listed beside it; where a name is in doubt it is refused.
"""

import re
import unicodedata

FORBIDDEN: dict[str, tuple[str, ...]] = {
    "contraception": (
        "避孕", "节育", "節育", "上环", "取环", "放环", "宫内环", "皮埋", "药具", "安全套发放", "计生用品", "biyun", "jieyu", "shanghuan", "quhuan",
        "pimai", "byff", "byyj", "contracepti", "birth_control", "intrauterine", "condom", "the_pill", "coil_insert", "depo_provera",
    ),
    "pregnancy status": (
        "孕情", "孕检", "孕产", "妊娠", "怀孕", "懷孕", "孕周", "孕妇", "孕婦", "早孕", "孕期", "停经", "末次月经", "月经", "预产期", "預產期", "产检", "产前检查",
        "不孕", "宫内孕", "胎心", "yunqing", "yunjian", "huaiyun", "renshen", "yunzhou", "yunfu", "yuchanqi", "yujing", "moci_yuejing", "yuejing",
        "chanjian", "pregnan", "gravid", "gestation", "antenatal", "prenatal", "maternity_due", "due_date_of_birth", "expected_delivery", "menstru",
        "menses", "last_period", "conception_date", "infertil", "trimester", "ovulation",
    ),
    "sterilisation": (
        "结扎", "結扎", "結紮", "结紮", "绝育", "絕育", "输精管", "输卵管", "四术", "jieza", "jueyu", "shujingguan", "shuluanguan", "sishu_",
        "sterili", "vasectom", "tubal", "tubes_tied", "hysterectom",
    ),
    "abortion": (
        "流产", "流產", "引产", "引產", "人流", "药流", "清宫", "刮宫", "终止妊娠", "堕胎", "墮胎", "死产", "liuchan", "yinchan", "renliu", "yaoliu", "duotai",
        "abortion", "aborted", "miscarr", "termination_of_preg", "pregnancy_terminat", "stillbirth_count",
    ),
    "birth permits": (
        "准生", "準生", "生育证", "生育證", "生育服务证", "生育服务登记", "生育指标", "生育审批", "再生育", "生育许可", "二孩审批", "二胎审批", "独生子女", "一孩证",
        "zhunsheng", "shengyuzheng", "shengyu_fuwu", "shengyu_zhibiao", "zaishengyu", "shengyu_shenpi", "dusheng", "birth_permit", "birth_quota",
        "birth_licen", "permission_to_give_birth", "childbearing_permit", "reproduction_permit", "one_child", "only_child_cert", "second_child_app",
    ),
    "parity": (
        "胎次", "孕次", "产次", "孩次", "政策内", "政策外", "计划内", "计划外", "计划生育", "計劃生育", "计生", "計生", "超生", "生育史", "生育状况", "生育情况",
        "生育次数", "婚育", "hunyu", "子女数", "子女个数", "现有子女", "存活子女", "已育", "未育", "生育意愿", "二孩", "三孩", "二胎", "三胎", "taici", "yunci", "chanci", "haici",
        "zhengcenei", "zhengcewai", "jihuanei", "jihuawai", "chaosheng", "jihuashengyu", "jisheng", "zinvshu", "zinushu", "shengyushi",
        "shengyu_zhuangkuang", "erhai", "sanhai", "parity", "family_planning", "number_of_children", "num_children", "children_ever_born",
        "live_births_count", "previous_births", "obstetric_history", "out_of_plan", "over_quota", "excess_birth", "childbearing_intent",
        "fertility_intent", "reproductive_history",
    ),
    "fines": (
        "社会抚养费", "社會撫養費", "抚养费", "罚款", "罰款", "罚金", "处罚金额", "征收决定", "shehuifuyang", "fuyangfei", "fakuan", "fajin", "social_maintenance",
        "social_compensation", "social_support_fee", "fine_amount", "fine_paid", "penalty", "penalties",
    ),
    "ethnicity": ("民族", "族别", "族別", "minzu", "ethnic", "nationality_group"),
    "religion": ("宗教", "信仰", "zongjiao", "xinyang", "religio"),
    "wages": ("工资", "工資", "薪", "收入", "缴费基数", "gongzi", "wage", "salary", "income"),
}  # fmt: skip
# Too short to be looked for inside other words: they count only as a word of their own.
ALONE = {
    "race": "ethnicity", "mz": "ethnicity", "mzdm": "ethnicity", "mzmc": "ethnicity", "iud": "contraception", "iucd": "contraception",
    "ocp": "contraception", "byff": "contraception", "fine": "fines", "fines": "fines", "lmp": "pregnancy status", "edd": "pregnancy status",
    "edc": "pregnancy status", "ga": "pregnancy status", "hcg": "pregnancy status", "yq": "pregnancy status", "yz": "pregnancy status",
    "gpal": "parity", "tpal": "parity", "tc": "parity", "hc": "parity", "jsxx": "parity", "jhsy": "parity", "ceb": "parity", "zns": "parity",
    "zsz": "birth permits", "szfyf": "fines", "shfyf": "fines", "btl": "sterilisation", "top": "abortion", "mtp": "abortion",
}  # fmt: skip
# A cell that says exactly this says what the hub does not hold, whatever stands above it.
VALUES = frozenset((
    "上环", "取环", "放环", "已上环", "宫内节育器", "皮下埋植", "皮埋", "结扎", "已结扎", "男扎", "女扎", "男性结扎", "女性结扎", "绝育", "口服避孕药", "避孕药", "避孕针",
    "避孕套", "安全套", "外用药", "药具", "未避孕", "避孕", "怀孕", "已怀孕", "未怀孕", "现孕", "孕妇", "早孕", "计划外怀孕", "待孕", "不孕", "流产", "人流", "药流", "引产",
    "自然流产", "人工流产", "清宫", "准生", "已领准生证", "政策内", "政策外", "计划内", "计划外", "超生", "计划内生育", "计划外生育", "政策内生育", "政策外生育",
    "二孩", "三孩", "多孩", "一孩", "独生子女", "已征收社会抚养费", "pregnant", "not pregnant", "iud", "iud inserted", "sterilised", "sterilized",
    "vasectomy", "tubal ligation", "oral contraceptive", "condom", "abortion", "miscarriage", "in plan", "out of plan", "unplanned birth",
))  # fmt: skip
ALLOWED = frozenset(("birth_order", "plurality", "多胞胎", "经营收入类别"))
FALSE_FRIENDS = re.compile("|".join((
    "环境", "环卫", "环保", "环节", "环路", "上环[线道镇乡村区]", "物流", "[一主潮]流产", "河流产", "引产业", "人流[入出动量]", "标准", "准生效", "收入院", "新生儿",
    "预产品", "生产次序", "[特资房财]产次", "子女数据", "[统会设审]计生", "计划外包", "政策外部",
    "ren_?shen_?fen", "renshen_?baoxian", "sewage", "disparity", "incomer", "tong_?ji_?sheng", "kuai_?ji_?sheng", "she_?ji_?sheng",
)))  # fmt: skip
SEPARATORS = re.compile(r"[\W_]+")
WORDS = re.compile("[a-z]+")
HUMP = re.compile("(?<=[a-z])(?=[A-Z])")


def refuse(name: str) -> str | None:
    """Why a column of this name is not held; None if it may be."""
    plain = unicodedata.normalize("NFKC", HUMP.sub("_", name)).casefold()
    # Zero-width characters would hide a word from the eye of the list, not from a reader's.
    plain = "".join(c for c in plain if unicodedata.category(c) != "Cf")
    plain = SEPARATORS.sub("_", plain).strip("_")
    if plain in ALLOWED:
        return None
    plain = FALSE_FRIENDS.sub("~", plain)
    squeezed = plain.replace("_", "")
    for concept, words in FORBIDDEN.items():
        if any(word in plain or word.replace("_", "") in squeezed for word in words):
            return concept
    return next((ALONE[word] for word in WORDS.findall(plain) if word in ALONE), None)


def refuse_value(text: str) -> bool:
    """Whether a cell says nothing but what the hub does not hold."""
    return text in VALUES or text.casefold() in VALUES
