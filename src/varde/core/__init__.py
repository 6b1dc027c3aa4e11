"""The nouns and rules of Varde: standard library only, imported by everything, importing nothing of ours."""
