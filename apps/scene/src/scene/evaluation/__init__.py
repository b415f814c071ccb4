"""Figures about models: reconstruction, prompt adherence by a judge, memorisation."""
