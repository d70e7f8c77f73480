"""What files tell besides their sound, texts, pictures and marks: read from one container, carried into another."""
