"""The shapes and limits of Block Kit, from Slack's reference of blocks, elements and composition objects.

Field names follow the vendor's published types; lengths and counts follow https://docs.slack.dev/reference/block-kit
(the published types carry none).
"""

from sandbox.slack.checking import (
    Check,
    anything,
    at_least_one,
    between,
    choice,
    exactly_one,
    fields,
    flag,
    items,
    mapping,
    number,
    plain,
    string,
    text,
    typed,
)

ACTION_ID = {"action_id": string(255)}
BLOCK_ID = {"block_id": string(255)}
FOCUS = {"focus_on_load": flag}
URL = string(3000)

CONFIRM = fields(
    {"text": text(300)},
    {"title": plain(100), "confirm": plain(30), "deny": plain(30), "style": choice("primary", "danger")},
)
ACTED = {**ACTION_ID, "confirm": CONFIRM}


def option(texts: Check) -> Check:
    """Return a check for one option of a select, radio group, checkbox group or overflow menu."""
    return fields({"text": texts, "value": string(150)}, {"description": text(75), "url": URL})


PLAIN_OPTION = option(plain(75))
RICH_OPTION = option(text(75))
OPTIONS = items(PLAIN_OPTION, 100)
OPTION_GROUPS = items(fields({"label": plain(75), "options": OPTIONS}), 100)
FILTER = fields({}, {"include": anything, "exclude_external_shared_channels": flag, "exclude_bot_users": flag})
DISPATCH = fields({}, {"trigger_actions_on": items(choice("on_enter_pressed", "on_character_entered"), 2)})
CHOSEN_IDS = items(string(255), 100, least=0)


def select(extra: dict[str, Check]) -> Check:
    """Return a check for a select menu with what all of them share and these fields."""
    return fields({}, {**ACTED, **FOCUS, "placeholder": plain(150), **extra})


def many(extra: dict[str, Check]) -> Check:
    """Return a check for a multi-select menu."""
    return select({**extra, "max_selected_items": between(1, 100)})


SELECTS: dict[str, Check] = {
    "static_select": exactly_one(
        ("options", "option_groups"),
        select({"options": OPTIONS, "option_groups": OPTION_GROUPS, "initial_option": PLAIN_OPTION}),
    ),
    "external_select": select({"initial_option": PLAIN_OPTION, "min_query_length": between(0, 3000)}),
    "users_select": select({"initial_user": string(255)}),
    "conversations_select": select(
        {
            "initial_conversation": string(255),
            "default_to_current_conversation": flag,
            "response_url_enabled": flag,
            "filter": FILTER,
        }
    ),
    "channels_select": select({"initial_channel": string(255), "response_url_enabled": flag}),
    "multi_static_select": exactly_one(
        ("options", "option_groups"),
        many({"options": OPTIONS, "option_groups": OPTION_GROUPS, "initial_options": OPTIONS}),
    ),
    "multi_external_select": many({"initial_options": OPTIONS, "min_query_length": between(0, 3000)}),
    "multi_users_select": many({"initial_users": CHOSEN_IDS}),
    "multi_conversations_select": many(
        {"initial_conversations": CHOSEN_IDS, "default_to_current_conversation": flag, "filter": FILTER}
    ),
    "multi_channels_select": many({"initial_channels": CHOSEN_IDS}),
}

PICKERS: dict[str, Check] = {
    "datepicker": select({"initial_date": string(10)}),
    "timepicker": select({"initial_time": string(5), "timezone": string(255)}),
    "datetimepicker": fields({}, {**ACTED, **FOCUS, "initial_date_time": number}),
}

CHOICES: dict[str, Check] = {
    "radio_buttons": fields({"options": items(RICH_OPTION, 10)}, {**ACTED, **FOCUS, "initial_option": RICH_OPTION}),
    "checkboxes": fields(
        {"options": items(RICH_OPTION, 10)}, {**ACTED, **FOCUS, "initial_options": items(RICH_OPTION, 10)}
    ),
}

BUTTONS: dict[str, Check] = {
    "button": fields(
        {"text": plain(75)},
        {
            **ACTED,
            "url": URL,
            "value": string(2000, least=0),
            "style": choice("primary", "danger"),
            "accessibility_label": string(75),
        },
    ),
    "overflow": fields({"options": items(PLAIN_OPTION, 5)}, ACTED),
    "workflow_button": fields(
        {"text": plain(75), "workflow": mapping},
        {**ACTED, "style": choice("primary", "danger"), "accessibility_label": string(75)},
    ),
}

TEXT_INPUT = {**ACTION_ID, **FOCUS, "dispatch_action_config": DISPATCH, "placeholder": plain(150)}
INPUTS: dict[str, Check] = {
    "plain_text_input": fields(
        {},
        {
            **TEXT_INPUT,
            "initial_value": string(3000, least=0),
            "multiline": flag,
            "min_length": between(0, 3000),
            "max_length": between(1, 3000),
        },
    ),
    "email_text_input": fields({}, {**TEXT_INPUT, "initial_value": string(3000, least=0)}),
    "url_text_input": fields({}, {**TEXT_INPUT, "initial_value": string(3000, least=0)}),
    "number_input": fields(
        {"is_decimal_allowed": flag},
        {**TEXT_INPUT, "initial_value": string(255), "min_value": string(255), "max_value": string(255)},
    ),
    "rich_text_input": fields({}, {**TEXT_INPUT, "initial_value": mapping}),
    "file_input": fields({}, {**ACTION_ID, "filetypes": anything, "max_files": between(1, 10)}),
}

