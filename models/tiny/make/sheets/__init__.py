"""Draws the contact sheets of docs/sheets: what each tiny model gets, what it makes of it, and the words: `make sheets`."""
