"""What readers say: comments, likes, reports, and who keeps order."""
