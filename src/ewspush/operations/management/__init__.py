"""Managing organizations, domains, users and mailboxes, for administrators and the command line.

Every operation is a function of a `Management` and an `Actor`, and raises ManagementError.
"""
