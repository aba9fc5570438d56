"""Slack's text on a web page: mrkdwn with its tokens, rich text, emoji; everything a customer wrote stays text."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from markupsafe import Markup, escape

from sandbox.slack.records import Json, User
from sandbox.slack.workspace import Workspace

TOKEN = re.compile(r"<([^<>\n]+)>")
FENCE = re.compile(r"```(.+?)```|`([^`\n]+)`", re.DOTALL)
PLACE = re.compile("\x00(\\d+)\x00")
EMOJI_NAME = re.compile(r":([a-z0-9_+\-]+):")
INLINE = (
    (re.compile(r"(?<![\w*])\*(?=\S)([^*\n]+?)(?<=\S)\*(?![\w*])"), "b"),
    (re.compile(r"(?<![\w_])_(?=\S)([^_\n]+?)(?<=\S)_(?![\w_])"), "i"),
    (re.compile(r"(?<![\w~])~(?=\S)([^~\n]+?)(?<=\S)~(?![\w~])"), "s"),
)
QUOTE = re.compile(r"^&gt; ?(.*)$", re.MULTILINE)
SAFE_LINK = ("http://", "https://", "mailto:")
WIDE = {"here": "@here", "channel": "@channel", "everyone": "@everyone"}
EMOJI = {
    "+1": "👍", "thumbsup": "👍", "-1": "👎", "alarm_clock": "⏰", "bell": "🔔", "eyes": "👀",
    "hourglass": "⌛", "hourglass_flowing_sand": "⏳", "heavy_check_mark": "✔️", "information_source": "ℹ️",
    "link": "🔗", "lock": "🔒", "mag": "🔍", "memo": "📝", "moneybag": "💰", "no_entry": "⛔",
    "no_entry_sign": "🚫", "question": "❓", "rotating_light": "🚨", "speech_balloon": "💬", "tada": "🎉",
    "leftwards_arrow_with_hook": "↩️", "scroll": "📜", "wave": "👋", "warning": "⚠️", "white_check_mark": "✅", "x": "❌",
}  # fmt: skip


class Rendering:
    """Writes texts for one reader: names for ids, times in the reader's zone."""

    def __init__(self, workspace: Workspace, reader: User) -> None:
        self.workspace = workspace
        self.zone = ZoneInfo("Asia/Shanghai" if reader.locale.startswith("zh") else "Europe/Berlin")
        self.now = datetime.fromtimestamp(workspace.clock(), tz=UTC).astimezone(self.zone)

    def text(self, given: Json | None) -> Markup:
        """Return a text object as HTML; nothing for None."""
        if not given:
            return Markup("")
        if given["type"] == "mrkdwn":
            return self.mrkdwn(given["text"])
        return _lines(Markup(_with_emoji(escape(given["text"]))))  # noqa: S704  # Emoji put into escaped text.

    def mrkdwn(self, words: str) -> Markup:
        """Return Slack's markup as HTML: bold, italic, strike, code, quotes, links, mentions, dates, emoji."""
        kept: list[Markup] = []

        def keep(html: Markup) -> str:
            kept.append(html)
            return f"\x00{len(kept) - 1}\x00"

        text = words.replace("\x00", "")
        text = FENCE.sub(lambda found: keep(_code(found)), text)
        text = TOKEN.sub(lambda found: keep(self._token(found[1])), text)
        html = str(escape(_unescape(text)))
        for pattern, tag in INLINE:
            html = pattern.sub(rf"<{tag}>\1</{tag}>", html)
        html = QUOTE.sub(r"<q>\1</q>", _with_emoji(html))
        lines = str(_lines(Markup(html)))  # noqa: S704  # Escaped above; only the tags of INLINE were added.
        return Markup(PLACE.sub(lambda found: str(kept[int(found[1])]), lines))  # noqa: S704  # As above.

    def rich_text(self, block: Json) -> Markup:
        """Return a rich_text block as HTML."""
        return Markup("").join(self._rich_part(part) for part in block["elements"])

    def moment(self, ts: str) -> str:
        """Return when a message was written: "14:05", with the day before it when it was not today."""
        at = datetime.fromtimestamp(float(ts), tz=UTC).astimezone(self.zone)
        return f"{at:%H:%M}" if at.date() == self.now.date() else f"{at:%d %b %H:%M}"

    def name(self, user_id: str) -> str:
        """Return a person's name, or the id when nobody has it."""
        user = self.workspace.users.get(user_id)
        return user.real_name if user else user_id

    def _token(self, inside: str) -> Markup:
        target, _, label = inside.partition("|")
        if target.startswith("@"):
            return _mention(f"@{self.name(target[1:])}")
        if target.startswith("#"):
            channel = self.workspace.channels.get(target[1:])
            return _mention(f"#{channel.name if channel else label or target[1:]}")
        if target.startswith("!"):
            return self._special(target[1:], label)
        if target.startswith(SAFE_LINK):
            return _link(_unescape(target), _unescape(label or target))
        return escape(_unescape(f"<{inside}>"))

    def _special(self, target: str, label: str) -> Markup:
        parts = target.split("^")
        if parts[0] == "date" and len(parts) >= 3 and parts[1].isdigit():  # noqa: PLR2004  # date^ts^format
            shown = escape(self.date(int(parts[1]), parts[2]))
            return _link(parts[3], str(shown)) if len(parts) > 3 else Markup("<time>{}</time>").format(shown)  # noqa: PLR2004
        if parts[0] == "subteam" and len(parts) > 1:
            group = self.workspace.groups.get(parts[1])
            return _mention(f"@{group.handle if group else label or parts[1]}")
        return _mention(WIDE[parts[0]]) if parts[0] in WIDE else escape(_unescape(label or f"<!{target}>"))

    def date(self, seconds: int, form: str) -> str:
        """Return a moment in the form of a date token: "{date_short_pretty} at {time}" -> "today at 2:05 PM"."""
        at = datetime.fromtimestamp(seconds, tz=UTC).astimezone(self.zone)
        clock = f"{at:%I:%M}".lstrip("0")
        half = f"{at:%p}"
        plain: dict[str, Callable[[], str]] = {
            "date_num": lambda: f"{at:%Y-%m-%d}",
            "date": lambda: f"{at:%B} {_ordinal(at.day)}, {at.year}",
            "date_short": lambda: f"{at:%b} {at.day}, {at.year}",
            "date_long": lambda: f"{at:%A, %B} {_ordinal(at.day)}, {at.year}",
            "time": lambda: f"{clock} {half}",
            "time_secs": lambda: f"{clock}:{at:%S} {half}",
            "ago": lambda: _ago(self.now - at),
        }

        def fill(found: re.Match[str]) -> str:
            name = found[1]
            if name.endswith("_pretty"):
                near = _near_day(at, self.now)
                return near or plain.get(name.removesuffix("_pretty"), lambda: found[0])()
            return plain.get(name, lambda: found[0])()

        return re.sub(r"\{(\w+)\}", fill, form)

    def _rich_part(self, part: Json) -> Markup:
        kind = part["type"]
        if kind == "rich_text_list":
            rows = Markup("").join(Markup("<li>{}</li>").format(self._rich_run(one)) for one in part["elements"])
            tag = "ol" if part["style"] == "ordered" else "ul"
            return Markup("<{0}>{1}</{0}>").format(Markup(tag), rows)  # noqa: S704  # One of two words.
        run = self._rich_run(part)
        if kind == "rich_text_preformatted":
            return Markup("<pre>{}</pre>").format(run)
        return Markup("<q>{}</q>" if kind == "rich_text_quote" else "<p>{}</p>").format(run)  # noqa: S704  # Fixed words.

    def _rich_run(self, part: Json) -> Markup:
        return Markup("").join(self._rich_element(one) for one in part["elements"])

    def _rich_element(self, one: Json) -> Markup:
        shown = self._rich_plain(one)
        for style, tag in (("bold", "b"), ("italic", "i"), ("strike", "s"), ("code", "code"), ("underline", "u")):
            if (one.get("style") or {}).get(style):
                shown = Markup("<{0}>{1}</{0}>").format(Markup(tag), shown)  # noqa: S704  # One of five words.
        return shown

    def _rich_plain(self, one: Json) -> Markup:
        writers: dict[str, Callable[[], Markup]] = {
            "text": lambda: _lines(escape(one["text"])),
            "link": lambda: _link(one["url"], one.get("text") or one["url"]),
            "emoji": lambda: escape(EMOJI.get(one["name"], f":{one['name']}:")),
            "user": lambda: _mention(f"@{self.name(one['user_id'])}"),
            "channel": lambda: self._token(f"#{one['channel_id']}"),
            "usergroup": lambda: self._special(f"subteam^{one['usergroup_id']}", ""),
            "broadcast": lambda: _mention(f"@{one['range']}"),
            "date": lambda: escape(self.date(int(one["timestamp"]), one["format"])),
        }
        return writers.get(one["type"], lambda: escape(f"[{one['type']}]"))()


