"""Runs a function of the user's code for a proof; see run.py beside this folder."""
