"""The operations on subscriptions, and those that fetch their events."""
