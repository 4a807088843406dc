"""``python -m docs.diagram``: draw stage ``prod``."""

from docs.diagram.svg import FILE, picture
from docs.prod import assembly

if __name__ == "__main__":
    FILE.write_text(picture(assembly()), encoding="utf-8")
