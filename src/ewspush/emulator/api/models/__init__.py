"""What the control API is given and tells: the descriptions of its schemas are made from these."""
