"""What field recorders write into their recordings: the time of the first frame, who recorded, and quiet in code."""
