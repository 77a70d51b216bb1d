"""`python -m ewspush`."""

from ewspush.cli import main

main()
