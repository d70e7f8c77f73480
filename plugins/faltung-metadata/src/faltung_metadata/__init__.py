"""What files tell besides their sound, texts, pictures and marks: read, moved with the sound, carried along."""
