"""Which parts of a message are its body and which are attachments, as mail programs see it."""

from dataclasses import dataclass, field

from ewspush.mail.structure import Part


@dataclass(slots=True)
class Roles:
    """What the parts are for. A part in none of these is blank, or the body in another form."""

    text: Part | None = None
    html: Part | None = None
    calendar: Part | None = None
    attachments: list[Part] = field(default_factory=list)

    @property
    def body(self) -> Part | None:
        """The one that was found first."""
        bodies = [part for part in (self.text, self.html) if part]
        return min(bodies, key=lambda part: part.index, default=None)


def assign(parts: list[Part]) -> Roles:
    """A role for every part.

    The body is the first text/plain or text/html, and what stands for it in the same
    multipart/alternative. Texts that follow it are attachments, as in Exchange, but for blank
    ones, which mail programs write between and after attachments.
    """
    roles = Roles()
    blank = None
    for part in parts:
        if part.is_multipart:
            continue
        if part.is_blank and not part.is_attached and not part.file_name:
            blank = blank or part
        else:
            _assign(roles, part)
    if roles.body is None and blank is not None:
        _assign(roles, blank)
    return roles


def _assign(roles: Roles, part: Part) -> None:
    if part.media_type == "text/calendar" and roles.calendar is None:
        roles.calendar = part
    if _is_text(roles, part):
        roles.text = part
    elif _is_html(roles, part):
        roles.html = part
    elif not _is_another_form_of_the_body(part):
        roles.attachments.append(part)


def _is_text(roles: Roles, part: Part) -> bool:
    is_text = part.media_type == "text/plain" or _is_unknown_text(part)
    return is_text and roles.text is None and _can_be_body(roles, part)


def _is_html(roles: Roles, part: Part) -> bool:
    return part.media_type == "text/html" and roles.html is None and _can_be_body(roles, part)


def _is_unknown_text(part: Part) -> bool:
    # To be shown like text/plain (RFC 2046, 4.1.4); in a multipart there is something better.
    known = ("text/html", "text/calendar")
    return (
        part.parent is None and part.media_type.startswith("text/") and part.media_type not in known
    )


def _can_be_body(roles: Roles, part: Part) -> bool:
    if part.is_attached or (part.position and part.file_name):  # RFC 8621, 4.1.4
        return False
    body = roles.body
    return body is None or (body.alternative is not None and part.alternative is body.alternative)


def _is_another_form_of_the_body(part: Part) -> bool:
    if part.is_attached or not part.media_type.startswith("text/"):
        return False
    if part.media_type == "text/calendar" and part.parameters.octets(b"method"):
        return True  # iMIP (RFC 6047): the message is about it
    is_side = part.parent is not None and part.parent.media_type == "multipart/alternative"
    return is_side and not part.file_name
