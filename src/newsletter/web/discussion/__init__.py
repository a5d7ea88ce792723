"""What readers say below a post: reading it, joining in, liking, reporting."""
