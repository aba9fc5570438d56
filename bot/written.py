"""A modal in which one text is written, and what there is to mend in it."""

from typing import Any

from slackblocks import Block, InputBlock, ModalView, PlainText, PlainTextInput

from bot.words import Words


def text_modal(
    say: Words, title: str, send: str, *, subject: Block, asked: InputBlock, carried: tuple[str, str]
) -> dict[str, Any]:
    """Return the modal. send: What its button says. carried: Its `callback_id`, and the text it carries along."""
    callback_id, metadata = carried
    return ModalView(
        title=PlainText(title),
        submit=PlainText(send),
        close=PlainText(say("Back")),
        callback_id=callback_id,
        private_metadata=metadata,
        blocks=[subject, asked],
    ).to_dict()


def text_asked(label: str, hint: str, *, name: str, longest: int) -> InputBlock:
    """Return the block in which it is written. name: The block's id, and the action id of its input."""
    field = PlainTextInput(action_id=name, multiline=True, max_length=longest)
    return InputBlock(PlainText(label), field, block_id=name, hint=PlainText(hint))


def text_mistakes(text: str | None, say: Words, *, name: str, longest: int, empty: str) -> dict[str, str]:
    """Return what to mend, by block id, as Slack shows it; empty when the text is complete."""
    if not (text or "").strip():
        return {name: empty}
    if text and len(text) > longest:
        return {name: say("At most {count} characters.", count=longest)}
    return {}
