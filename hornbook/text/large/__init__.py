"""A corpus that is too large to hold: read in pieces, its tokens in files that are mapped.

source ── reading ──> pieces of text ── survey ──> vocabulary, size, hash      first pass
                                    └── encoding ─> store ──> mapped streams   second pass
"""
