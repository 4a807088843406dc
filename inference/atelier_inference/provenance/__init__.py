"""What pictures say of where they come from: facts, an XMP packet, a signed C2PA manifest. ADR 40."""
