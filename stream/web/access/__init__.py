"""How browsers on other machines get in: certificates, and devices that were paired.

Owns: the own authority and the certificates, the codes and cookies of devices, the page that tells a phone how to trust the
authority, and the limits on connections.  May import the feed's files of keys (feed), for how secrets lie on a disk, and the
addresses (admission).  Does not own what is served (server).
"""
