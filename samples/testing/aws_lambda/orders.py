"""A push responder as a function of AWS Lambda, behind a function URL or an HTTP API."""

from base64 import b64decode
from typing import Any
from xml.etree import ElementTree

TYPES = "{http://schemas.microsoft.com/exchange/services/2006/types}"
OK = """<?xml version="1.0" encoding="utf-8"?>
<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>
<SendNotificationResult xmlns="http://schemas.microsoft.com/exchange/services/2006/messages">
<SubscriptionStatus>OK</SubscriptionStatus>
</SendNotificationResult></soap:Body></soap:Envelope>"""

new_mail: list[str] = []  # in the place of a table of DynamoDB


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001
    body = b64decode(event["body"]) if event["isBase64Encoded"] else event["body"]
    for told in ElementTree.fromstring(body).iter(f"{TYPES}NewMailEvent"):
        item_id = told.find(f"{TYPES}ItemId").attrib["Id"]
        if item_id not in new_mail:  # an event comes again if an acknowledgement was lost
            new_mail.append(item_id)
    return {"statusCode": 200, "headers": {"Content-Type": "text/xml"}, "body": OK}