def _code(found: re.Match[str]) -> Markup:
    if found[1] is not None:
        return Markup("<pre>{}</pre>").format(_unescape(found[1]).strip("\n"))
    return Markup("<code>{}</code>").format(_unescape(found[2]))


def _mention(shown: str) -> Markup:
    return Markup('<span class="mention">{}</span>').format(shown)


def _link(url: str, label: str) -> Markup:
    if not url.startswith(SAFE_LINK):
        return escape(label)
    return Markup('<a href="{}" target="_blank" rel="noopener noreferrer">{}</a>').format(url, label)


def _unescape(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _with_emoji(html: str) -> str:
    return EMOJI_NAME.sub(lambda found: EMOJI.get(found[1], found[0]), str(html))


def _lines(html: Markup) -> Markup:
    return html.replace("\n", Markup("<br>"))


def _ordinal(day: int) -> str:
    teens = 10 <= day % 100 <= 20  # noqa: PLR2004  # 11th, 12th, 13th.
    return f"{day}{'th' if teens else {1: 'st', 2: 'nd', 3: 'rd'}.get(day % 10, 'th')}"


def _near_day(at: datetime, now: datetime) -> str:
    days = (at.date() - now.date()).days
    return {0: "today", -1: "yesterday", 1: "tomorrow"}.get(days, "")


def _ago(gap: timedelta) -> str:
    minutes = int(gap.total_seconds() // 60)
    if abs(minutes) < 60:  # noqa: PLR2004  # Minutes of an hour.
        return f"{minutes} minutes ago" if minutes >= 0 else f"in {-minutes} minutes"
    hours = int(minutes / 60)
    return f"{hours} hours ago" if hours >= 0 else f"in {-hours} hours"
