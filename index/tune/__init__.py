"""Teaches what ships: three kinds of layers, the gate's head, the scale of scores. Run by hand, hours apart.

    python -m index.tune gate               tells kinds of messages apart
    python -m index.tune questions DATA     brings a question near the passage that answers it
    python -m index.tune cross              tells a passage that answers from one of the same subject
    python -m index.tune head               what reads a label out of what the gate's layers and the vector say
    python -m index.tune asks               the asks' vectors, once the layers are made
    python -m index.tune scale SOURCES      fits the scale and chooses the threshold (scale.py)

Each writes its weights with a report beside them: settings, seed, sources and their digest. DATA is the folder of the public
sets named in questions.py; only the weights learned from them ship.
"""
