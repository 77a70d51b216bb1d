from base64 import b64decode

from ewspush.wire import change_key


def test_each_change_has_its_own_change_key():
    keys = [change_key.encode(change) for change in (0, 1, 2, 255, 256, 2**63)]
    assert len(set(keys)) == len(keys)
    assert all(len(b64decode(key, validate=True)) == 9 for key in keys)
