"""What the site tells machines: feeds, maps of it, cards, and what stands in the heads of its pages."""
