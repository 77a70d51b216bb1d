"""What CreateItem answers."""

import pytest

from support.ews import envelope

FILE = (
    "<t:FileAttachment><t:Name>a.txt</t:Name><t:IsInline>{}</t:IsInline>"
    "<t:Content>YQ==</t:Content></t:FileAttachment>"
)
ITEM = (
    "<t:ItemAttachment><t:Name>b</t:Name>"
    "<t:Message><t:Subject>b</t:Subject></t:Message></t:ItemAttachment>"
)
ATTACHED, INLINE = FILE.format("false"), FILE.format("true")
WITH_ATTACHMENT = (
    "TUlNRS1WZXJzaW9uOiAxLjAKQ29udGVudC1UeXBlOiBhcHBsaWNhdGlvbi9wZGYKQ29udGVudC1EaXNwb3Np"
    "dGlvbjogYXR0YWNobWVudDsgZmlsZW5hbWU9YS5wZGYKClBERgo="
)


def create(properties, disposition="SaveOnly"):
    return envelope(
        f'<m:CreateItem MessageDisposition="{disposition}"><m:Items>'
        f"<t:Message>{properties}</t:Message></m:Items></m:CreateItem>"
    )


def get_attachments(ids):
    listed = "".join(f'<t:AttachmentId Id="{id}"/>' for id in ids)
    return envelope(
        "<m:GetAttachment><m:AttachmentShape/>"
        f"<m:AttachmentIds>{listed}</m:AttachmentIds></m:GetAttachment>"
    )


@pytest.mark.parametrize("given", [[ATTACHED], [INLINE], [ITEM], [ITEM, ATTACHED, ITEM, INLINE]])
def test_it_tells_the_ids_of_the_attachments_in_their_order(ews, given):
    """Or the EWS Managed API attaches them once more."""
    answer = ews.ask(create(f"<t:Attachments>{''.join(given)}</t:Attachments>"))
    (attachments,) = answer.all("t:Attachments")
    kinds = ["ItemAttachment" if one is ITEM else "FileAttachment" for one in given]
    assert [one.tag.partition("}")[2] for one in attachments] == kinds
    ids = [one.get("Id") for one in answer.all("t:AttachmentId")]
    names = [name.text for name in ews.ask(get_attachments(ids)).all("t:Name")]
    assert names == ["b" if one is ITEM else "a.txt" for one in given]


def test_it_tells_no_ids_of_what_is_within_the_mime_content(ews):
    mime = f"<t:MimeContent>{WITH_ATTACHMENT}</t:MimeContent>"
    assert ews.ask(create(mime)).all("t:Attachments") == []
    both = ews.ask(create(f"{mime}<t:Attachments>{ATTACHED}</t:Attachments>"))
    assert len(both.all("t:AttachmentId")) == 1


def test_it_tells_no_ids_when_there_are_no_attachments(ews):
    answer = ews.ask(create("<t:Subject>x</t:Subject>"))
    assert len(answer.all("t:ItemId")) == 1
    assert answer.all("t:Attachments") == []
