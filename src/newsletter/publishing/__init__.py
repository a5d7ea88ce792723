"""What is said: the publication, its posts, and the campaigns that mail them."""
