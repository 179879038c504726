"""Sentences with their wishes, drawn for training from the phrases that stand beside this folder."""
