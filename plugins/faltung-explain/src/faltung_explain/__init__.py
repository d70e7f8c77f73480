"""The flip seen and heard: figures, an animation, a page and sounds, and the checks and claims around them."""
