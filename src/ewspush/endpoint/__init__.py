"""Where EWS clients ask: HTTP, authentication, SOAP."""
