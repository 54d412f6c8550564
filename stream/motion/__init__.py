"""How the picture and what is in it moved: corners, the camera, what moves by itself.  Imports geometry and records."""
