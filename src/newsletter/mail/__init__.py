"""Bytes on the wire: headers, envelopes, the conversation with a relay, and the catcher for trying out."""