IMAGE = exactly_one(
    ("image_url", "slack_file"),
    fields({"alt_text": string(2000)}, {"image_url": URL, "slack_file": mapping}),
)
ACTION_ELEMENTS = {
    **BUTTONS,
    **SELECTS,
    **PICKERS,
    **CHOICES,
    "rich_text_input": INPUTS["rich_text_input"],
}
ACCESSORIES = {**BUTTONS, **SELECTS, **PICKERS, **CHOICES, "image": IMAGE}
INPUT_ELEMENTS = {**SELECTS, **PICKERS, **CHOICES, **INPUTS}

STYLE = {"style": mapping}
RICH_ELEMENTS = typed(
    {
        "text": fields({"text": string(40_000)}, STYLE),
        "link": fields({"url": URL}, {**STYLE, "text": string(40_000), "unsafe": flag}),
        "emoji": fields({"name": string(255)}, {**STYLE, "unicode": string(255), "url": URL, "skin_tone": number}),
        "user": fields({"user_id": string(255)}, STYLE),
        "usergroup": fields({"usergroup_id": string(255)}, STYLE),
        "channel": fields({"channel_id": string(255)}, STYLE),
        "team": fields({"team_id": string(255)}, STYLE),
        "broadcast": fields({"range": choice("here", "channel", "everyone")}, STYLE),
        "color": fields({"value": string(255)}, STYLE),
        "date": fields({"timestamp": number, "format": string(255)}, {**STYLE, "url": URL, "fallback": string(255)}),
    }
)
RICH_RUN = items(RICH_ELEMENTS, 1000, least=0)
RICH_SECTION = fields({"elements": RICH_RUN})
RICH_PARTS = typed(
    {
        "rich_text_section": RICH_SECTION,
        "rich_text_list": fields(
            {"elements": items(typed({"rich_text_section": RICH_SECTION}), 1000), "style": choice("bullet", "ordered")},
            {"indent": between(0, 8), "offset": between(0, 10_000), "border": between(0, 1)},
        ),
        "rich_text_quote": fields({"elements": RICH_RUN}, {"border": between(0, 1)}),
        "rich_text_preformatted": fields({"elements": RICH_RUN}, {"border": between(0, 1), "language": string(255)}),
    }
)

# These newest blocks are known by name; their inside is passed as given.
NEWEST = ("alert", "card", "carousel", "container", "data_table", "plan", "task_card")

BLOCKS: dict[str, Check] = {
    "section": at_least_one(
        ("text", "fields"),
        fields(
            {},
            {
                **BLOCK_ID,
                "text": text(3000),
                "fields": items(text(2000), 10),
                "accessory": typed(ACCESSORIES),
                "expand": flag,
            },
        ),
    ),
    "header": fields({"text": plain(150)}, {**BLOCK_ID, "level": between(1, 6)}),
    "divider": fields({}, BLOCK_ID),
    "context": fields(
        {
            "elements": items(
                typed({"image": IMAGE, "plain_text": plain(3000), "mrkdwn": text(3000, kinds=("mrkdwn",))}), 10
            )
        },
        BLOCK_ID,
    ),
    "actions": fields({"elements": items(typed(ACTION_ELEMENTS), 25)}, BLOCK_ID),
    "input": fields(
        {"label": plain(2000), "element": typed(INPUT_ELEMENTS)},
        {**BLOCK_ID, "dispatch_action": flag, "hint": plain(2000), "optional": flag},
    ),
    "image": exactly_one(
        ("image_url", "slack_file"),
        fields({"alt_text": string(2000)}, {**BLOCK_ID, "image_url": URL, "slack_file": mapping, "title": plain(2000)}),
    ),
    "rich_text": fields({"elements": items(RICH_PARTS, 1000)}, BLOCK_ID),
    "markdown": fields({"text": string(12_000)}, BLOCK_ID),
    "video": fields(
        {"alt_text": string(2000), "title": plain(200), "thumbnail_url": URL, "video_url": URL},
        {
            **BLOCK_ID,
            "title_url": URL,
            "description": plain(200),
            "provider_icon_url": URL,
            "provider_name": string(50),
            "author_name": string(50),
        },
    ),
    "file": fields({"external_id": string(255), "source": choice("remote")}, BLOCK_ID),
    "table": fields({"rows": items(anything, 100)}, {**BLOCK_ID, "column_settings": items(anything, 20)}),
    "context_actions": fields({"elements": items(mapping, 5)}, BLOCK_ID),
    **dict.fromkeys(NEWEST, mapping),
}

VIEW_SHARED = {
    "blocks": anything,
    "private_metadata": string(3000, least=0),
    "callback_id": string(255, least=0),
    "external_id": string(255, least=0),
}
VIEWS: dict[str, Check] = {
    "modal": fields(
        {"title": plain(24), "blocks": anything},
        {
            **VIEW_SHARED,
            "submit": plain(24),
            "close": plain(24),
            "clear_on_close": flag,
            "notify_on_close": flag,
        },
    ),
    "home": fields({"blocks": anything}, VIEW_SHARED),
}
