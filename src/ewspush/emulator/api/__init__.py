"""The control API of the emulator: JSON over HTTP under /emulator/."""
