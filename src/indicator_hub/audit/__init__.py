"""What can be proved afterwards: events as values. Pure; checking a proof needs nothing else."""
