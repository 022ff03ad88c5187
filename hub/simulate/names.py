"""Names as a county has them: common and rare characters, minority names, homophones."""

from random import Random

FAMILY = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛阎段雷龙黎史陶贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
DOUBLE = ("欧阳", "上官", "司马", "诸葛", "皇甫", "尉迟")
GIVEN_MALE = "伟强磊军勇杰涛超明刚平辉鹏斌波浩宇鑫俊健峰建国志文海龙飞林成东亮云泽昊天晨逸轩博子瑞嘉豪彬凯振荣华祥庆宏达正义德昌春永福安康旭阳松柏翰墨睿哲"
GIVEN_FEMALE = "芳娜敏静丽艳娟霞秀玲燕红梅婷雪慧莹洁晶琳倩颖露瑶怡欣萍桂英兰凤珍莉蓉薇璐佳琪诗涵梦雨菲语嫣若曦可馨思彤月蕾青黛楚乔素云淑贞巧惠"
RARE = "玥珺懿翀喆祎堃垚犇淼焱燚煊旻昶炅龑㛃㐂"
MINORITY = {
    "male": ("艾山江", "努尔兰", "巴特尔", "才让", "阿不都", "吐尔逊", "扎西", "苏合"),
    "female": ("阿依古丽", "古丽娜尔", "麦迪娜", "卓玛", "热依汗", "其其格", "央金", "萨仁"),
}
MINORITY_FATHERS = ("买买提", "吐尔逊", "艾力", "孟和", "玉素甫", "哈山", "多吉", "巴雅尔", "热合曼", "尼亚孜")
HOMOPHONES = "伟玮炜 静靖敬 丽莉 军钧君 杰洁捷 芳方 敏闽 强蔷 磊蕾 阳洋扬 明铭鸣 超抄 平萍 刚钢 志智至 文雯 海亥 林琳 红洪宏鸿 辉晖 慧惠 宇雨语 浩皓昊 佳嘉家 欣馨鑫 怡仪宜 婷亭庭 雪鳕 颖影 玲灵 英瑛 华桦 国帼 建健 峰锋丰 波玻 斌彬宾 鹏朋 飞菲霏 龙珑 涛韬 勇永咏 艳燕彦 娟鹃 霞遐 秀绣 梅玫 晨辰 泽择 轩萱 瑞蕊 凯恺 振震 荣蓉 祥翔 正政 义艺毅 春椿 翰涵 睿锐 倩茜 露璐 瑶遥 桂贵 兰岚 珍贞 薇微 琪琦 梦孟 嫣焉 曦希 思丝 彤童 月悦 青清 乔桥 云芸 淑姝 东冬 成诚 逸奕 子紫 福富 康慷 旭绪 俊骏 松嵩 哲折"
VARIANTS = "峰峯 杰傑 国囯 华華 丽麗 龙龍 飞飛 云雲 凤鳳 东東 强強 刚剛 艳艷 兰蘭 莹瑩 蕾藟 涛濤 达達 义義 庆慶 颖穎 荣榮 辉輝 宁寧 焱炎 燚焱 喆哲 堃坤 淼渺 翀种 玥钥 祎袆 昶昹 旻昱 犇奔 垚尧 煊暄 珺君 诗詩 语語 静靜 晓曉 泽澤 伟偉 军軍"
WEIGHTS = [1000 // (index + 6) for index in range(len(FAMILY))]


def _others(table: str) -> dict[str, str]:
    """Character to those it is taken for; the first group that holds it counts."""
    found: dict[str, str] = {}
    for group in table.split():
        for character in group:
            found.setdefault(character, group.replace(character, ""))
    return found


SOUND_ALIKE = _others(HOMOPHONES)
LOOK_ALIKE = _others(VARIANTS)


def family_name(random: Random) -> str:
    """A family name, the common ones often."""
    if random.random() < 0.004:
        return random.choice(DOUBLE)
    return random.choices(FAMILY, WEIGHTS)[0]


def family_of(name: str) -> str:
    """The family name within a full name; nothing in a minority name, which has none."""
    if "·" in name:
        return ""
    return name[:2] if name[:2] in DOUBLE else name[:1]


def given_name(random: Random, sex: str) -> str:
    """One or two characters, now and then a rare one."""
    pool = GIVEN_MALE if sex == "male" else GIVEN_FEMALE
    count = 1 if random.random() < 0.12 else 2
    chosen = [random.choice(pool) for _ in range(count)]
    if random.random() < 0.02:
        chosen[-1] = random.choice(RARE)
    return "".join(chosen)


def minority_name(random: Random, sex: str) -> str:
    """A name of two parts with a dot between them."""
    return f"{random.choice(MINORITY[sex])}·{random.choice(MINORITY_FATHERS)}"


def full_name(random: Random, sex: str, family: str) -> str:
    """A full name; without a family name, a minority name."""
    return family + given_name(random, sex) if family else minority_name(random, sex)


def some_family(random: Random) -> str:
    """A family name, or none for one household in a hundred."""
    return "" if random.random() < 0.01 else family_name(random)


def mistaken(random: Random, name: str, table: dict[str, str]) -> str | None:
    """The name with one given character taken for another of the table; None where none can be."""
    start = len(family_of(name))
    places = [index for index in range(start, len(name)) if name[index] in table]
    if not places:
        return None
    index = random.choice(places)
    return name[:index] + random.choice(table[name[index]]) + name[index + 1 :]
