"""Names of columns that the hub refuses, as offices write them, and names that only look like them."""

REFUSED = [
    "",
    "避孕措施 避孕方法 避孕方法代码 避孕起始日期 避孕药具发放 采取避孕措施 节育措施 节育手术 节育日期 節育情況 宫内节育器 上环日期 取环日期 是否上环 放环时间 皮埋日期 药具领取 药具名称 计生用品",
    "避孕套数量 避孕_方式 避 孕 方 法 避孕知情选择 节育证明号 宫内环类型 安全套发放数",
    "孕情 孕情检查 孕情代码 孕检日期 孕检结果 孕产期 妊娠周数 妊娠结局 妊娠次数 是否怀孕 怀孕日期 怀孕周数 懷孕狀態 孕周 孕妇姓名 孕妇 早孕建册 孕期 停经天数 末次月经 末次月经日期 月经周期 预产期 預產期",
    "产检次数 产前检查日期 不孕不育 宫内孕 胎心音 孕产妇编号",
    "结扎 结扎日期 是否结扎 男扎结扎 結扎 結紮日期 绝育手术 絕育 输精管结扎 输卵管结扎 四术登记 结扎医院",
    "流产 流产次数 人工流产 自然流产次数 引产日期 引产原因 人流次数 药流日期 清宫 刮宫术 终止妊娠 堕胎 死产次数 流產史",
    "准生证 准生证号 准生证编号 生育证号 生育證 生育服务证 生育服务证号 生育服务登记号 生育指标 生育审批日期 再生育审批 再生育证 生育许可 二孩审批 独生子女证 独生子女证号 是否独生子女 一孩证",
    "胎次 孕次 产次 孩次 第几孩次 政策内外 政策内生育 政策外生育 计划内外 计划外生育 计划生育 计划生育情况 計劃生育 计生服务 计生专干 计生信息 超生 超生数 生育史 生育状况 生育情况 生育次数 子女数 现有子女 现有子女数",
    "存活子女数 已育子女 是否已育 未育 生育意愿 二孩 三孩标志 二胎 三胎",
    "社会抚养费 社会抚养费金额 社會撫養費 抚养费征收 罚款 罚款金额 罰款 罚金 处罚金额 征收决定书",
    "民族 民族代码 族别 宗教信仰 信仰 工资 月收入 缴费基数 薪酬",
    "biyun biyuncuoshi biyun_fangfa BiYunFangFa BYFF byffdm byff_dm jieyu jieyu_cuoshi shanghuan_riqi quhuan pimai yunqing yunqing_jiancha yunjian huaiyun shifou_huaiyun",
    "sfhuaiyun renshen_zhouqi yunzhou yunfu yuejing mociyuejing chanjian jieza jiezariqi jueyu shujingguan liuchan liuchan_cishu yinchan renliu yaoliu duotai zhunsheng zhunshengzheng",
    "ZhunShengZhengHao shengyuzheng shengyufuwuzheng shengyuzhibiao zaishengyu shengyushenpi dushengzinv taici yunci chanci haici zhengcenei zhengcewai jihuanei jihuawai chaosheng",
    "jihuashengyu jisheng zinvshu shengyushi shengyuzhuangkuang erhai sanhai shehuifuyangfei fuyangfei fakuan fajin minzu zongjiao gongzi",
    "contraception contraceptive_method contraceptiveMethod CONTRACEPTION_START birth_control birthControlMethod intrauterine_device iud iud_date IUD condom_use",
    "pregnant is_pregnant isPregnant pregnancy pregnancy_status pregnancy_week weeks_pregnant gravida gravidity gestational_age gestation_weeks antenatal_visits prenatal_check",
    "expected_delivery_date lmp lmp_date last_menstrual_period menstrual_cycle trimester infertility hcg edd",
    "sterilisation sterilization_date sterilised vasectomy tubal_ligation hysterectomy abortion abortions num_abortions aborted miscarriage miscarriages mtp",
    "birth_permit birthPermitNo birth_quota birth_licence childbearing_permit one_child_certificate onlyChildCert second_child_application",
    "parity parity_no family_planning familyPlanningStatus number_of_children num_children children_ever_born live_births_count previous_births obstetric_history out_of_plan over_quota",
    "excess_births fertility_intention childbearing_intention reproductive_history gpal tpal",
    "social_maintenance_fee social_compensation_fee fine fines fine_amount penalty penalty_paid ethnicity ethnic_group race religion wages salary income",
    "",
]
LOOKALIKES = [
    "",
    "出生日期 出生医学证明编号 出生地代码 新生儿姓名 婚姻登记日期 婚姻状况 户主关系 与户主关系 登记编号 证件号码 环境监测点 环卫所名称 环保局 环节 物流公司 一流产品 主流产业 人流量 人流动向 标准地址 准生效日期 收入院日期",
    "上环路门牌 上环镇代码 内环路地址 统计生成时间 设计生效日 会计生成号 生计类型 子女数据来源 国籍 生产次序 引产业园区 接生单位 接种日期 疫苗名称 监护人姓名 母亲姓名 父亲身份号码 单位名称 参保日期 行业类别 有效期至",
    "birth_order plurality birth_date born_on certificate_no mother_name father_number refined finish definition trace_no tracer sewage_plant disparity_index incomer_no",
    "topic stop_date geographic_area suggestion congestion_zone renshen_fen renshenbaoxian place_code household_no household_relation guardian vaccine_no issued_on started_on",
    "ended_on employer_name registered_on phone email postcode street unit_place shengri chusheng_riqi xingming xingbie jiguan",
    "",
]


def names(lines: list[str]) -> list[str]:
    found = []
    for line in lines:
        words = line.replace("避 孕 方 法", "避\u3000孕\u3000方\u3000法").split(" ")
        found += [word for word in words if word]
    return list(dict.fromkeys(found))


FORBIDDEN_NAMES, LOOKALIKE_NAMES = names(REFUSED), names(LOOKALIKES)
