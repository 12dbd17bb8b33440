"""A hash of the code, under which is kept what that code has made."""

import sys
from functools import cache
from hashlib import sha256
from pathlib import Path

_PACKAGE = Path(__file__).parents[1]


@cache
def hash_code(*folders: str) -> str:
    """Return a hash of this package's code, of the version of Python and of installed libraries.

    Where folders are given, such as ``survey/reading``, only their own files count.
    """
    # The name of such a folder holds the version of a library.
    libraries = sorted(one.name for place in sys.path for one in Path(place).glob("*.dist-info"))
    found = [one for name in folders for one in (_PACKAGE / name).iterdir()]
    total = sha256(repr((sys.version, libraries)).encode())
    for path in sorted(found or _PACKAGE.rglob("*")):
        if path.is_file() and path.parent.name != "__pycache__":
            name, known = path.relative_to(_PACKAGE).as_posix(), sha256(path.read_bytes())
            total.update(f"{name}\0{known.hexdigest()}\0".encode())
    return total.hexdigest()
