"""The mailbox management service: SOAP for administrators."""
