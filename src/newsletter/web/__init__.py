"""The door of HTTP: the reading site, the studio, health checks, and the catcher's inbox."""
