"""``make bench-batch``: a catalogue that goes on through a killed cloud and a canceled round, and what of it is lost or painted twice."""
