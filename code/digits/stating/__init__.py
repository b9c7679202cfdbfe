"""What the report states: numbers, words, and where they come from.

`inline` writes numbers into sentences, `claims` words that stand only while
numbers bear them out. What these numbers are made of was noted when it was
asked for (`experiments.findings`); `sources` says it to the reader.
"""
