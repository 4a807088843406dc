"""What a stage can be told: each part checks itself when it is made. `infra/config.py` has the stages."""
