"""MP3 and Ogg, where libsndfile takes the first recording for the whole or guesses its length: walked and checked."""
