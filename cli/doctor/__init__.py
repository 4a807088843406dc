"""``atelier doctor``: what an account, this machine and AWS's limits lack before a stage can be deployed and used."""
