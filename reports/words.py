"""What a simulation's page says, in English and Chinese."""

from collections.abc import Mapping
from typing import Literal

Language = Literal["en", "zh"]

_WORDS: Mapping[str, tuple[str, str]] = {
    "title": ("Simulation", "模拟"),
    "against": ("{a} against {b}", "{a} 对比 {b}"),
    "today": ("as it is", "现行版本"),
    "proposed": ("compared with", "对比版本"),
    "cases": ("Cases", "案件"),
    "cases decided by both": ("decided by both", "两版均可判定"),
    "not decided": ("not decided", "未能判定"),
    "bad rows": ("rows that are no cases", "无效行"),
    "paid": ("Paid in all", "支付总额"),
    "change": ("Change", "变化"),
    "asset": ("Asset", "资产"),
    "cases paid": ("Cases paid", "获付案件"),
    "how held": ("What the claims are held to be", "申请的认定"),
    "classification": ("Classification", "认定"),
    "from to": ("What becomes of what", "认定的变化"),
    "winners": ("get more", "获付增加"),
    "losers": ("get less", "获付减少"),
    "same": ("get the same", "不变"),
    "who": ("Who gets more, and who less", "谁增加，谁减少"),
    "more": ("More in all", "增加合计"),
    "less": ("Less in all", "减少合计"),
    "bands": ("How large the changes are", "变化的分布"),
    "band": ("Change of", "变化幅度"),
    "over": ("over {low} to {high}", "{low} 以上至 {high}"),
    "up to": ("up to {high}", "至多 {high}"),
    "count": ("Cases", "案件数"),
    "sum": ("Sum", "合计"),
    "movers": ("Largest changes", "变化最大的案件"),
    "case": ("Case", "案件"),
    "customer": ("Customer", "客户"),
    "by": ("by", "依据"),
    "approvals": ("Approvals", "审批工作量"),
    "people": ("Cases by how many people must agree", "按所需审批人数统计的案件"),
    "people number": ("{n} people", "{n} 人"),
    "one person": ("1 person", "1 人"),
    "nobody": ("nobody", "无需审批"),
    "roles": ("Approvals by role", "各角色的审批数"),
    "role": ("Role", "角色"),
    "budget": ("Budget", "预算"),
    "asked": ("asked for", "申请总额"),
    "cut": ("cases cut", "被削减的案件"),
    "rolling": ("Limits over time", "滚动限额"),
    "rolling said": (
        "{version}: what a customer got before uses up the limit; {changed} cases of {customers} customers changed.",
        "{version}：案件之前窗口期内客户已获付金额计入限额；在 {customers} 位多案件客户中改变了 {changed} 宗案件。",
    ),
    "unpaid": ("nothing from either", "两版均不支付"),
    "two assets": (
        "{n} cases are paid in another asset; they count in neither.",
        "{n} 宗案件以另一资产支付，不计入增减。",
    ),
    "undecided": ("What could not be decided", "未能判定的案件"),
    "why": ("Why", "原因"),
    "listed": ("The first of them", "其中部分"),
    "nothing": ("nothing", "无"),
    "no change": ("No case changes.", "没有案件发生变化。"),
    "made of": ("Worked out from", "依据"),
    "version hash": ("sha256 of the text", "文本 sha256"),
    "valid_claim": ("valid claim", "有效申请"),
    "goodwill": ("goodwill", "关怀补偿"),
    "fraud_review": ("fraud review", "欺诈核查"),
    "ineligible": ("ineligible", "不符合条件"),
    "individual_review": ("individual review", "人工审核"),
}


def said(language: Language) -> Mapping[str, str]:
    """Return every phrase in a language, by its key."""
    return {key: phrases[language == "zh"] for key, phrases in _WORDS.items()}
