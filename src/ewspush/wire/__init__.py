"""Bytes to values and back: envelopes, acknowledgements, ids, faults. No I/O."""
