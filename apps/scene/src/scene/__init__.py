"""Text to VGA-era pixel-art backgrounds in MLX: scenes, tokenizer, transformer, commands."""
