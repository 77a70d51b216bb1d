"""The order of a tree of folders."""

from random import Random

from ewspush.operations.folders.tree import in_tree_order
from ewspush.store.folders import Folder


def folder(number: int, parent: int, name: str = "x") -> Folder:
    return Folder(number, parent, None, name, None, 0, 0, 0, number)


def test_folders_are_found_however_deep_they_lie() -> None:
    chain = [folder(number, number - 1) for number in range(1, 5000)]
    assert in_tree_order(reversed(chain), 0) == chain


def test_each_folder_is_before_those_in_it_and_siblings_are_in_the_order_of_their_names() -> None:
    ordered = [
        folder(2, 1, "a"),
        folder(9, 2, "B"),
        folder(3, 2, "c"),
        folder(4, 3, "A"),
        folder(5, 1, "B"),
        folder(6, 1, "b"),  # by number where names are the same
    ]
    elsewhere = [folder(7, 8), folder(8, 100)]
    for seed in range(10):
        some = [*ordered, *elsewhere]
        Random(seed).shuffle(some)
        assert in_tree_order(some, 1) == ordered
