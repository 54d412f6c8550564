"""The door for phones: a socket of this machine between the reader, which binds it, and the web server, which phones reach.

Owns: what phones may send and what it may cost, how both processes know each other, and how a phone's pictures are pulled.  Does
not own what becomes of the pictures (sources, running), nor the phones' web socket (web).
"""
