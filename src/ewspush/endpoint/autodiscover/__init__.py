"""Autodiscover: how clients find out where their mailbox is. SOAP and POX (plain old XML)."""
