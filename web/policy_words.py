"""What the page of a policy's version says beside the policy itself, in English and Chinese."""

from collections.abc import Mapping

_WORDS: Mapping[str, tuple[str, str]] = {
    "release": ("Its release", "发布状态"),
    "changes": ("What it changes", "有何变化"),
    "analysis": ("What the analysis found", "分析结果"),
    "history": ("History of this policy", "本规则的历史"),
    "scroll": ("scrolls sideways", "可左右滚动"),
    "submitted": ("Waits for its release", "等待发布"),
    "released": ("Released", "已发布"),
    "rejected": ("Sent back to its author", "已退回作者"),
    "withdrawn": ("Withdrawn: it decides nothing any more", "已撤回，不再用于判定"),
    "decides now": ("Decides now", "现行有效"),
    "starts later": ("Released, decides from its start on", "已发布，自生效时间起使用"),
    "has ended": ("Released, and followed by another version", "已发布，现已由其他版本接替"),
    "author": ("Written by", "作者"),
    "said by": ("Decided by", "决定人"),
    "why": ("Why", "原因"),
    "decides": ("Decides", "适用时间"),
    "open": ("until another version starts", "直至下一版本生效"),
    "follows": ("Follows", "接替版本"),
    "nothing before": ("nothing: it is the first version of this policy", "无：这是该规则的第一个版本"),
    "text": ("Text", "文本"),
    "to release": ("To release it", "如何发布"),
    "to release said": (
        "Press Release on its card in Slack, or type:",
        "在 Slack 卡片上点击“发布”，或运行：",
    ),
    "by somebody else": (
        "Somebody other than its author, with the role {role}.",
        "须由作者以外、具有 {role} 角色的人员发布。",
    ),
    "compared with": ("Compared with {version}.", "与 {version} 比较。"),
    "first": (
        "It is the first version of this policy: there is nothing to compare it with.",
        "这是该规则的第一个版本，没有可比较的版本。",
    ),
    "not understood": (
        "This Makewhole does not understand the text any more: {problem}",
        "当前版本的 Makewhole 无法理解该文本：{problem}",
    ),
    "waived": ("Found, and waived by its author", "已发现，作者说明理由后豁免"),
    "notes": ("Worth a look; nothing is asked", "值得留意，无需处理"),
    "found nothing": (
        "Nothing: no gap, no line that never fits, no limit that never binds, no cell without enough people.",
        "未发现问题：没有遗漏、无法触达的规则、永不生效的限额或审批人不足的情形。",
    ),
    "where": ("Where", "位置"),
    "what": ("What", "内容"),
    "why so": ("Why it is right so", "豁免理由"),
    "number": ("#", "序号"),
    "when": ("When", "时间"),
    "who": ("Who", "人员"),
    "details": ("Details", "详情"),
    "sealed": (
        "Each record is sealed to the one before; makewhole audit verify checks the seals.",
        "每条记录均与前一条封印相连；makewhole audit verify 可核验。",
    ),
    "other language": ("中文", "English"),
    "replaced": ("Another text was submitted", "已提交另一份文本"),
    "replaced said": (
        "The text {text} of {version} is not kept: another one was submitted in its place. Its card leads to it.",
        "{version} 的文本 {text} 已不再保留：作者提交了另一份文本，请从新卡片打开。",
    ),
}


def words_in(language: str) -> Mapping[str, str]:
    """Return every phrase in a language, "en" or "zh", by its key."""
    return {key: phrases[language == "zh"] for key, phrases in _WORDS.items()}
