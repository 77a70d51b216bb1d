"""What stands around a server in `ewspush demo`: an application that subscribes, a mail sender."""

import http.client
import smtplib
from base64 import b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from xml.sax.saxutils import escape

from ewspush.settings import Address
from ewspush.wire import xml
from ewspush.wire.namespaces import MESSAGES, SOAP, TYPES

PATH = "/EWS/Exchange.asmx"
_TIMEOUT_S = 8.0

_SUBSCRIBE = f"""<?xml version="1.0" encoding="utf-8"?>
<soap:Envelope xmlns:soap="{SOAP}" xmlns:t="{TYPES}">
  <soap:Body>
    <m:Subscribe xmlns:m="{MESSAGES}">
      <m:PushSubscriptionRequest>
        <t:FolderIds><t:DistinguishedFolderId Id="inbox"/></t:FolderIds>
        <t:EventTypes>
          <t:EventType>NewMailEvent</t:EventType>
          <t:EventType>CreatedEvent</t:EventType>
          <t:EventType>ModifiedEvent</t:EventType>
        </t:EventTypes>
        <t:StatusFrequency>1</t:StatusFrequency>
        <t:URL>%s</t:URL>
      </m:PushSubscriptionRequest>
    </m:Subscribe>
  </soap:Body>
</soap:Envelope>
"""


class NotSubscribed(Exception):
    """Subscribe was refused, or its answer could not be read. `str()` says how."""


@dataclass(frozen=True, slots=True)
class Subscribed:
    """What SubscribeResponse says."""

    id: str
    watermark: str


def subscribe_request(url: str) -> str:
    """A Subscribe envelope for new mail in the Inbox, to be told to `url`."""
    return _SUBSCRIBE % escape(url)


def subscribe(server: Address, mailbox: str, password: str, url: str) -> Subscribed:
    """Subscribe over SOAP. Raises NotSubscribed or OSError."""
    connection = http.client.HTTPConnection(server.host, server.port, timeout=_TIMEOUT_S)
    credentials = b64encode(f"{mailbox}:{password}".encode()).decode()
    headers = {"Content-Type": "text/xml; charset=utf-8", "Authorization": f"Basic {credentials}"}
    try:
        connection.request("POST", PATH, subscribe_request(url), headers)
        answer = connection.getresponse()
        root = xml.parse(answer.read())
    except (http.client.HTTPException, xml.Unreadable) as error:
        raise NotSubscribed(f"Subscribe got no answer in SOAP: {error}") from None
    finally:
        connection.close()
    id = root.findtext(f".//{{{MESSAGES}}}SubscriptionId")
    watermark = root.findtext(f".//{{{MESSAGES}}}Watermark")
    if not id or not watermark:
        code = root.findtext(f".//{{{MESSAGES}}}ResponseCode") or root.findtext(".//faultstring")
        raise NotSubscribed(f"Subscribe was answered with HTTP {answer.status}: {code}")
    return Subscribed(id, watermark)


def deliver(server: Address, mailbox: str, subject: str) -> None:
    """Hand over a message by LMTP; return when it was accepted.

    Raises OSError, of which smtplib's exceptions are.
    """
    message = EmailMessage()
    message["From"] = "Shop <orders@example.com>"
    message["To"] = mailbox
    message["Date"] = format_datetime(datetime.now(UTC))
    message["Message-ID"] = make_msgid(domain="example.com")
    message["Subject"] = subject
    message.set_content(f"{subject}.\n\nA message of the ewspush demo.\n")
    with smtplib.LMTP(server.host, server.port, "localhost", timeout=_TIMEOUT_S) as lmtp:
        lmtp.send_message(message)
