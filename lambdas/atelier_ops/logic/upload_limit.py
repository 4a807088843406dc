"""Which uploads are larger than anything of ours reads: whoever has an API key could store them without end."""

from atelier_ops.gateways.storage import ObjectStore
from contracts.corpus import VOCABULARY
from contracts.dataset_files import FOLDERS
from contracts.layout import dataset_prefix
from contracts.requests import LARGEST_UPLOAD


def is_too_large(key: str, size: int, store: ObjectStore) -> bool:
    """Whether the object is too large and lies where ``POST /v1/files`` lets a file be put.

    A corpus for pretraining lies among the datasets too, put there with rights in the account; its captions may be that large.
    """
    if size <= LARGEST_UPLOAD:
        return False
    kind, _, rest = key.partition("/")
    if kind == "uploads":
        return True
    name, _, file = rest.partition("/")
    folder, slash, _ = file.rpartition("/")
    return f"{folder}{slash}" in FOLDERS and store.uploaded(dataset_prefix(name) + VOCABULARY) is None
