"""Sends what is due to the clients' push responders."""
