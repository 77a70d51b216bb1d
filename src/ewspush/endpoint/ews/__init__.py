"""The EWS operations as SOAP clients see them: types of Spyne, and services that translate."""
