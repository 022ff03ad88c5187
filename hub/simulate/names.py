"""Names as a county has them: common and rare characters, minority names, homophones."""

from random import Random

FAMILY = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛阎段雷龙黎史陶贺顾毛郝龚邵万钱严覃武戴莫孔向汤".strip()
DOUBLE = ("欧阳", "上官", "司马", "诸葛")
GIVEN_MALE = "伟强磊军勇杰涛超明刚平辉鹏斌波浩宇鑫俊健峰建国志文海龙飞林成东亮云泽昊天晨逸轩博子瑞嘉豪彬凯振荣华祥庆宏达正义德昌春生永福安康旭阳松柏翰墨睿哲"
GIVEN_FEMALE = "芳娜敏静丽艳娟霞秀玲燕红梅婷雪慧莹洁晶琳倩颖露瑶怡欣萍桂英兰凤珍莉蓉薇璐佳琪诗涵梦雨菲语嫣若曦可馨思彤月蕾青黛楚乔素云淑贞巧惠"
RARE = "玥珺懿翀喆祎堃垚犇淼焱燚煊旻昶炅龑㛃㐂"
MINORITY = ("阿依古丽·买买提", "艾山江·吐尔逊", "古丽娜尔·艾力", "才让·扎西", "巴特尔·孟和", "麦迪娜·玉素甫", "努尔兰·哈山", "卓玛·央金")
HOMOPHONES = ("伟玮", "静靖", "丽莉", "军钧", "杰洁", "芳方", "敏闽", "强蔷", "磊蕾", "洋阳", "明铭", "超抄", "平萍", "刚钢", "志至", "文雯", "海亥", "林琳", "红洪", "辉晖", "宇雨", "浩皓", "佳嘉", "欣馨", "怡仪", "婷亭", "雪鳕", "慧惠", "颖影", "玲铃", "英瑛", "华桦", "国帼", "建健", "峰锋", "波玻", "斌彬", "鹏朋", "飞菲", "龙珑")
ALIKE = {c: pair.replace(c, "") for pair in HOMOPHONES for c in pair}
WEIGHTS = [1000 // (index + 6) for index in range(len(FAMILY))]


def family_name(random: Random) -> str:
    """A family name, the common ones often."""
    if random.random() < 0.004:
        return random.choice(DOUBLE)
    return random.choices(FAMILY, WEIGHTS)[0]


def given_name(random: Random, sex: str) -> str:
    """One or two characters, now and then a rare one."""
    pool = GIVEN_MALE if sex == "male" else GIVEN_FEMALE
    count = 1 if random.random() < 0.12 else 2
    chosen = [random.choice(pool) for _ in range(count)]
    if random.random() < 0.02:
        chosen[-1] = random.choice(RARE)
    return "".join(chosen)


def full_name(random: Random, sex: str, family: str = "") -> str:
    """A full name; without a family given, one in a hundred is a minority name."""
    if not family and random.random() < 0.01:
        return random.choice(MINORITY)
    return (family or family_name(random)) + given_name(random, sex)


def misspelt(random: Random, name: str) -> str:
    """The name with one character taken for another that sounds or looks alike."""
    places = [index for index, character in enumerate(name) if index and character in ALIKE]
    if places:
        index = random.choice(places)
        return name[:index] + ALIKE[name[index]] + name[index + 1 :]
    others = [c for c in "晓小明敏文英" if c != name[-1]]
    return name[:-1] + random.choice(others)
