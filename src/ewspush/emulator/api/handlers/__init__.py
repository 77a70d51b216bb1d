"""What the control API does, a module for each kind of thing."""
