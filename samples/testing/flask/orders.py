"""A push responder in Flask: it notes what new mail there is."""

from xml.etree import ElementTree

from flask import Flask, Response, request

TYPES = "{http://schemas.microsoft.com/exchange/services/2006/types}"
OK = """<?xml version="1.0" encoding="utf-8"?>
<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>
<SendNotificationResult xmlns="http://schemas.microsoft.com/exchange/services/2006/messages">
<SubscriptionStatus>OK</SubscriptionStatus>
</SendNotificationResult></soap:Body></soap:Envelope>"""

app = Flask(__name__)
new_mail: list[str] = []  # the ids of the items


@app.post("/push")
def push() -> Response:
    notification = ElementTree.fromstring(request.get_data())
    for event in notification.iter(f"{TYPES}NewMailEvent"):
        item_id = event.find(f"{TYPES}ItemId").attrib["Id"]
        if item_id not in new_mail:  # an event comes again if an acknowledgement was lost
            new_mail.append(item_id)
    return Response(OK, content_type="text/xml; charset=utf-8")
