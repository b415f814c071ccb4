"""The other picture tokenizer: a tree of whole patches, learned by counting."""

from scene.patches.tree import PatchTree

__all__ = ["PatchTree"]
