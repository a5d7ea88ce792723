"""Pure rules of the newsletter: values in, decisions out; no input, no output, no clock."""
