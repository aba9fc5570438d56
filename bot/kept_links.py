"""The bot's port to questions about links, over our database."""

from dataclasses import dataclass

from bot.links import LinkContent
from store import links, tickets
from workflow.desk import Desk


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptLinks:
    """Questions as Slack shows them, in the link_questions table."""

    desk: Desk

    def content(self, question_id: int) -> LinkContent | None:
        """Return what a question shows; None when there is none."""
        with self.desk.database.read() as connection:
            question = links.find(connection, question_id)
            if question is None:
                return None
            ref = tickets.parsed(question.ref)
            mirrored = tickets.find(connection, ref)
            about = self.desk.cases.find(connection, question.case_id).case.about
        name = mirrored.ticket.name if mirrored is not None else ""
        return LinkContent(
            question=question,
            ticket=f"{ref.vendor} {name or ref.key}",
            url=self.desk.case_url(question.case_id),
            topic=about.topic,
            customer_id=about.customer_id,
        )
