"""The XML namespaces of SOAP, EWS and our own service."""

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
TYPES = "http://schemas.microsoft.com/exchange/services/2006/types"
MESSAGES = "http://schemas.microsoft.com/exchange/services/2006/messages"
ERRORS = "http://schemas.microsoft.com/exchange/services/2006/errors"
MAILBOXES = "urn:ewspush:mailboxes:1"  # the management service; another number breaks clients
