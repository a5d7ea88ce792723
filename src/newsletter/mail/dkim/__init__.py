"""Signatures by which receivers know our letters for ours (DKIM: RFC 6376, 8301, 8463)."""
